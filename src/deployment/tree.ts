import { open, readdir, readFile, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { errorMessage, LaconicError } from '../system/errors.js';
import { realPlace } from '../system/links.js';
import { makeDirectory, secretMode, sha256, syncPath } from '../system/files.js';

/** One file that `create` and `--update` generate; paths are relative to the deployment directory. */
export interface GeneratedFile {
  path: string;
  /** The content, or the file it is copied from. */
  source: { text: string } | { copyOf: string };
  /** Permission bits; 0600 for a file with secrets. */
  mode: number;
}

/** A directory behind a volume of the spec: created, never written to after that. */
export interface VolumeDirectory {
  volume: string;
  /** Absolute; inside the deployment directory or wherever a relative path of the spec leads. */
  path: string;
  /** Directory whose content an empty new volume starts with. */
  seed?: string;
}

/** All that a stack and a spec make of a deployment directory, before anything is written. */
export interface GeneratedTree {
  files: GeneratedFile[];
  /** Directories that exist even when empty, relative. */
  directories: string[];
  volumes: VolumeDirectory[];
}

export function isSecret(file: GeneratedFile): boolean {
  return file.mode === secretMode;
}

/** The file's content as bytes. */
export async function contentOf(file: GeneratedFile): Promise<Buffer> {
  if ('text' in file.source) return Buffer.from(file.source.text);
  const { copyOf } = file.source;
  return readFile(copyOf).catch((error: unknown) => {
    throw new LaconicError(`cannot read ${copyOf}: ${errorMessage(error)}`, { cause: error });
  });
}

/** The SHA-256 of {@link contentOf}, in hex. */
export async function checksumOf(file: GeneratedFile): Promise<string> {
  return sha256(await contentOf(file));
}

/**
 * Every file below a directory as generated files under `to` (relative), in name order. Links are followed: what is
 * copied holds none.
 * @param within the real path of the repository, which no link may lead out of
 * @throws LaconicError for a directory that cannot be read, for pipes, sockets and devices, which cannot be copied, and
 * for links that lead out of the repository, nowhere or in a circle
 */
export async function filesBelow(
  directory: string,
  to: string,
  within: string,
  above: readonly string[] = [],
): Promise<{ files: GeneratedFile[]; directories: string[] }> {
  const files: GeneratedFile[] = [];
  const directories = [to];
  const real = await realPlace(directory, within);
  if (above.includes(real))
    throw new LaconicError(`${directory} is a link to a folder that it is in: it leads in a circle`);
  const found = await readdir(real, { withFileTypes: true }).catch((error: unknown) => {
    throw new LaconicError(`cannot read ${directory}: ${errorMessage(error)}`, { cause: error });
  });
  const entries = found.sort((a, b) => (a.name < b.name ? -1 : 1));
  for (const entry of entries) {
    const from = join(directory, entry.name);
    const path = join(to, entry.name);
    const place = entry.isSymbolicLink() ? await realPlace(from, within) : from;
    const kind = entry.isSymbolicLink() ? await stat(place) : entry;
    if (kind.isDirectory()) {
      const below = await filesBelow(from, path, within, [...above, real]);
      files.push(...below.files);
      directories.push(...below.directories);
    } else if (kind.isFile()) {
      files.push({ path, source: { copyOf: place }, mode: (await stat(place)).mode & 0o777 });
    } else {
      throw new LaconicError(`cannot copy ${from}: it is neither a file, a directory nor a link`);
    }
  }
  return { files, directories };
}

/** Writes generated files below `root`, which holds none of them yet; parents are created. Durable when it returns. */
export async function writeGenerated(
  root: string,
  files: readonly GeneratedFile[],
  directories: readonly string[],
): Promise<void> {
  const folders = new Set([...directories, ...files.map((file) => dirname(file.path))]);
  for (const folder of folders) await makeDirectory(join(root, folder), folder === '.laconic' ? 0o700 : undefined);
  const written = await Promise.allSettled(files.map((file) => writeOne(join(root, file.path), file)));
  // All have ended: whoever removes what was written finds nothing new in it.
  const failed = written.find((outcome) => outcome.status === 'rejected');
  if (failed !== undefined) throw failed.reason;
  await Promise.all([...folders].map((folder) => syncPath(join(root, folder))));
}

async function writeOne(path: string, file: GeneratedFile): Promise<void> {
  try {
    const handle = await open(path, 'wx', file.mode);
    try {
      await handle.writeFile(await contentOf(file));
      // What is made from text follows the umask like any file of the operator's; copies keep their mode, secrets
      // theirs.
      if ('copyOf' in file.source || isSecret(file)) await handle.chmod(file.mode);
      await handle.sync();
    } finally {
      await handle.close();
    }
  } catch (error) {
    if (error instanceof LaconicError) throw error;
    throw new LaconicError(`cannot write ${path}: ${errorMessage(error)}`, { cause: error });
  }
}
