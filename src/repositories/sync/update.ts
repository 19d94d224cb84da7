import { LaconicError } from '../../system/errors.js';
import { checkOut } from './checkout.js';
import { git, GitFailedError, type GitOptions } from '../git/git.js';
import { type Head, readHead } from '../git/heads.js';
import type { SyncPlan } from './plan.js';

/** Events of an update. */
export interface UpdateEvents {
  /** Just before another branch, tag or commit is checked out. */
  switching: (ref: string) => void;
  warn: (line: string) => void;
}

/**
 * Updates a working copy: fetches branches and tags if requested, switches, then fast-forwards the current branch.
 * Nothing is merged, and existing tags are not moved.
 * @returns its new HEAD
 * @throws GitFailedError with git's message (local changes, no connection); LaconicError for a moved tag, an unknown
 * ref or diverged branches
 */
export async function updateCopy(
  directory: string,
  { fetch, switchTo }: Extract<SyncPlan, { action: 'update' }>,
  wanted: string | undefined,
  events: UpdateEvents,
  options: GitOptions,
): Promise<Head> {
  if (fetch) await fetchAll(directory, wanted, events, options);
  if (switchTo !== undefined) {
    events.switching(switchTo);
    await patiently(() => checkOut(directory, switchTo, fetch, options), options);
  }
  if (fetch) await fastForward(directory, options);
  return readHead(directory, options);
}

/** Tags that moved on the remote are not changed here, with a warning; if it is the wanted tag, that is an error. */
async function fetchAll(
  directory: string,
  wanted: string | undefined,
  events: UpdateEvents,
  options: GitOptions,
): Promise<void> {
  try {
    await patiently(() => git(directory, ['fetch', '--progress', '--tags', '--', 'origin'], options), options);
  } catch (error) {
    if (!(error instanceof GitFailedError)) throw error;
    const moved = [...error.said.matchAll(/! \[rejected\]\s+(\S+)\s+->.*would clobber existing tag/g)].map(
      ([, tag = '']) => tag,
    );
    const rejected = error.said.split('\n').filter((line) => /! \[|^(error|fatal):/.test(line));
    if (moved.length === 0 || rejected.length > moved.length) throw error;
    const command = `git -C ${directory} fetch --tags --force origin`;
    if (wanted !== undefined && moved.includes(wanted)) {
      throw new LaconicError(`the tag ${wanted} is another commit on the remote than in the clone`, {
        hint: `take the remote's: ${command}`,
        cause: error,
      });
    }
    events.warn(`tags moved on the remote and were not changed in the clone: ${moved.join(', ')} (${command})`);
  }
}

/** Fast-forwards the current branch to its remote branch; does nothing if HEAD is detached or there is none. */
async function fastForward(directory: string, options: GitOptions): Promise<void> {
  const format = '--format=%(HEAD)%00%(refname)%00%(objectname)%00%(upstream)';
  const head = await readHead(directory, options);
  if (head.branch === undefined) return;
  const refs = await git(directory, ['for-each-ref', format, 'refs/heads', 'refs/remotes/origin'], options);
  const lines = refs.split('\n').map((line) => line.split('\0'));
  const local = lines.find(([, name]) => name === `refs/heads/${head.branch}`);
  const upstream = local?.[3]?.startsWith('refs/remotes/origin/') ? local[3] : `refs/remotes/origin/${head.branch}`;
  const remote = lines.find(([, name]) => name === upstream);
  if (remote === undefined || remote[2] === local?.[2]) return;
  try {
    await patiently(() => git(directory, ['merge', '--ff-only', upstream], options), options);
  } catch (error) {
    if (!(error instanceof GitFailedError) || !error.said.includes('Not possible to fast-forward')) throw error;
    throw new LaconicError(`the branch ${head.branch} and its remote branch have diverged: nothing was merged`, {
      hint: `merge or rebase it yourself in ${directory}`,
      cause: error,
    });
  }
}

const patienceMilliseconds = 15_000;
const pauseMilliseconds = 200;

/** Retries while another git, such as a second laconic-so, holds its short-lived locks in the same place. */
async function patiently<T>(work: () => Promise<T>, { signal }: GitOptions): Promise<T> {
  const until = Date.now() + patienceMilliseconds;
  for (;;) {
    try {
      return await work();
    } catch (error) {
      const locked = error instanceof GitFailedError && /\.lock': File exists|cannot lock ref/.test(error.said);
      if (!locked || Date.now() > until || signal.aborted) throw error;
      await new Promise((resolve) => setTimeout(resolve, pauseMilliseconds));
    }
  }
}
