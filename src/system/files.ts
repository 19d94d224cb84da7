import { createHash } from 'node:crypto';
import { chmod, cp, mkdir, open, readFile, rename, rm, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { errorCode, errorMessage, LaconicError } from './errors.js';
import { removeLeftovers, temporaryBeside } from './leftovers.js';

/** Mode of a file that holds secrets. */
export const secretMode = 0o600;

/** The text of a file, or undefined when there is none. Other failures are explained. */
export async function readTextIfAny(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    if (errorCode(error) === 'ENOENT' || errorCode(error) === 'ENOTDIR') return undefined;
    throw new LaconicError(`cannot read ${path}: ${errorMessage(error)}`, { cause: error });
  }
}

/** What stands at a path, following links: a file, a directory, something else, or nothing. */
export async function kindOf(path: string): Promise<'file' | 'directory' | 'other' | undefined> {
  try {
    const found = await stat(path);
    if (found.isFile()) return 'file';
    return found.isDirectory() ? 'directory' : 'other';
  } catch (error) {
    if (errorCode(error) === 'ENOENT' || errorCode(error) === 'ENOTDIR') return undefined;
    throw new LaconicError(`cannot look at ${path}: ${errorMessage(error)}`, { cause: error });
  }
}

/** Makes what was written to this file or directory survive a power cut. */
export async function syncPath(path: string): Promise<void> {
  const handle = await open(path, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/**
 * Replaces a file as one step: a reader (and a crash) sees the old or the new content, never a part.
 * `mode` defaults to the old file's mode, else 0644.
 */
export async function writeFileAtomically(path: string, content: string | Buffer, mode?: number): Promise<void> {
  const temporary = temporaryBeside(path);
  await removeLeftovers(path);
  const wanted =
    mode ??
    (await stat(path).then(
      (found) => found.mode & 0o777,
      () => 0o644,
    ));
  try {
    const handle = await open(temporary, 'wx', wanted);
    try {
      await handle.writeFile(content);
      await handle.chmod(wanted);
      await handle.sync();
    } finally {
      await handle.close();
    }
    await rename(temporary, path);
    await syncPath(dirname(path));
  } catch (error) {
    await rm(temporary, { force: true });
    throw new LaconicError(`cannot write ${path}: ${errorMessage(error)}`, { cause: error });
  }
}

/** Copies one file, or a directory with all in it, merging into what is there; modes are kept. */
export async function copyTree(from: string, to: string): Promise<void> {
  try {
    await mkdir(dirname(to), { recursive: true });
    await cp(from, to, { recursive: true, force: true, preserveTimestamps: true, verbatimSymlinks: true });
  } catch (error) {
    throw new LaconicError(`cannot copy ${from} to ${to}: ${errorMessage(error)}`, { cause: error });
  }
}

/** Creates a directory and its parents; says which one failed and why. */
export async function makeDirectory(path: string, mode?: number): Promise<void> {
  try {
    await mkdir(path, { recursive: true });
    if (mode !== undefined) await chmod(path, mode);
  } catch (error) {
    throw new LaconicError(`cannot create directory ${path}: ${errorMessage(error)}`, { cause: error });
  }
}

/** Lower-case hex SHA-256. */
export function sha256(content: string | Buffer): string {
  return createHash('sha256').update(content).digest('hex');
}
