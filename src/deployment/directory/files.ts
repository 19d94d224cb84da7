import type { Stats } from 'node:fs';
import { readdir, readFile, stat } from 'node:fs/promises';
import { dirname, isAbsolute, normalize, relative, resolve } from 'node:path';
import { errorCode, errorMessage, LaconicError } from '../../system/errors.js';
import { kindOf, readTextIfAny, sha256 } from '../../system/files/files.js';
import { isBelow } from '../../system/files/path-names.js';
import { currentChecksum } from './manifest.js';
import { contentOf, type GeneratedFile } from './tree.js';

/**
 * The files of a deployment directory, on disk or about to be written: create checks them the same way as start reads
 * them. Paths are relative to the directory; absolute ones are read from the host.
 */
export interface DeploymentFiles {
  /** What is at a path, following links; undefined if nothing. */
  kind: (path: string) => Promise<'file' | 'directory' | 'other' | undefined>;
  /** The content of a file; undefined if it does not exist. */
  read: (path: string) => Promise<Buffer | undefined>;
  /** Size of a file in bytes, without reading it; undefined if it does not exist. */
  size: (path: string) => Promise<number | undefined>;
  /** Permission bits of a file; undefined if it does not exist. */
  mode: (path: string) => Promise<number | undefined>;
  /** Sorted names in a directory; undefined if it does not exist. */
  list: (path: string) => Promise<string[] | undefined>;
}

/** The files on disk of the directory at `root` (absolute). */
export function filesOnDisk(root: string): DeploymentFiles {
  const at = (path: string): string => resolve(root, path);
  return {
    kind: async (path) => kindOf(at(path)),
    read: async (path) => readIfAny(at(path)),
    size: async (path) => (await statIfAny(at(path)))?.size,
    mode: async (path) => modeOf(await statIfAny(at(path))),
    list: async (path) => ((await kindOf(at(path))) === 'directory' ? (await readdir(at(path))).sort() : undefined),
  };
}

/**
 * The files of a directory that will contain `generated` in addition to the present content of `root`, which an update
 * keeps.
 * @param root absolute; need not exist
 * @param directories directories that exist even if empty, relative
 * @param left files of the last update: those that are no longer generated will be removed
 */
export function filesOfTree(
  root: string,
  generated: readonly GeneratedFile[],
  directories: readonly string[] = [],
  left: readonly string[] = [],
): DeploymentFiles {
  const present = without(filesOnDisk(root), new Set(left));
  const byPath = new Map(generated.map((file) => [file.path, file]));
  const folders = new Map(directories.map((directory) => [directory, new Set<string>()]));
  for (const { path } of [...generated, ...directories.map((directory) => ({ path: directory }))]) {
    for (let below = path; below !== '.'; below = dirname(below)) {
      const folder = dirname(below);
      const names = folders.get(folder) ?? new Set();
      folders.set(folder, names.add(below.slice(folder === '.' ? 0 : folder.length + 1)));
    }
  }
  /** The generated file at a path, or else the path to look at on the host. */
  const locate = (path: string): { file: GeneratedFile } | { path: string } => {
    if (isAbsolute(path)) return { path };
    const file = byPath.get(normalize(path));
    return file === undefined ? { path: normalize(path) } : { file };
  };
  return {
    kind: async (path) => {
      const found = locate(path);
      if ('file' in found) return 'file';
      return folders.has(found.path) ? 'directory' : present.kind(found.path);
    },
    read: async (path) => {
      const found = locate(path);
      return 'file' in found ? contentOf(found.file) : present.read(found.path);
    },
    size: async (path) => {
      const found = locate(path);
      if (!('file' in found)) return present.size(found.path);
      const { source } = found.file;
      return 'copyOf' in source ? (await statIfAny(source.copyOf))?.size : (await contentOf(found.file)).length;
    },
    mode: async (path) => {
      const found = locate(path);
      return 'file' in found ? found.file.mode : present.mode(found.path);
    },
    list: async (path) => {
      const found = locate(path);
      const names = 'file' in found ? undefined : folders.get(found.path);
      const there = 'file' in found ? undefined : await present.list(found.path);
      if (names === undefined) return there;
      return [...new Set([...names, ...(there ?? [])])].sort();
    },
  };
}

function without(files: DeploymentFiles, gone: ReadonlySet<string>): DeploymentFiles {
  const unless =
    <T>(look: (path: string) => Promise<T | undefined>) =>
    async (path: string): Promise<T | undefined> =>
      gone.has(normalize(path)) ? undefined : look(path);
  const { kind, read, size, mode, list } = files;
  return { kind: unless(kind), read: unless(read), size: unless(size), mode: unless(mode), list };
}

/** Access to files by absolute path, as they are on the host or as they will be. */
export interface FileReader {
  kind(path: string): Promise<'file' | 'directory' | 'other' | undefined>;
  text(path: string): Promise<string | undefined>;
  /** Identifies the content; undefined if it is not a file. */
  checksum(path: string): Promise<string | undefined>;
}

export const hostReader: FileReader = { kind: kindOf, text: readTextIfAny, checksum: currentChecksum };

/** Reads files below `root` as they will be, and all others as they are. */
export function readerOf(root: string, files: DeploymentFiles): FileReader {
  const at = (path: string): string => (isBelow(path, root) ? relative(root, path) : path);
  const bytes = async (path: string): Promise<Buffer | undefined> =>
    (await files.kind(at(path))) === 'file' ? files.read(at(path)) : undefined;
  return {
    kind: (path) => files.kind(at(path)),
    text: async (path) => (await bytes(path))?.toString('utf8'),
    checksum: async (path) => {
      const found = await bytes(path);
      return found === undefined ? undefined : sha256(found);
    },
  };
}

async function readIfAny(path: string): Promise<Buffer | undefined> {
  return readFile(path).catch((error: unknown) => undefinedIfMissing(error, path));
}

async function statIfAny(path: string): Promise<Stats | undefined> {
  return stat(path).catch((error: unknown) => undefinedIfMissing(error, path));
}

function modeOf(found: Stats | undefined): number | undefined {
  return found === undefined ? undefined : found.mode & 0o777;
}

function undefinedIfMissing(error: unknown, path: string): undefined {
  const code = errorCode(error);
  if (code === 'ENOENT' || code === 'ENOTDIR') return undefined;
  throw new LaconicError(`cannot read ${path}: ${errorMessage(error)}`, { cause: error });
}
