import { posix } from 'node:path';
import type * as z from 'zod/mini';
import { InvalidFileError, type Problem } from '../system/errors.js';
import { nameProblem } from '../system/files/path-names.js';
import { byLine, checkShape, misspelt, type UnknownKey } from '../system/yaml/schema.js';
import { unknownTags } from '../system/yaml/problems.js';
import { parseYaml, quote, scalarText, type YamlFile } from '../system/yaml/yaml.js';
import { jobItem, nameItem, podItem, stackShape } from './schema.js';

/** A compose file of a stack, from either notation of pods. */
export interface PodFile {
  name: string;
  /** `[host/]org/repo` without `@ref`; undefined for a pod of the stack itself. */
  repository?: string;
  /** The text after `@` in the repository: a branch, tag or commit. */
  ref?: string;
  /** Folder inside the repository, `.` for its root; for a pod of the stack itself the name of its compose file. */
  path: string;
  /** Scripts on the host, relative to the pod's folder. */
  preStartCommand?: string;
  postStartCommand?: string;
}

/** A value that one running container passes to another after start. */
export interface ConfigTransfer {
  service: string;
  variable: string;
  fromService: string;
  fromVariable: string;
}

/** A validated `stack.yml`. Null and missing sections are empty. */
export interface Stack {
  readonly yaml: YamlFile;
  readonly name?: string;
  readonly description?: string;
  readonly version?: string;
  readonly repos: readonly string[];
  readonly containers: readonly string[];
  readonly npms: readonly string[];
  readonly pods: readonly PodFile[];
  readonly jobs: readonly string[];
  readonly transfers: readonly ConfigTransfer[];
  /** `hooks.start.compose`: Python start hooks also run on Docker Compose. */
  readonly startHooksOnCompose: boolean;
  /** Unknown keys: never an error. */
  readonly warnings: readonly Problem[];
}

/**
 * Parses a `stack.yml`. Both notations of pods may be mixed.
 * @param text the file's text
 * @param file its name for messages
 * @throws InvalidFileError with every problem of the file, and misspelt keys, which may be the cause
 */
export function parseStack(text: string, file: string): Stack {
  const yaml = parseYaml(text, file);
  if (yaml.value === null) throw new InvalidFileError([{ file, message: 'is empty: a stack names at least its pods' }]);
  const findings: Findings = { problems: unknownTags(yaml), unknown: [] };
  const shape = collect(findings, checkShape(yaml, stackShape));
  const pods = itemsOf(yaml, 'pods').flatMap((item, index) => readPod(yaml, item, index, findings));
  const jobs = itemsOf(yaml, 'jobs').flatMap((item, index) => readJob(yaml, item, index, findings));
  findings.problems.push(...repeated(yaml, 'pods', pods), ...repeated(yaml, 'jobs', jobs));
  const warnings = byLine(findings.unknown.map((key) => key.problem));
  if (shape === undefined || findings.problems.length > 0) {
    throw new InvalidFileError(byLine([...findings.problems, ...misspelt(findings.unknown)]));
  }

  return {
    yaml,
    ...remark(yaml, 'name'),
    ...remark(yaml, 'description'),
    ...remark(yaml, 'version'),
    repos: shape.repos ?? [],
    containers: shape.containers ?? [],
    npms: shape.npms ?? [],
    pods: pods.map(({ item }) => item),
    jobs: jobs.map(({ name }) => name),
    transfers: Object.entries(shape.config ?? {}).flatMap(([service, variables]) =>
      Object.entries(variables ?? {}).map(([variable, source]) => toTransfer(service, variable, source)),
    ),
    startHooksOnCompose: shape.hooks?.start?.compose ?? false,
    warnings,
  };
}

interface Findings {
  problems: Problem[];
  unknown: UnknownKey[];
}

interface Named {
  name: string;
  /** Index in its list. */
  index: number;
}

function collect<T>(
  findings: Findings,
  checked: { value?: T; problems: Problem[]; unknown: UnknownKey[] },
): T | undefined {
  findings.problems.push(...checked.problems);
  findings.unknown.push(...checked.unknown);
  return checked.value;
}

function itemsOf(yaml: YamlFile, key: 'pods' | 'jobs'): unknown[] {
  const section = (yaml.value as Record<string, unknown>)[key];
  return Array.isArray(section) ? section : [];
}

function readPod(yaml: YamlFile, item: unknown, index: number, findings: Findings): (Named & { item: PodFile })[] {
  const at = ['pods', index];
  if (typeof item === 'string') {
    const name = collect(findings, checkShape(yaml, nameItem, { at }));
    return name === undefined ? [] : [{ name, index, item: { name, path: name } }];
  }
  const shape = collect(findings, checkShape(yaml, podItem, { at }));
  if (shape === undefined) return [];
  const problems = podProblems(shape).map(([key, message]) => yaml.problem([...at, key], message));
  findings.problems.push(...problems);
  return problems.length > 0 ? [] : [{ name: shape.name, index, item: toPod(shape) }];
}

type PodShape = z.output<typeof podItem>;

/** Problems between the keys of a pod: with a repository it needs a folder, without one it cannot have scripts. */
function podProblems(shape: PodShape): [key: string, message: string][] {
  if (!isInternal(shape)) {
    return shape.path ? [] : [['path', 'is missing: it must be a folder of the repository, "." for its root']];
  }
  const problems: [string, string][] = [];
  const wrong = nameProblem(shape.path ?? shape.name);
  if (wrong !== undefined) problems.push(['path', `without a repository it names a compose file, but ${wrong}`]);
  for (const key of ['pre_start_command', 'post_start_command'] as const) {
    if (shape[key]) problems.push([key, 'only a pod with a repository has scripts']);
  }
  return problems;
}

function isInternal(shape: PodShape): boolean {
  return !shape.repository || shape.repository === 'internal';
}

function toPod(shape: PodShape): PodFile {
  const { name, pre_start_command: before, post_start_command: after } = shape;
  if (isInternal(shape)) return { name, path: shape.path ?? name };
  const [repository = '', ...refs] = (shape.repository ?? '').split('@');
  const ref = refs.at(-1);
  return {
    name,
    repository,
    ref,
    path: plainPath(shape.path ?? '.'),
    ...(before ? { preStartCommand: plainPath(before) } : {}),
    ...(after ? { postStartCommand: plainPath(after) } : {}),
  };
}

/** Normalises `./gitea/` to `gitea`. */
function plainPath(path: string): string {
  return posix.normalize(path).replace(/(?<=.)\/$/, '');
}

function readJob(yaml: YamlFile, item: unknown, index: number, findings: Findings): Named[] {
  const at = ['jobs', index];
  const name =
    typeof item === 'string'
      ? collect(findings, checkShape(yaml, nameItem, { at }))
      : collect(findings, checkShape(yaml, jobItem, { at }))?.name;
  return name === undefined ? [] : [{ name, index }];
}

function repeated(yaml: YamlFile, key: 'pods' | 'jobs', items: readonly Named[]): Problem[] {
  const first = new Map<string, number>();
  return items.flatMap(({ name, index }) => {
    const before = first.get(name);
    if (before === undefined) {
      first.set(name, index);
      return [];
    }
    const line = yaml.lineOf([key, before]);
    return [yaml.problem([key, index], `${quote(name)} is here a second time, first on line ${line ?? '?'}`)];
  });
}

function remark(yaml: YamlFile, key: 'name' | 'description' | 'version'): Record<string, string> {
  const text = scalarText(yaml, [key]);
  return text === undefined || text === '' ? {} : { [key]: text };
}

function toTransfer(service: string, variable: string, source: string): ConfigTransfer {
  const dot = source.lastIndexOf('.');
  return { service, variable, fromService: source.slice(0, dot), fromVariable: source.slice(dot + 1) };
}
