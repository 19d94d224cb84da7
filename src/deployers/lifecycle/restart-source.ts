import { basename, dirname, isAbsolute, join, resolve } from 'node:path';
import type { Deployment } from '../../deployment/access/open.js';
import type { Context } from '../../system/context.js';
import { LaconicError } from '../../system/errors.js';
import { kindOf } from '../../system/files/files.js';
import { workingTreeAround } from '../../system/files/links.js';
import { packageDirectory } from '../../system/package.js';

/** What a restart asks of git, for the root of a working tree. `repositories/pull-for-restart.ts` does it. */
export interface SourceGit {
  /** Returns the output of `git pull`; undefined if the current branch has no upstream branch. */
  pull: (root: string, context: Context) => Promise<string | undefined>;
  /** Whether a pull would bring commits. */
  pullBringsCommits: (root: string, context: Context) => Promise<boolean>;
}

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
 * Pulls the source's working tree. A source that cannot be pulled (no git tree, no remote branch, a detached HEAD) is
 * used as it is, with a message.
 * @param git undefined: `--no-git-pull`
 * @throws LaconicError with git's message if git fails in any other way
 */
export async function pullSource(
  { git: isGit, path, root }: Source,
  git: SourceGit | undefined,
  context: Context,
): Promise<void> {
  const skipped = (why: string): void => context.report.info(`Git pull skipped: ${why} used as they are`);
  if (git === undefined) return skipped(`--no-git-pull, the files of ${root} are`);
  if (!isGit) return skipped(`${path} is not in a git working tree, its files are`);
  if (context.options.dryRun) {
    context.report.print(`would run git pull in ${root}: what it changes is not in the plan`);
    return;
  }
  const output = await git.pull(root, context);
  if (output === undefined) skipped(`the current branch of ${root} has no upstream branch, its files are`);
  else context.report.print(`Git pull: ${output}`);
}
