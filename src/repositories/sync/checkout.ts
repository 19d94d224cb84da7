import { LaconicError } from '../../system/errors.js';
import { didYouMean } from '../../system/suggest.js';
import { git, GitFailedError, type GitOptions } from '../git/git.js';
import { isFullCommit, looksLikeCommit } from '../git/ref.js';

/** What a ref is in a working copy. */
type Meaning = 'branch' | 'tag' | 'remote branch' | 'commit';

/**
 * Checks out a branch, tag or commit. For a branch that exists only on the remote, a local tracking branch is created,
 * as by git checkout.
 * @param fetched whether the remote has just been fetched; otherwise the error suggests `--pull`
 * @throws LaconicError if there is no such ref; GitFailedError if git refuses (local changes)
 */
export async function checkOut(directory: string, ref: string, fetched: boolean, options: GitOptions): Promise<void> {
  const meaning = (await meaningOf(directory, ref, options)) ?? (await fetchedCommit(directory, ref, fetched, options));
  if (meaning === undefined) throw await unknownRef(directory, ref, fetched, options);
  const target: Record<Meaning, string[]> = {
    branch: [ref],
    tag: ['--detach', `refs/tags/${ref}`],
    'remote branch': ['--track', '-b', ref, `refs/remotes/origin/${ref}`],
    commit: ['--detach', ref],
  };
  await git(directory, ['-c', 'advice.detachedHead=false', 'checkout', ...target[meaning], '--'], options);
}

/** In the lookup order of git checkout. */
async function meaningOf(directory: string, ref: string, options: GitOptions): Promise<Meaning | undefined> {
  const places = {
    branch: `refs/heads/${ref}`,
    tag: `refs/tags/${ref}`,
    'remote branch': `refs/remotes/origin/${ref}`,
  };
  const output = await git(directory, ['for-each-ref', '--format=%(refname)', ...Object.values(places)], options);
  const there = new Set(output.split('\n'));
  if (there.has(places.branch)) return 'branch';
  if (there.has(places.tag)) return 'tag';
  if (there.has(places['remote branch'])) return 'remote branch';
  if (!looksLikeCommit(ref)) return undefined;
  const found = await succeeds(git(directory, ['rev-parse', '--verify', '--quiet', `${ref}^{commit}`], options));
  return found ? 'commit' : undefined;
}

/**
 * A commit that no branch or tag of the remote contains must be fetched by its full id, which not every host allows.
 */
async function fetchedCommit(
  directory: string,
  ref: string,
  fetched: boolean,
  options: GitOptions,
): Promise<Meaning | undefined> {
  if (!fetched || !isFullCommit(ref)) return undefined;
  return (await succeeds(git(directory, ['fetch', '--progress', '--', 'origin', ref], options))) ? 'commit' : undefined;
}

async function succeeds(work: Promise<unknown>): Promise<boolean> {
  try {
    await work;
    return true;
  } catch (error) {
    if (error instanceof GitFailedError) return false;
    throw error;
  }
}

async function unknownRef(
  directory: string,
  ref: string,
  fetched: boolean,
  options: GitOptions,
): Promise<LaconicError> {
  const format = '--format=%(refname)';
  const output = await git(directory, ['for-each-ref', format, 'refs/tags', 'refs/remotes/origin'], options);
  const known = output.split('\n').flatMap((name) => /^refs\/(?:tags|remotes\/origin)\/(.+)$/.exec(name)?.[1] ?? []);
  const near = didYouMean(ref, known);
  return fetched
    ? new LaconicError(`the remote has no branch, tag or commit ${ref}${near}`)
    : new LaconicError(`no branch, tag or commit ${ref} is known here${near}`, {
        hint: '--pull fetches the latest refs of the remote',
      });
}
