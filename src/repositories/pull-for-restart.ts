import type { Context } from '../system/context.js';
import { InterruptedError, LaconicError } from '../system/errors.js';
import { SilenceWatch } from '../system/process/patience.js';
import { readConfig, stallSettings } from './git/config.js';
import { explainGit } from './git/explain.js';
import { git, gitEnvironment, GitFailedError, type GitOptions } from './git/git.js';
import { readHead } from './git/heads.js';
import { withoutCredentials } from './git/remote.js';
import { sshEnvironment } from './git/ssh.js';

/**
 * Runs `git pull` in a working tree.
 * @param root the root of the working tree
 * @returns git's output; undefined if the current branch has no upstream branch, or HEAD is detached
 * @throws LaconicError with git's message and a hint; InterruptedError
 */
export function pull(root: string, context: Context): Promise<string | undefined> {
  return withUpstream(root, context, async (_upstream, options) => {
    return (await git(root, ['pull', '--progress'], options)).trim();
  });
}

/**
 * Whether a pull would bring commits that the working tree does not have. Fetches, but does not change the working
 * tree.
 * @param root the root of the working tree
 * @throws LaconicError with git's message and a hint; InterruptedError
 */
export async function pullBringsCommits(root: string, context: Context): Promise<boolean> {
  const missing = await withUpstream(root, context, async (upstream, options) => {
    await git(root, ['fetch', '--progress'], options);
    return git(root, ['rev-list', '--count', `HEAD..${upstream}`], options);
  });
  return Number(missing ?? 0) > 0;
}

/** Calls back with the full name of the remote branch that the current branch tracks; not if there is none. */
async function withUpstream(
  root: string,
  { env, signal, report }: Context,
  work: (upstream: string, options: GitOptions) => Promise<string>,
): Promise<string | undefined> {
  const patience = new SilenceWatch(`git, called in ${root},`, report);
  const local = { env: gitEnvironment(env, root), signal, patience };
  try {
    const { branch } = await readHead(root, local);
    if (branch === undefined) return undefined;
    const upstream = await git(root, ['for-each-ref', '--format=%(upstream)', `refs/heads/${branch}`], local);
    if (upstream.trim() === '') return undefined;
    const config = await readConfig(root, local);
    const settings = stallSettings(config);
    return await work(upstream.trim(), { ...local, env: sshEnvironment(local.env, config.sshCommand), settings });
  } catch (error) {
    throw error instanceof GitFailedError ? await pullFailure(root, error, local) : error;
  }
}

async function pullFailure(root: string, failure: GitFailedError, options: GitOptions): Promise<LaconicError> {
  const url = await git(root, ['ls-remote', '--get-url'], options).catch((error: unknown) => {
    if (error instanceof InterruptedError) throw error;
    return root;
  });
  const subject = { url: withoutCredentials(url.trim()), directory: root };
  const { message, hint } = explainGit('Git pull failed', failure, subject);
  const remedy = `fix it in ${root}, or use its files as they are with --no-git-pull; the deployment is unchanged`;
  return new LaconicError(message, { hint: [hint, remedy].filter(Boolean).join('\n'), cause: failure });
}
