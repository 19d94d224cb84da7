import { dirname, isAbsolute, join, normalize, resolve } from 'node:path';
import { type ComposeFile, type ComposeService, parseComposeFile } from '../../compose/document/file.js';
import { extensionOf, type FileReference, referencesOf } from '../../compose/document/references.js';
import type { StackAssets } from '../../stack/assets.js';
import type { Stack } from '../../stack/parse.js';
import type { Problem } from '../../system/errors.js';
import { readText } from '../../system/files/files.js';
import { expandHome } from '../../system/files/path-names.js';
import { mapOf } from '../../system/plain-map.js';
import { type FileReader, hostReader } from '../directory/files.js';

/** A compose file of a pod or job, or one that it includes or extends. */
export interface ReadComposeFile {
  /** Path relative to the deployment directory; absolute for a file outside of it. */
  path: string;
  /**
   * `pod` and `job`: of the stack itself; else how other files use it: completely, or only for services that they
   * extend.
   */
  role: 'pod' | 'job' | 'include' | 'extends';
  /** Name of the pod or job, and of its config directory. */
  owner: string;
  file: ComposeFile;
  /**
   * The directory where its relative paths start: `base` relative to the deployment directory, `sourceBase` where it
   * was read.
   */
  base: string;
  sourceBase: string;
}

/** An env file that an `include` names, or a `.env` beside an included file: Compose reads it at start. */
export interface VariablesFile {
  path: string;
  source: string;
}

export interface ComposeFiles {
  /** Pods, jobs, then the files they include and extend, each once. */
  files: ReadComposeFile[];
  variables: VariablesFile[];
  /** References to files that Compose will not find: it then refuses the whole project. */
  missing: Problem[];
  /** References that are known only at start. */
  unknown: Problem[];
}

/** A service, or a service that it extends, with the file that defines it. */
export interface UsedService {
  read: ReadComposeFile;
  service: ComposeService;
}

/** Returns the source of a path in the deployment directory; undefined if there is none. */
type Locate = (path: string, beside: string) => Promise<string | undefined>;

/** Folders of a deployment directory that receive files of the stack. */
export const shippedFolders = /^(?:compose|compose-jobs|config\/[^/]+)\/./;

/** Those of them that hold compose files and the files beside them. */
export const besideFolders = /^(?:compose|compose-jobs)\/./;

/**
 * Reads the compose files of a stack's pods and jobs, then the files they include and extend: Compose follows both, so
 * a deployment is not complete without them.
 * @throws InvalidFileError; LaconicError for files that cannot be read
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

/** Reads the same files in a deployment directory, as they are or will be there; missing ones are left out. */
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

/** The services that these files define, without those of files that are only extended. */
export function serviceNames(files: readonly ReadComposeFile[]): Set<string> {
  return new Set(files.filter(({ role }) => role !== 'extends').flatMap(({ file }) => [...file.services.keys()]));
}

/** The path of a pod's compose file in the deployment directory. */
export function podPath(pod: string): string {
  return join('compose', `docker-compose-${pod}.yml`);
}

/** The path of a job's compose file in the deployment directory. */
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
  // The list grows during the iteration: includes of included files are followed too.
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
          `${reference.path} will not be in the deployment directory, which only contains files of compose/, compose-jobs/ and config/<name>/: move it there`,
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
 * Resolves a path of this file, relative to the deployment directory if possible, else absolute; undefined if it is
 * known only at start.
 */
export function placeOf(read: ReadComposeFile, path: string): string | undefined {
  if (path.includes('$') || /^[a-z][a-z\d+.-]*:/i.test(path)) return undefined;
  const expanded = expandHome(path);
  return isAbsolute(expanded) ? normalize(expanded) : normalize(join(read.base, expanded));
}

/** The message for two different files with the same path in the deployment directory. */
export function twoFiles(one: string, other: string, place: string): string {
  return `${one} and ${other} are two files, and both would become ${place} in the deployment directory: rename one`;
}

function unknownFile(path: string): string {
  return `${path} is known at start only: the files it needs are not copied, and the variables it mentions are not checked`;
}

/** All services of the project's files, each followed by the services that it extends. */
export function usedServices(files: readonly ReadComposeFile[]): UsedService[] {
  const used = files
    .filter(({ role }) => role !== 'extends')
    .flatMap((read) => [...read.file.services.keys()].flatMap((name) => lineOf(files, read, name)));
  return [...new Map(used.map((one) => [one.service, one])).values()];
}

/** A service, followed by the services that it extends, nearest first. */
export function lineOf(files: readonly ReadComposeFile[], read: ReadComposeFile, name: string): UsedService[] {
  const line: UsedService[] = [];
  for (let at = serviceIn(read, name); at !== undefined; at = extendedBy(files, at)) {
    const { service } = at;
    // Compose itself refuses a service that extends itself.
    if (line.some((one) => one.service === service)) break;
    line.push(at);
  }
  return line;
}

/** The service that this one extends, if it is known. */
function extendedBy(files: readonly ReadComposeFile[], { read, service }: UsedService): UsedService | undefined {
  const extended = extensionOf(read.file, service.name);
  if (extended === undefined) return undefined;
  const path = extended.path === undefined ? read.path : placeOf(read, extended.path);
  const other = files.find((candidate) => candidate.path === path);
  return other && serviceIn(other, extended.service);
}

function serviceIn(read: ReadComposeFile, name: string): UsedService | undefined {
  const service = read.file.services.get(name);
  return service && { read, service };
}

/** The definition of a service, as written. */
export function definitionOf({ read, service }: UsedService): unknown {
  return mapOf(mapOf(read.file.yaml.value).services)[service.name];
}
