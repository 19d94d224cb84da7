import { realpath, rm } from 'node:fs/promises';
import { basename, dirname, isAbsolute, join, resolve } from 'node:path';
import type { Deployment } from '../deployment/open.js';
import { type LoadedSpec, loadSpec } from '../deployment/prepare.js';
import { refuseRecursion } from '../deployment/callers.js';
import { changesText } from '../deployment/outcome.js';
import { readDeployment } from '../deployment/open.js';
import { updateDeployment } from '../deployment/update.js';
import type { Spec } from '../spec/parse.js';
import type { Context } from '../system/context.js';
import { LaconicError } from '../system/errors.js';
import { kindOf, readTextIfAny, writeFileAtomically } from '../system/files.js';
import { packageDirectory } from '../system/package.js';
import { run } from '../system/process.js';
import type { StartOptions } from './deployer.js';
import { startAndReport, type Target, withLockedDeployment } from './operations.js';
import { deployerFor } from './select.js';
import { targetGenerator } from './targets.js';

export interface RestartOptions {
  stackPath: string | undefined;
  specFile: string | undefined;
  force: boolean;
  /** False: the stack's git tree is taken as it is. */
  gitPull: boolean;
  /** Options that are accepted and have no effect. */
  unused: readonly string[];
  rotateSecrets: readonly string[];
  acceptLiteralValues: boolean;
  acceptOtherStack: boolean;
  start: StartOptions;
}

/** Where the sources of a restart are. */
interface Source {
  /** The stack source as given or recorded. */
  path: string;
  /** The root of its git working tree; the source itself when it is no git tree. */
  root: string;
  git: boolean;
}

/**
 * `deployment restart` (01 §16, 02 §7.12, §13.13): pull the stack's git tree if it is one, bring the deployment directory up
 * to date with it, and recreate what changed. Nothing is pulled or written before the deployment itself is found sound.
 */
export async function restartDeployment(target: Target, options: RestartOptions, context: Context): Promise<void> {
  await withLockedDeployment(target, context, async (deployment, lock, inside) => {
    const { report } = inside;
    await refuseRecursion(['update', 'start'], deployment.layout.root, inside);
    for (const option of options.unused) report.warn(`${option} has no effect`);
    const source = await findSource(deployment, options, inside);
    // Asks the engine: containers of another directory, or no engine at all, end the restart here.
    await deployerFor(deployment, inside);
    const before = hostOf(deployment.spec);
    report.print('=== Deployment Restart ===');
    report.print(`Deployment dir: ${deployment.layout.root}`);
    report.print(`Stack source: ${source.path}`);
    report.print(`Current hostname: ${before ?? 'None'}`);
    report.print('');
    report.print('[1/4] Pulling latest code from stack repository...');
    await pull(source, options.gitPull, inside);
    const parsed = await chooseSpec(deployment, source, options, inside);
    report.print('');
    const renamed = compareHosts({ before, after: hostOf(parsed.spec) }, options.force, deployment.spec, inside);
    report.print('');
    report.print('[3/4] Syncing deployment directory...');
    const outcome = await updateDeployment(
      deployment.layout,
      {
        parsed,
        secrets: { rotate: new Set(options.rotateSecrets), generate: false },
        acceptLiteralValues: options.acceptLiteralValues,
        acceptOtherStack: options.acceptOtherStack,
        cwd: source.root,
        stackPath: source.path,
        targets: targetGenerator,
      },
      inside,
    );
    if (outcome !== undefined) for (const line of changesText(target.directory, outcome)) report.info(line);
    report.print('');
    report.print('[4/4] Applying deployment update...');
    const updated = inside.options.dryRun ? deployment : await readDeployment(deployment.layout);
    await withImages(updated, options.start, inside, () => startAndReport(updated, options.start, lock, inside));
    report.print('');
    if (inside.options.dryRun) {
      report.print('nothing was done (--dry-run)');
      return;
    }
    report.print('=== Restart Complete ===');
    report.print(`Deployment updated: ${remade(updated.spec, options.start)}`);
    if (renamed !== undefined) report.print(`\nNew hostname: ${renamed}`);
  });
}

/** What became of the containers. On Kubernetes a restart replaces them all (decision 25). */
function remade({ deployTo }: Spec, { wait }: StartOptions): string {
  if (deployTo === 'compose') return 'services that changed were recreated.';
  return wait ? 'all pods were made anew.' : 'all pods are being made anew.';
}

async function findSource(deployment: Deployment, options: RestartOptions, context: Context): Promise<Source> {
  const given = options.stackPath ?? deployment.record.stackSource;
  if (given === undefined) {
    throw new LaconicError('No stack-source in deployment.yml and --stack-path not provided', {
      hint: 'Use --stack-path to specify the stack git repository location',
    });
  }
  const path = isAbsolute(given) ? given : resolve(context.cwd, given);
  if ((await kindOf(path)) === 'directory') return describeSource(path, context);
  const bundled = options.stackPath === undefined ? await bundledStack(deployment.spec.stack) : undefined;
  if (bundled !== undefined) {
    context.report.info(`the stack's former place ${path} is gone: taking the stack that comes with laconic-so`);
    return { path: bundled, root: bundled, git: false };
  }
  throw new LaconicError(`Stack source path does not exist: ${path}`, {
    ...(isAbsolute(given) || options.stackPath !== undefined
      ? {}
      : {
          hint: `deployment.yml has the relative path ${given}: run this from where the deployment was created, or give --stack-path`,
        }),
  });
}

async function describeSource(path: string, context: Context): Promise<Source> {
  // The stacks that come with the program are not the operator's working tree, even where the program is a git clone.
  if (dirname(path) === bundledStacks()) return { path, root: path, git: false };
  const root = context.options.dryRun ? await treeAround(path) : await treeByGit(path, context);
  return root === undefined ? { path, root: path, git: false } : { path, root, git: true };
}

async function treeByGit(path: string, { env, signal }: Context): Promise<string | undefined> {
  const top = await run('git', ['-C', path, 'rev-parse', '--show-toplevel'], { env, signal });
  return top.code === 0 ? top.stdout.trim() : undefined;
}

/** The root of the working tree around a path as its files tell it: a dry run calls no git (decision 34). */
async function treeAround(path: string): Promise<string | undefined> {
  for (let at = await realpath(path); ; at = dirname(at)) {
    if ((await kindOf(join(at, '.git'))) !== undefined) return at;
    if (at === dirname(at)) return undefined;
  }
}

function bundledStacks(): string {
  return join(packageDirectory(), 'stacks');
}

/** The directory of the bundled stack of this name; undefined when there is none. */
async function bundledStack(name: string): Promise<string | undefined> {
  const path = join(bundledStacks(), basename(name));
  return basename(name) === name && (await kindOf(join(path, 'stack.yml'))) === 'file' ? path : undefined;
}

async function pull(source: Source, wanted: boolean, context: Context): Promise<void> {
  if (!wanted) {
    context.report.info(`Git pull skipped: --no-git-pull, the files of ${source.root} are taken as they are`);
    return;
  }
  if (!source.git) {
    context.report.info(
      `Git pull skipped: ${source.path} is not in a git working tree, its files are taken as they are`,
    );
    return;
  }
  if (context.options.dryRun) {
    context.report.print(`would run git pull in ${source.root}`);
    return;
  }
  // A question on the terminal would stop a restart for ever: git must answer or fail.
  const env = { ...context.env, GIT_TERMINAL_PROMPT: '0' };
  const upstream = await run('git', ['-C', source.root, 'rev-parse', '--abbrev-ref', '@{upstream}'], {
    env,
    signal: context.signal,
  });
  if (upstream.code !== 0) {
    context.report.info(
      `Git pull skipped: the current branch of ${source.root} follows no remote branch, its files are taken as they are`,
    );
    return;
  }
  const result = await run('git', ['-C', source.root, 'pull'], { env, signal: context.signal });
  if (result.code !== 0) {
    throw new LaconicError(`Git pull failed: ${result.stderr.trim()}`, {
      hint: `mend it in ${source.root}, or take its files as they are with --no-git-pull; the deployment is unchanged`,
    });
  }
  context.report.print(`Git pull: ${result.stdout.trim()}`);
}

/**
 * The images of `restart --image` stay in force until the next restart, but only when that one succeeds: after a failure
 * a plain start runs what it would have run before.
 */
async function withImages(
  { layout }: Deployment,
  { images }: StartOptions,
  context: Context,
  start: () => Promise<void>,
): Promise<void> {
  const before = context.options.dryRun ? undefined : await readTextIfAny(layout.images);
  if (images.size === 0 && before !== undefined) {
    context.report.info(
      `the images of the last restart --image are no longer in force: ${before.replace(/\s+/g, ' ').trim()}`,
    );
    await rm(layout.images);
  }
  try {
    await start();
  } catch (error) {
    if (images.size > 0 && !context.options.dryRun) {
      if (before === undefined) await rm(layout.images, { force: true });
      else await writeFileAtomically(layout.images, before);
      context.report.info('the images given with --image are not in force: the next start takes those from before');
    }
    throw error;
  }
}

/** `<root>/<--spec-file>`, else `<root>/deployment/spec.yml` if it exists, else the deployment's own (01 §16). */
async function chooseSpec(
  deployment: Deployment,
  source: Source,
  options: RestartOptions,
  context: Context,
): Promise<LoadedSpec> {
  const conventional = join(source.root, 'deployment', 'spec.yml');
  let path = deployment.layout.spec;
  if (options.specFile !== undefined)
    path = isAbsolute(options.specFile) ? options.specFile : join(source.root, options.specFile);
  else if ((await kindOf(conventional)) === 'file') path = conventional;
  if ((await kindOf(path)) !== 'file') {
    throw new LaconicError(`spec.yml not found at ${path}`, {
      hint: `--spec-file is relative to the root of the stack repository, ${source.root}`,
    });
  }
  const parsed = await loadSpec(path, source.root, true);
  context.report.print(`Using spec: ${path}`);
  context.report.print(`Spec hostname: ${hostOf(parsed.spec) ?? 'None'}`);
  if (path !== deployment.layout.spec && parsed.spec.yaml.text !== deployment.spec.yaml.text) {
    context.report.info(
      `the deployment's spec.yml is replaced by ${path}; what it was is in ${basename(deployment.layout.spec)}.bak`,
    );
  }
  return parsed;
}

function hostOf(spec: Spec): string | undefined {
  return spec.httpProxy[0]?.hostName;
}

/** @returns the new host name when it changed. On compose nothing of ours serves it, so there is nothing to verify. */
function compareHosts(
  { before, after }: { before: string | undefined; after: string | undefined },
  force: boolean,
  { deployTo }: Spec,
  context: Context,
): string | undefined {
  if (after === undefined || after === before) {
    context.report.print('[2/4] Hostname unchanged, skipping DNS verification');
    return undefined;
  }
  context.report.print(`[2/4] Hostname changed: ${before ?? 'None'} -> ${after}`);
  context.report.print(
    force
      ? 'DNS verification skipped (--force)'
      : deployTo === 'compose'
        ? 'DNS is not verified on compose: point the name at whatever serves it'
        : 'DNS is not verified by this version: point the name at the cluster',
  );
  return after;
}
