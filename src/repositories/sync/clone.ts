import { rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { errorCode, errorMessage, LaconicError } from '../../system/errors.js';
import { kindOf } from '../../system/files/files.js';
import { temporaryBeside } from '../../system/files/temporary-files.js';
import { checkOut } from './checkout.js';
import { git, type GitOptions, strangeGit } from '../git/git.js';
import { type Head, readHead } from '../git/heads.js';
import type { Wanted } from './plan.js';
import { withoutCredentials } from '../git/remote.js';

/**
 * Clones a repository at the wanted ref into a temporary sibling directory, which is renamed when complete, so that a
 * partial clone is never in place.
 * @returns its HEAD; undefined if another process has created the directory in the meantime
 * @throws GitFailedError with git's message; LaconicError for a remote without commits or without the ref
 */
export async function cloneRepository(
  { url, directory, ref }: Wanted,
  beforeSwitch: (ref: string) => void,
  options: GitOptions,
): Promise<Head | undefined> {
  const temporary = temporaryBeside(directory);
  try {
    // With --progress, git also ends soon after we are killed, when its progress cannot be written any more.
    const flags = ['--progress', ...(ref === undefined ? [] : ['--no-checkout'])];
    await git(dirname(directory), ['clone', ...flags, '--', url, temporary], options);
    if ((await kindOf(temporary)) !== 'directory') throw strangeGit('git clone', 'git succeeded but cloned nothing');
    if (ref !== undefined) {
      beforeSwitch(ref);
      await checkOut(temporary, ref, true, options);
    }
    const head = await readHead(temporary, options);
    if (head.commit === undefined) {
      throw new LaconicError(`${withoutCredentials(url)} has no commits`, {
        hint: 'is it the right repository? git mistakes a web page, such as the login page of a proxy, for an empty repository; nothing was kept',
      });
    }
    return (await moveIntoPlace(temporary, directory)) ? head : undefined;
  } finally {
    await rm(temporary, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 });
  }
}

/** @returns false if something else was created there in the meantime */
async function moveIntoPlace(temporary: string, directory: string): Promise<boolean> {
  try {
    await rename(temporary, directory);
    return true;
  } catch (error) {
    if (['ENOTEMPTY', 'EEXIST', 'ENOTDIR'].includes(errorCode(error) ?? '')) return false;
    throw new LaconicError(`cannot move the clone to ${directory}: ${errorMessage(error)}`, { cause: error });
  }
}
