import { lstat, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { errorCode, errorMessage, LaconicError } from '../../system/errors.js';
import { kindOf } from '../../system/files/files.js';
import { type GitConfig, readConfig } from '../git/config.js';
import { GitFailedError, type GitOptions } from '../git/git.js';
import { type Head, readHead } from '../git/heads.js';
import { isOriginOf, withoutCredentials } from '../git/remote.js';
import { type RepositorySpec, remoteUrl } from '../git/spec.js';

/** What is at the path of a working copy. */
export type ObservedCopy = { kind: 'absent' } | { kind: 'copy'; head: Head };

/**
 * The name of the current state: the branch, else the tag, else the commit.
 * @param wanted the requested ref: preferred among several tags of the commit
 */
export function refOf(head: Head, wanted?: string): string {
  return head.branch ?? tagOf(head, wanted) ?? head.commit ?? 'nothing';
}

/** The tag to name a commit by; if it has several, preferably the requested one. */
export function tagOf(head: Head, wanted: string | undefined): string | undefined {
  return head.tags.find((tag) => tag === wanted) ?? head.tags[0];
}

/**
 * Whether a repository can be cloned to this path: nothing exists there, or an empty folder, which git accepts, too.
 * @throws LaconicError if something other than a directory exists
 */
export async function isAbsent(directory: string): Promise<boolean> {
  try {
    const found = await lstat(directory);
    if (found.isDirectory()) return (await readdir(directory)).length === 0;
    if ((await kindOf(directory)) === 'directory') return false;
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return true;
    throw new LaconicError(`cannot look at ${directory}: ${errorMessage(error)}`, { cause: error });
  }
  throw new LaconicError(`${directory} is in the way: it is not a directory`, {
    hint: 'move it away, or set CERC_REPO_BASE_DIR to another folder',
  });
}

/**
 * Inspects an existing folder: whether it is a working copy of this repository, and its HEAD.
 * @param known what was already read for several copies together
 * @throws LaconicError if it is not a working copy, or one of another repository
 */
export async function observeCopy(
  spec: RepositorySpec,
  directory: string,
  known: { config?: GitConfig | undefined; head?: Head | undefined },
  options: GitOptions,
): Promise<Extract<ObservedCopy, { kind: 'copy' }>> {
  if ((await kindOf(join(directory, '.git'))) === undefined) {
    throw new LaconicError(`${directory} is not a git working copy`, {
      hint: `move it away, so that ${spec.entry} can be cloned there`,
    });
  }
  const [head] = await Promise.all([
    known.head ?? readHead(directory, options).catch(notUsable(directory)),
    checkOrigin(spec, directory, known.config, options),
  ]);
  return { kind: 'copy', head };
}

async function checkOrigin(
  spec: RepositorySpec,
  directory: string,
  known: GitConfig | undefined,
  options: GitOptions,
): Promise<void> {
  if (known?.origin !== undefined && isOriginOf(spec, known.origin, known.rules)) return;
  const config = await readConfig(directory, options).catch(notUsable(directory));
  if (config.origin === undefined) {
    throw new LaconicError(`${directory} has no remote called origin`, {
      hint: `if it is a working copy of ${spec.entry}: git -C ${directory} remote add origin ${remoteUrl(spec, false)}`,
    });
  }
  if (isOriginOf(spec, config.origin, config.rules)) return;
  throw new LaconicError(
    `${directory} is a working copy of ${withoutCredentials(config.origin)}, not of ${spec.entry}: it is left as it is`,
    { hint: 'move it away, or set CERC_REPO_BASE_DIR to another folder' },
  );
}

function notUsable(directory: string): (error: unknown) => never {
  return (error) => {
    if (!(error instanceof GitFailedError)) throw error;
    throw new LaconicError(`${directory} is not a usable git working copy: ${error.said}`, {
      hint: 'repair it, or move it away, so that it is cloned again',
      cause: error,
    });
  };
}
