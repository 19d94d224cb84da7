import { basename, dirname, isAbsolute, join, resolve } from 'node:path';
import type { Deployment } from '../../deployment/access/open.js';
import type { Context } from '../../system/context.js';
import { LaconicError } from '../../system/errors.js';
import { kindOf } from '../../system/files/files.js';
import { workingTreeAround } from '../../system/files/links.js';
import { packageDirectory } from '../../system/package.js';
import { SilenceWatch } from '../../system/process/patience.js';
import { run, type RunResult } from '../../system/process/process.js';

/** The sources of a restart. */
export interface Source {
  /** Absolute path of the stack source, as given or recorded. */
  path: string;
  /** The root of its git working tree; the source itself if it is not in one. */
  root: string;
  git: boolean;
}

/**
 * Finds the stack that a deployment is updated from.
 * @param given `--stack-path`; absent: the path recorded in `deployment.yml`
 * @throws LaconicError if there is no such directory
 */
export async function findSource(
  { record, spec }: Deployment,
  given: string | undefined,
  context: Context,
): Promise<Source> {
  const named = given ?? record.stackSource;
  if (named === undefined) {
    throw new LaconicError('No stack-source in deployment.yml and --stack-path not provided', {
      hint: 'Use --stack-path to specify the stack git repository location',
    });
  }
  const path = isAbsolute(named) ? named : resolve(context.cwd, named);
  if ((await kindOf(path)) === 'directory') return describeSource(path);
  const bundled = given === undefined ? await bundledStack(spec.stack) : undefined;
  if (bundled !== undefined) {
    context.report.info(`the stack's former directory ${path} is gone: using the stack that ships with laconic-so`);
    return { path: bundled, root: bundled, git: false };
  }
  throw new LaconicError(`Stack source path does not exist: ${path}`, {
    ...(isAbsolute(named) || given !== undefined
      ? {}
      : {
          hint: `deployment.yml has the relative path ${named}: run this from where the deployment was created, or give --stack-path`,
        }),
  });
}

async function describeSource(path: string): Promise<Source> {
  // Bundled stacks are not the operator's working tree, even if the program is in a git clone.
  const root = dirname(path) === bundledStacks() ? undefined : await workingTreeAround(path);
  return root === undefined ? { path, root: path, git: false } : { path, root, git: true };
}

function bundledStacks(): string {
  return join(packageDirectory(), 'stacks');
}

/** The directory of the bundled stack with this name; undefined if there is none. */
async function bundledStack(name: string): Promise<string | undefined> {
  const path = join(bundledStacks(), basename(name));
  return basename(name) === name && (await kindOf(join(path, 'stack.yml'))) === 'file' ? path : undefined;
}

/**
 * Runs `git pull` in the source's working tree. A source that cannot be pulled (no git tree, no remote branch, a
 * detached HEAD) is used as it is, with a message.
 * @param wanted false: `--no-git-pull`
 * @throws LaconicError with git's message if git fails in any other way
 */
export async function pullSource(source: Source, wanted: boolean, context: Context): Promise<void> {
  const { report } = context;
  if (!wanted) {
    report.info(`Git pull skipped: --no-git-pull, the files of ${source.root} are used as they are`);
    return;
  }
  if (!source.git) {
    report.info(`Git pull skipped: ${source.path} is not in a git working tree, its files are used as they are`);
    return;
  }
  if (context.options.dryRun) {
    report.print(`would run git pull in ${source.root}: what it changes is not in the plan`);
    return;
  }
  if ((await upstreamOf(source, context)) === undefined) {
    report.info(
      `Git pull skipped: the current branch of ${source.root} has no upstream branch, its files are used as they are`,
    );
    return;
  }
  const { stdout } = await gitOrFail(source, ['pull'], context);
  report.print(`Git pull: ${stdout.trim()}`);
}

/**
 * Whether a pull would bring commits that the working tree does not have: something missing is only refused if not,
 * since the pull may bring it. Fetches, but does not change the working tree.
 * @throws LaconicError with git's message
 */
export async function pullBringsCommits(source: Source, wanted: boolean, context: Context): Promise<boolean> {
  // A dry run does not call git: it is unknown what a pull would bring.
  if (!wanted || !source.git) return false;
  if (context.options.dryRun) return true;
  const upstream = await upstreamOf(source, context);
  if (upstream === undefined) return false;
  await gitOrFail(source, ['fetch', '--quiet'], context);
  const { code } = await git(source, ['merge-base', '--is-ancestor', upstream, 'HEAD'], context);
  return code !== 0;
}

/**
 * The full name of the remote branch that the current branch tracks; undefined if there is none, or HEAD is detached.
 */
async function upstreamOf(source: Source, context: Context): Promise<string | undefined> {
  const head = await git(source, ['symbolic-ref', '--quiet', 'HEAD'], context);
  // With --quiet, a detached HEAD gives exit code 1 without a message.
  if (head.code === 1 && head.stderr === '') return undefined;
  if (head.code !== 0) throw gitFailure(source, head);
  const { stdout } = await gitOrFail(source, ['for-each-ref', '--format=%(upstream)', head.stdout.trim()], context);
  return stdout.trim() || undefined;
}

async function gitOrFail(source: Source, args: readonly string[], context: Context): Promise<RunResult> {
  const result = await git(source, args, context);
  if (result.code !== 0) throw gitFailure(source, result);
  return result;
}

function git({ root }: Source, args: readonly string[], { env, signal, report }: Context): Promise<RunResult> {
  // A prompt on the terminal would block a restart forever: git must succeed or fail.
  const ended = run('git', ['-C', root, ...args], { env: { ...env, GIT_TERMINAL_PROMPT: '0' }, signal });
  return new SilenceWatch(`git, called in ${root},`, report).while(ended);
}

function gitFailure({ root }: Source, { stderr, code }: RunResult): LaconicError {
  return new LaconicError(`Git pull failed: ${stderr.trim() || `git ended with exit code ${code}`}`, {
    hint: `fix it in ${root}, or use its files as they are with --no-git-pull; the deployment is unchanged`,
  });
}
