import { dirname, isAbsolute, join, normalize, resolve } from 'node:path';
import { type ComposeFile, type ComposeService, parseComposeFile } from '../compose/file.js';
import { extensionOf, type FileReference, referencesOf } from '../compose/references.js';
import type { StackAssets } from '../stack/assets.js';
import type { Stack } from '../stack/parse.js';
import type { Problem } from '../system/errors.js';
import { readText } from '../system/files.js';
import { expandHome } from '../system/path-names.js';
import { type FileReader, hostReader } from './files.js';

/** A compose file of a pod or job, or one that such a file takes something from. */
export interface ReadComposeFile {
  /** Where it stands in the deployment directory, relative to it; absolute for a file that is used where it is. */
  path: string;
  /**
   * `pod` and `job`: of the stack itself; else how other files take it in: all of it, or only services that are
   * extended.
   */
  role: 'pod' | 'job' | 'include' | 'extends';
  /** The pod's or job's name: its config directory is called the same. */
  owner: string;
  file: ComposeFile;
  /**
   * The directory in which its relative paths start: in the deployment directory, relative to that, and where it was
   * read.
   */
  base: string;
  sourceBase: string;
}

/** An env file that an `include` names, or that stands beside what it includes: Compose reads it at start. */
export interface VariablesFile {
  path: string;
  source: string;
}

export interface ComposeFiles {
  /** Pods, jobs, then what they include and extend, each once. */
  files: ReadComposeFile[];
  variables: VariablesFile[];
  /** Files that will not be where Compose looks for them: it refuses the whole project then. */
  missing: Problem[];
  /** Files that are known at start only. */
  unknown: Problem[];
}

/** A service that containers are made from, or a part of one: `read` is the file that it stands in. */
export interface UsedService {
  read: ReadComposeFile;
  service: ComposeService;
}

/** Finds the file that will stand at a path of the deployment directory; undefined when there is none. */
type Locate = (path: string, beside: string) => Promise<string | undefined>;

/** Folders of a deployment directory into which files of the stack go. */
export const shippedFolders = /^(?:compose|compose-jobs|config\/[^/]+)\/./;

/** Those of them that hold compose files, and what stands beside these. */
export const besideFolders = /^(?:compose|compose-jobs)\/./;

/**
 * The compose files of a stack's pods, then of those of its jobs that have one, then what these include and extend:
 * Compose follows both, so a deployment is not whole without them.
 * @throws InvalidFileError, LaconicError for files that cannot be read
 */
export async function readComposeFiles(stack: Stack, assets: StackAssets): Promise<ComposeFiles> {
  const read = async (source: string, path: string, role: 'pod' | 'job', owner: string): Promise<ReadComposeFile> => ({
    path,
    role,
    owner,
    file: parseComposeFile(await readText(source), source),
    base: dirname(path),
    sourceBase: dirname(source),
  });
  const own: ReadComposeFile[] = [];
  for (const pod of stack.pods) own.push(await read(await assets.podFile(pod), podPath(pod.name), 'pod', pod.name));
  for (const job of stack.jobs) {
    const source = await assets.jobFile(job);
    if (source !== undefined) own.push(await read(source, jobPath(job), 'job', job));
  }
  return followReferences(own, async (path, beside) => {
    const [top, name, ...rest] = path.split('/');
    if (top !== 'config' || name === undefined) return beside;
    const found = await assets.configDirectory(name);
    return found && join(found.path, ...rest);
  });
}

/** The same files as they stand in a deployment directory, or will stand there; those that are missing are left out. */
export async function readDeployedFiles(
  root: string,
  paths: readonly string[],
  reader: FileReader = hostReader,
): Promise<ComposeFiles> {
  const own: ReadComposeFile[] = [];
  for (const path of paths) {
    const source = join(root, path);
    if ((await reader.kind(source)) !== 'file') continue;
    const file = parseComposeFile((await reader.text(source)) ?? '', source);
    const role = dirname(path) === 'compose-jobs' ? 'job' : 'pod';
    own.push({ path, role, owner: path, file, base: dirname(path), sourceBase: dirname(source) });
  }
  return followReferences(own, async (path) => join(root, path), reader);
}

/** The services that these files define: those of files that are only extended are not among them. */
export function serviceNames(files: readonly ReadComposeFile[]): Set<string> {
  return new Set(files.filter(({ role }) => role !== 'extends').flatMap(({ file }) => [...file.services.keys()]));
}

/** Where the compose file of a pod of the stack goes in the deployment directory. */
export function podPath(pod: string): string {
  return join('compose', `docker-compose-${pod}.yml`);
}

/** Where the compose file of a job goes. */
export function jobPath(job: string): string {
  return join('compose-jobs', `docker-compose-${job}.yml`);
}

async function followReferences(
  own: readonly ReadComposeFile[],
  locate: Locate,
  reader: FileReader = hostReader,
): Promise<ComposeFiles> {
  const found: ComposeFiles = { files: [...own], variables: [], missing: [], unknown: [] };
  const sources = new Map(own.map((read) => [read.path, read.file.yaml.file]));
  // The list grows while it is walked: what an included file includes is followed too.
  for (const read of found.files) {
    for (const reference of referencesOf(read.file)) {
      const missing = (message: string): void => {
        found.missing.push(read.file.yaml.problem(reference.key, message));
      };
      const path = placeOf(read, reference.path);
      if (path === undefined) {
        found.unknown.push(read.file.yaml.problem(reference.key, unknownFile(reference.path)));
        continue;
      }
      if (!isAbsolute(path) && !shippedFolders.test(path)) {
        missing(
          `${reference.path} will not be in the deployment directory, which only has files of compose/, compose-jobs/ and config/<name>/: move it there`,
        );
        continue;
      }
      const source = isAbsolute(path) ? path : await locate(path, resolve(read.sourceBase, reference.path));
      if (source === undefined || (await reader.kind(source)) !== 'file') {
        missing(`there is no file ${source ?? path}, and Compose needs it`);
        continue;
      }
      const known = sources.get(path);
      if (known !== undefined && known !== source && (await reader.text(known)) !== (await reader.text(source))) {
        missing(twoFiles(known, source, path));
        continue;
      }
      await takeIn(found, read, reference, { path, source }, known !== undefined, reader);
      sources.set(path, source);
    }
  }
  return found;
}

async function takeIn(
  found: ComposeFiles,
  by: ReadComposeFile,
  reference: FileReference,
  place: VariablesFile,
  known: boolean,
  reader: FileReader,
): Promise<void> {
  if (reference.kind === 'variables') {
    if (!known) found.variables.push(place);
    return;
  }
  if (known) {
    const before = found.files.find((read) => read.path === place.path);
    if (before?.role === 'extends' && reference.kind === 'include') before.role = 'include';
    return;
  }
  const { path, source } = place;
  const directory = reference.kind === 'include' ? reference.projectDirectory : undefined;
  const read: ReadComposeFile = {
    path,
    role: reference.kind,
    owner: by.owner,
    file: parseComposeFile((await reader.text(source)) ?? '', source),
    base: directory === undefined ? dirname(path) : (placeOf(by, directory) ?? dirname(path)),
    sourceBase: directory === undefined ? dirname(source) : resolve(by.sourceBase, directory),
  };
  found.files.push(read);
  if (reference.kind === 'extends' || isAbsolute(path)) return;
  const variables = { path: join(read.base, '.env'), source: join(read.sourceBase, '.env') };
  if (shippedFolders.test(variables.path) && (await reader.kind(variables.source)) === 'file')
    found.variables.push(variables);
}

/**
 * Where in the deployment directory a path of this file leads; absolute where it does; undefined when nobody knows
 * before the start.
 */
export function placeOf(read: ReadComposeFile, path: string): string | undefined {
  if (path.includes('$') || /^[a-z][a-z\d+.-]*:/i.test(path)) return undefined;
  const expanded = expandHome(path);
  return isAbsolute(expanded) ? normalize(expanded) : normalize(join(read.base, expanded));
}

/** What to say of two files that differ and have one place in the deployment directory. */
export function twoFiles(one: string, other: string, place: string): string {
  return `${one} and ${other} are two files, and both would be ${place} in the deployment directory: rename one`;
}

function unknownFile(path: string): string {
  return `${path} is known at start only: what it needs is not copied, and the names it mentions are not looked at`;
}

/** Every service of the project's files, and behind each the services that it extends. */
export function usedServices(files: readonly ReadComposeFile[]): UsedService[] {
  const used = new Map<string, UsedService>();
  const add = (read: ReadComposeFile, name: string): void => {
    const service = read.file.services.get(name);
    const key = JSON.stringify([read.path, name]);
    if (service === undefined || used.has(key)) return;
    used.set(key, { read, service });
    for (const one of inheritedBy(files, read, name)) add(one.read, one.service.name);
  };
  for (const read of files) {
    if (read.role === 'extends') continue;
    for (const name of read.file.services.keys()) add(read, name);
  }
  return [...used.values()];
}

/** The service that this one extends, if it is known. */
function extendedBy(files: readonly ReadComposeFile[], read: ReadComposeFile, name: string): UsedService | undefined {
  const extended = extensionOf(read.file, name);
  if (extended === undefined) return undefined;
  const path = extended.path === undefined ? read.path : placeOf(read, extended.path);
  const other = files.find((candidate) => candidate.path === path);
  const service = other?.file.services.get(extended.service);
  return other === undefined || service === undefined ? undefined : { read: other, service };
}

/** What a service extends, and what that extends, and so on; the nearest first. */
export function inheritedBy(files: readonly ReadComposeFile[], read: ReadComposeFile, name: string): UsedService[] {
  const line: UsedService[] = [];
  for (let at = extendedBy(files, read, name); at !== undefined; at = extendedBy(files, at.read, at.service.name)) {
    const { service } = at;
    // A service that extends itself is for Compose to refuse.
    if (line.some((one) => one.service === service)) break;
    line.push(at);
  }
  return line;
}
