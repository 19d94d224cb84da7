import { join } from 'node:path';
import { compareServices, type ServiceChanges, type ServicePrint } from '../../compose/fingerprint.js';
import { parseEnvFile } from '../../spec/environment.js';
import { InvalidFileError } from '../../system/errors.js';
import { readTextIfAny } from '../../system/files/files.js';
import { filesOfTree, readerOf } from '../directory/files.js';
import type { Deployment } from '../access/open.js';
import { servicePrints } from './service-fingerprints.js';
import { contentOf, type GeneratedFile } from '../directory/tree.js';

/** The effect of new values: which services are recreated, and which variables change for each. */
export interface PlannedEnvironment extends ServiceChanges {
  variables: ReadonlyMap<string, readonly string[]>;
}

/** Sorted names of variables that are added, changed or removed. Values are never shown. */
export interface VariableChanges {
  added: string[];
  changed: string[];
  removed: string[];
}

/** Compares two sets of variables. */
export function compareVariables(
  before: ReadonlyMap<string, string>,
  after: ReadonlyMap<string, string>,
): VariableChanges {
  return {
    added: [...after.keys()].filter((name) => !before.has(name)).sort(),
    changed: [...after]
      .flatMap(([name, value]) => (before.has(name) && before.get(name) !== value ? [name] : []))
      .sort(),
    removed: [...before.keys()].filter((name) => !after.has(name)).sort(),
  };
}

/**
 * Describes how a file of variables about to be written differs from the present one: its path and the names.
 * @param edited whether it was edited in the directory
 */
export async function replacementLine(root: string, file: GeneratedFile, edited: boolean): Promise<string> {
  const { added, changed, removed } = await changesOf(root, [file]);
  const names = [
    ...changed.map((name) => `${name} changes`),
    ...added.map((name) => `${name} is new`),
    ...removed.map((name) => `${name} is removed`),
  ];
  const mark = edited ? ' (edited in this directory)' : '';
  return `${file.path}${mark}${names.length === 0 ? '' : `: ${names.join(', ')}`}`;
}

/**
 * Determines what `files` (`config.env` and `secrets.env`) would change for the services, from the directory alone.
 * @returns undefined if the compose files do not allow it
 */
export async function plannedEnvironment(
  { layout, stack }: Deployment,
  files: readonly GeneratedFile[],
  env: NodeJS.ProcessEnv,
): Promise<PlannedEnvironment | undefined> {
  const before = await servicePrints(layout, stack, env);
  const after = await servicePrints(layout, stack, env, readerOf(layout.root, filesOfTree(layout.root, files)));
  if (before === undefined || after === undefined) return undefined;
  const services = compareServices(before, after);
  const { added, changed, removed } = await changesOf(layout.root, files);
  const names = [...added, ...changed, ...removed].sort();
  return { ...services, variables: variablesOf(services.recreated, { before, after }, names) };
}

/** The changed variables that each service uses; none for a service that is only recreated with another one. */
function variablesOf(
  services: readonly string[],
  { before, after }: Record<'before' | 'after', ReadonlyMap<string, ServicePrint>>,
  changed: readonly string[],
): Map<string, string[]> {
  return new Map(
    services.map((service) => {
      const [was, is] = [before.get(service), after.get(service)];
      return [service, was?.text === is?.text ? [] : changed.filter((name) => is?.variables.has(name))];
    }),
  );
}

async function changesOf(root: string, files: readonly GeneratedFile[]): Promise<VariableChanges> {
  const before = new Map<string, string>();
  const after = new Map<string, string>();
  for (const file of files) {
    const now = await readTextIfAny(join(root, file.path));
    addVariables(before, now ?? '', file.path);
    addVariables(after, (await contentOf(file)).toString('utf8'), file.path);
  }
  return compareVariables(before, after);
}

/** A file that Compose cannot read, as after an edit, sets nothing. */
function addVariables(variables: Map<string, string>, text: string, path: string): void {
  try {
    for (const [name, value] of parseEnvFile(text, path)) variables.set(name, value);
  } catch (error) {
    if (!(error instanceof InvalidFileError)) throw error;
  }
}
