import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { pipeline } from 'node:stream/promises';
import { errorCode, errorMessage, LaconicError } from '../../../system/errors.js';
import { sha256 } from '../../../system/files/files.js';
import type { ProjectService } from '../cli/project-model.js';
import type { Checksums } from '../project/start-record.js';

/** Larger files are compared only by size and time: they are not edited by hand, and a start must stay quick. */
const hashedBytes = 16 * 1024 * 1024;

/**
 * Computes checksums of content that containers keep from their creation although files on the host change: mounted
 * single files (a rename leaves the old inode mounted) and copied text. Directories are mounted live, so only their
 * being directories counts. Missing and unreadable files are left out.
 * @throws LaconicError for a file that cannot be read for any other reason
 */
export async function checksumsOf(service: ProjectService): Promise<Checksums> {
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
    // Files of root may be mounted by a user who cannot read them.
    if (['ENOENT', 'ENOTDIR', 'EACCES', 'EPERM'].includes(errorCode(error) ?? '')) return undefined;
    throw new LaconicError(`cannot read ${path}: ${errorMessage(error)}`, { cause: error });
  }
}

/** The recorded names whose checksum is different now, sorted. Names without a record are ignored. */
export function changedContents(recorded: Checksums, now: Checksums): string[] {
  return Object.keys(now)
    .filter((name) => recorded[name] !== undefined && recorded[name] !== now[name])
    .sort();
}
