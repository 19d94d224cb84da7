import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { pipeline } from 'node:stream/promises';
import { errorCode, errorMessage, LaconicError } from '../../system/errors.js';
import { sha256 } from '../../system/files.js';
import type { ServiceModel } from './model.js';

/** Larger files are told apart by size and time only: nobody edits them by hand, and a start must stay quick. */
const hashedBytes = 16 * 1024 * 1024;

/** Checksum by host path, or by `config x` / `secret x` for text that Compose copies into the container. */
export type Checksums = Readonly<Record<string, string>>;

/**
 * Checksums of what a service's containers keep as it was when they were created, although the files on the host go on
 * changing: mounted single files (a rename leaves the old inode mounted), and copied texts.
 * Directories are mounted live: of them only that they are directories counts. What cannot be read or does not exist is
 * left out.
 */
export async function checksumsOf(service: ServiceModel): Promise<Checksums> {
  const files = await Promise.all(
    [...new Set(service.hostPaths)].map(async (path) => [path, await checksumOfFile(path)] as const),
  );
  const texts = service.copied.map(({ name, text }) => [name, sha256(text)] as const);
  return Object.fromEntries([...files.filter(([, sum]) => sum !== undefined), ...texts]) as Record<string, string>;
}

async function checksumOfFile(path: string): Promise<string | undefined> {
  try {
    const found = await stat(path);
    if (found.isDirectory()) return 'a directory';
    if (!found.isFile()) return undefined;
    if (found.size > hashedBytes) return `size ${found.size} time ${found.mtimeMs}`;
    const hash = createHash('sha256');
    await pipeline(createReadStream(path), hash);
    return hash.digest('hex');
  } catch (error) {
    // Root's files may be mounted by someone who cannot read them.
    if (['ENOENT', 'ENOTDIR', 'EACCES', 'EPERM'].includes(errorCode(error) ?? '')) return undefined;
    throw new LaconicError(`cannot read ${path}: ${errorMessage(error)}`, { cause: error });
  }
}

/** What was recorded and is different now, sorted. What was not recorded says nothing. Pure. */
export function changedContents(recorded: Checksums, now: Checksums): string[] {
  return Object.keys(now)
    .filter((name) => recorded[name] !== undefined && recorded[name] !== now[name])
    .sort();
}
