import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Context } from '../system/context.js';
import { errorMessage, LaconicError } from '../system/errors.js';
import { kindOf } from '../system/files.js';
import { isBelow } from './volume-paths.js';

/**
 * Deletes what is below a deployment's own `data/`, and says so path by path; the one way data is ever deleted (decision 17).
 * @param kept directories below it that are emptied but stay, as something has them mounted
 */
export async function deleteData(dataDirectory: string, context: Context, kept: readonly string[] = []): Promise<void> {
  if ((await kindOf(dataDirectory)) !== 'directory') return;
  for (const name of (await readdir(dataDirectory)).sort()) {
    const path = join(dataDirectory, name);
    if (kept.some((directory) => isBelow(directory, path))) {
      await deleteData(path, context, kept);
      continue;
    }
    try {
      await rm(path, { recursive: true, force: true });
    } catch (error) {
      throw new LaconicError(`cannot delete ${path}: ${errorMessage(error)}`, {
        hint: 'files that containers wrote as another user can be deleted with sudo',
        cause: error,
      });
    }
    context.report.print(`Deleted: ${path}`);
  }
}
