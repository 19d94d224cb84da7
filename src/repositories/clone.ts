import { rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { errorCode, errorMessage, LaconicError } from '../system/errors.js';
import { kindOf } from '../system/files.js';
import { temporaryBeside } from '../system/leftovers.js';
import { checkOut } from './checkout.js';
import { git, type GitOptions, strangeGit } from './git.js';
import { type Head, readHead } from './heads.js';
import type { Wanted } from './plan.js';
import { withoutCredentials } from './remote.js';

/**
 * Clones a repository at the wanted ref into a sibling of its place and renames that when it is whole, so that what
 * stands in the place is never half of it.
 * @returns where its HEAD is; undefined when another process has filled the place meanwhile
 * @throws GitFailedError in git's words, LaconicError for a remote without commits, or without the ref
 */
export async function cloneRepository(
  { url, directory, ref }: Wanted,
  beforeSwitch: (ref: string) => void,
  options: GitOptions,
): Promise<Head | undefined> {
  const temporary = temporaryBeside(directory);
  try {
    // git's progress also ends it soon when we are killed: nobody reads it then.
    const flags = ['--progress', ...(ref === undefined ? [] : ['--no-checkout'])];
    await git(dirname(directory), ['clone', ...flags, '--', url, temporary], options);
    if ((await kindOf(temporary)) !== 'directory') throw strangeGit('git clone', 'git succeeded and cloned nothing');
    if (ref !== undefined) {
      beforeSwitch(ref);
      await checkOut(temporary, ref, true, options);
    }
    const head = await readHead(temporary, options);
    if (head.commit === undefined) {
      throw new LaconicError(`${withoutCredentials(url)} has no commits`, {
        hint: 'is it the right repository? git takes a web page, such as the login of a proxy, for one that is empty; nothing was kept of it',
      });
    }
    return (await moveIntoPlace(temporary, directory)) ? head : undefined;
  } finally {
    await rm(temporary, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 });
  }
}

/** @returns false when something has come into the place meanwhile */
async function moveIntoPlace(temporary: string, directory: string): Promise<boolean> {
  try {
    await rename(temporary, directory);
    return true;
  } catch (error) {
    if (['ENOTEMPTY', 'EEXIST', 'ENOTDIR'].includes(errorCode(error) ?? '')) return false;
    throw new LaconicError(`cannot move the clone to ${directory}: ${errorMessage(error)}`, { cause: error });
  }
}
