import { lstat, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { errorCode, errorMessage, LaconicError } from '../system/errors.js';
import { kindOf } from '../system/files.js';
import { type GitConfig, readConfig } from './config.js';
import { git, GitFailedError, type GitOptions } from './git.js';
import { isOriginOf, withoutCredentials } from './remote.js';
import { type RepositorySpec, remoteUrl } from './spec.js';

/** Where a working copy's HEAD is. */
export interface Head {
  /** The active branch; absent when HEAD is detached. */
  branch?: string;
  /** The full commit id; absent in a repository without commits. */
  commit?: string;
  /** Tags of exactly this commit. */
  tags: readonly string[];
}

/** What stands in the place of a working copy. */
export type Observed = { kind: 'absent' } | { kind: 'copy'; head: Head };

/** How the current state is called: the branch, else the tag, else the commit (05 §3). */
export function refOf(head: Head): string {
  return head.branch ?? head.tags[0] ?? head.commit ?? 'nothing';
}

/** Whether nothing stands at this path. @throws LaconicError for what is there and is no directory */
export async function isAbsent(directory: string): Promise<boolean> {
  if ((await kindOf(directory)) === 'directory') return false;
  try {
    await lstat(directory);
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return true;
    throw new LaconicError(`cannot look at ${directory}: ${errorMessage(error)}`, { cause: error });
  }
  throw new LaconicError(`${directory} is in the way: it is not a directory`, {
    hint: 'move it away, or set CERC_REPO_BASE_DIR to another folder',
  });
}

/**
 * Looks at a folder that is there: is it a working copy of this repository, and where is its HEAD (05 §3.4, weaknesses 3, 8).
 * @param known its configuration, if it was read with that of others
 * @throws LaconicError when it is none, or one of another repository
 */
export async function observeCopy(
  spec: RepositorySpec,
  directory: string,
  known: GitConfig | undefined,
  options: GitOptions,
): Promise<Observed> {
  if ((await kindOf(join(directory, '.git'))) === undefined) {
    const empty = (await readdir(directory)).length === 0;
    throw new LaconicError(`${directory} is ${empty ? 'an empty folder' : 'not a git working copy'}`, {
      hint: `move it away, so that ${spec.entry} can be cloned there`,
    });
  }
  const [head] = await Promise.all([readHead(directory, options), checkOrigin(spec, directory, known, options)]);
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

/** The branch, commit and tags of a working copy, usually by one call of git. */
export async function readHead(directory: string, options: GitOptions): Promise<Head> {
  // Named, because log.excludeDecoration could hide the branch.
  const decorated = ['HEAD', 'refs/heads', 'refs/tags'].map((refs) => `--decorate-refs=${refs}`);
  const shown = ['--no-show-signature', '--no-color', '--decorate=full', ...decorated, '--format=%H%x00%D'];
  try {
    return parseHead(await git(directory, ['log', '-1', ...shown], options));
  } catch (error) {
    if (!(error instanceof GitFailedError) || !/does not have any commits|bad default revision/.test(error.said)) {
      return notUsable(directory)(error);
    }
    const branch = await git(directory, ['symbolic-ref', 'HEAD'], options);
    return { branch: branch.trim().replace(/^refs\/heads\//, ''), tags: [] };
  }
}

/** `<commit>\0HEAD -> refs/heads/main, tag: refs/tags/v1, …`; names hold no spaces. */
export function parseHead(text: string): Head {
  const [commit = '', decorations = ''] = text.trimEnd().split('\0');
  const names = decorations.split(', ');
  const branch = names.map((name) => /^HEAD -> refs\/heads\/(.+)$/.exec(name)?.[1]).find((name) => name !== undefined);
  const tags = names.flatMap((name) => /^tag: refs\/tags\/(.+)$/.exec(name)?.[1] ?? []);
  return { ...(branch === undefined ? {} : { branch }), commit, tags };
}

function notUsable(directory: string): (error: unknown) => never {
  return (error) => {
    if (!(error instanceof GitFailedError)) throw error;
    throw new LaconicError(`${directory} is not a usable git working copy: ${error.said}`, {
      hint: 'mend it, or move it away, so that it is cloned again',
      cause: error,
    });
  };
}
