import { lstat, readlink, realpath } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { errorCode, errorMessage, LaconicError } from '../errors.js';
import { kindOf } from './files.js';
import { isBelow } from './path-names.js';

/**
 * Returns the real path of the git working tree around a folder (`.git` in it or above it), or undefined. Looks at
 * files only: git gives the same answer for "no repository" and "I refuse to use this one".
 */
export async function workingTreeAround(folder: string): Promise<string | undefined> {
  for (let at = await realpath(folder); ; at = dirname(at)) {
    if ((await kindOf(join(at, '.git'))) !== undefined) return at;
    if (at === dirname(at)) return undefined;
  }
}

/** Returns the real path of the git working tree around a folder, or of the folder itself if there is none. */
export async function repositoryAround(folder: string): Promise<string> {
  return (await workingTreeAround(folder)) ?? realpath(folder);
}

/**
 * Resolves a path in a stack's repository. A link in it must not expose a file of this host, such as a key.
 * @param within the real path of the repository
 * @throws LaconicError for a link that leads outside of it, into its `.git`, nowhere, or in a circle
 */
export async function realPlace(path: string, within: string): Promise<string> {
  const real = await realpath(path).catch(async (error: unknown) => {
    const what = await describeLink(path);
    if (errorCode(error) === 'ELOOP') throw new LaconicError(`${what} is a link that leads in a circle`);
    if (errorCode(error) === 'ENOENT')
      throw new LaconicError(`${what} leads to nothing`, { hint: 'correct or remove the link' });
    throw new LaconicError(`cannot read ${path}: ${errorMessage(error)}`, { cause: error });
  });
  if (isBelow(real, join(within, '.git')))
    throw new LaconicError(`${await describeLink(path)} leads to what git keeps about the repository`, {
      hint: 'it may hold passwords, and is no part of the stack: remove the link',
    });
  if (isBelow(real, within)) return real;
  throw new LaconicError(`${await describeLink(path)} leads out of the stack's repository ${within}, to ${real}`, {
    hint: 'links within the repository are followed: put the file there, or name its absolute path in the compose file',
  });
}

async function describeLink(path: string): Promise<string> {
  const link = (await lstat(path).catch(() => undefined))?.isSymbolicLink() === true;
  return link ? `${path} -> ${await readlink(path)}` : path;
}
