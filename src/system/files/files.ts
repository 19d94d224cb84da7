import { createHash } from 'node:crypto';
import { chmod, cp, mkdir, open, readFile, rename, rm, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { errorCode, errorMessage, InvalidFileError, LaconicError } from '../errors.js';
import { removeLeftovers, temporaryBeside } from './temporary-files.js';

/** Mode of a file that holds secrets. */
export const secretMode = 0o600;

/** Pipes that a shell passes for `<(command)` have a writer; reading any other pipe could block forever. */
const openAlready = /^\/(dev\/(stdin|fd\/\d+)|proc\/self\/fd\/\d+)$/;

/**
 * Returns the text of a file, or undefined if it does not exist.
 * @throws LaconicError if the path is not a file, or cannot be read
 */
export async function readTextIfAny(path: string): Promise<string | undefined> {
  const kind = await kindOf(path);
  if (kind === undefined) return undefined;
  if (kind === 'directory') throw new LaconicError(`cannot read ${path}: it is a directory, not a file`);
  if (kind === 'other' && !openAlready.test(path))
    throw new LaconicError(`cannot read ${path}: it is not a regular file`);
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw new LaconicError(`cannot read ${path}: ${errorMessage(error)}`, { cause: error });
  }
}

/** ESRCH: the process that this `/proc` file belongs to has ended. */
function isMissing(error: unknown): boolean {
  return ['ENOENT', 'ENOTDIR', 'ESRCH'].includes(errorCode(error) ?? '');
}

/**
 * Returns the text of a file.
 * @throws LaconicError if it does not exist or cannot be read
 */
export async function readText(path: string): Promise<string> {
  const text = await readTextIfAny(path);
  if (text === undefined) throw new LaconicError(`${path} does not exist`);
  return text;
}

/**
 * Refuses text with U+FFFD, the mark of bytes that were not UTF-8: written back, it would differ from the file.
 * @throws InvalidFileError with the line
 */
export function requireUtf8(text: string, file: string): void {
  const at = text.indexOf('\ufffd');
  if (at < 0) return;
  const line = text.slice(0, at).split('\n').length;
  throw new InvalidFileError([{ file, line, message: 'holds bytes that are not UTF-8: save it as UTF-8' }]);
}

/** What is at a path, following links: a file, a directory, something else, or undefined for nothing. */
export async function kindOf(path: string): Promise<'file' | 'directory' | 'other' | undefined> {
  try {
    const found = await stat(path);
    if (found.isFile()) return 'file';
    return found.isDirectory() ? 'directory' : 'other';
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw new LaconicError(`cannot look at ${path}: ${errorMessage(error)}`, {
      ...(errorCode(error) === 'EACCES'
        ? { hint: 'it belongs to another user: run this as its owner, or with sudo' }
        : {}),
      cause: error,
    });
  }
}

/** Whether two paths lead to the same existing file or directory, however they are spelt. */
export async function isSamePlace(a: string, b: string): Promise<boolean> {
  const [first, second] = await Promise.all([a, b].map((path) => stat(path).catch(() => undefined)));
  return first !== undefined && first.dev === second?.dev && first.ino === second.ino;
}

/** Flushes a file or directory to the disk, so that it survives a power cut. */
export async function syncPath(path: string): Promise<void> {
  const handle = await open(path, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/**
 * Replaces a file atomically: after a crash, and for any reader, it holds the old or the new content, never a part.
 * `mode` defaults to the mode of the old file, else to the umask.
 * @throws LaconicError if it cannot be written
 */
export async function writeFileAtomically(path: string, content: string | Buffer, mode?: number): Promise<void> {
  const temporary = temporaryBeside(path);
  await removeLeftovers(path);
  const wanted =
    mode ??
    (await stat(path).then(
      (found) => found.mode & 0o777,
      () => undefined,
    ));
  try {
    const handle = await open(temporary, 'wx', wanted);
    try {
      await handle.writeFile(content);
      if (wanted !== undefined) await handle.chmod(wanted);
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

/** {@link writeFileAtomically}, unless the file has this content already. Creates missing parent directories. */
export async function writeIfDifferent(path: string, text: string, mode?: number): Promise<void> {
  if ((await readTextIfAny(path)) === text) return;
  await makeDirectory(dirname(path));
  await writeFileAtomically(path, text, mode);
}

/**
 * Copies a file, or a directory with its content, merging into an existing one; modes are kept.
 * @param links whether links are kept as they are, or followed
 * @throws LaconicError if the copy fails
 */
export async function copyTree(from: string, to: string, links: 'kept' | 'followed' = 'kept'): Promise<void> {
  try {
    await mkdir(dirname(to), { recursive: true });
    const how = links === 'kept' ? { verbatimSymlinks: true } : { dereference: true };
    await cp(from, to, { recursive: true, force: true, preserveTimestamps: true, ...how });
  } catch (error) {
    throw new LaconicError(`cannot copy ${from} to ${to}: ${errorMessage(error)}`, { cause: error });
  }
}

/**
 * Creates a directory and its parents.
 * @throws LaconicError that names the directory and the reason
 */
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
