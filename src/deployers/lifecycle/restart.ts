import { basename, join, resolve } from 'node:path';
import { jobPath, podPath, readDeployedFiles, serviceNames } from '../../deployment/compose/compose-files.js';
import { checkImageServices, activeImages, setActiveImages } from '../../deployment/images/image-overrides.js';
import type { Deployment } from '../../deployment/access/open.js';
import { checkRotations, type LoadedSpec, loadSpec } from '../../deployment/create/prepare.js';
import { refuseRecursion } from '../../deployment/access/recursion-guard.js';
import type { UpdateOutcome } from '../../deployment/update/outcome.js';
import { readDeployment } from '../../deployment/access/open.js';
import { requireSecrets } from '../../deployment/secrets/require-secrets.js';
import { updateDeployment } from '../../deployment/update/update.js';
import type { Spec } from '../../spec/parse.js';
import type { Context } from '../../system/context.js';
import { LaconicError } from '../../system/errors.js';
import { kindOf } from '../../system/files/files.js';
import type { StartOptions } from '../deployer.js';
import { type Target, withLockedDeployment } from './open.js';
import { findSource, pullSource, type Source, type SourceGit } from './restart-source.js';
import { requireSources } from '../secrets/read-secret-sources.js';
import { deployerFor, targetGenerator } from './choose-deployer.js';
import { startWithHooks } from './start.js';
import { type TargetFacts, targetFacts } from './target-facts.js';
import { checkStartOptions } from './target-options.js';
import { isBelow } from '../../system/files/path-names.js';

export interface RestartOptions {
  stackPath: string | undefined;
  specFile: string | undefined;
  force: boolean;
  /** Undefined: the stack's git tree is used as it is. */
  git: SourceGit | undefined;
  /** Options that are accepted and have no effect. */
  unused: readonly string[];
  rotateSecrets: readonly string[];
  acceptLiteralValues: boolean;
  acceptOtherStack: boolean;
  /** Called when the directory is updated, or in a dry run when its update is planned. */
  updated: (outcome: UpdateOutcome) => void;
  start: StartOptions;
}

/**
 * `deployment restart`: pulls the stack's git tree if it is one, updates the deployment directory from it, and
 * recreates what changed. Nothing is pulled or written before the deployment and the options are validated.
 * @throws LaconicError, InvalidFileError; InterruptedError
 */
export async function restartDeployment(target: Target, options: RestartOptions, context: Context): Promise<void> {
  await withLockedDeployment(target, context, async (deployment, lock, inside) => {
    const { report } = inside;
    const facts = targetFacts(deployment.spec.deployTo);
    await refuseRecursion(['update', 'start'], deployment.layout.root, inside);
    checkStartOptions(deployment.spec, options.start, report);
    for (const option of options.unused) report.warn(`${option} has no effect`);
    const rotate = new Set(options.rotateSecrets);
    await requireSecrets(deployment, { config: deployment.spec.config, rotate }, targetGenerator, inside);
    const source = await findSource(deployment, options.stackPath, inside);
    // Queries the engine: the restart ends here if the containers belong to another directory, or no engine answers.
    await deployerFor(deployment, inside);
    await refuseUnknown(deployment, source, options, inside);
    const before = hostOf(deployment.spec);
    report.print('=== Deployment Restart ===');
    report.print(`Deployment dir: ${deployment.layout.root}`);
    report.print(`Stack source: ${source.path}`);
    report.print(`Current hostname: ${before ?? 'None'}`);
    report.print('');
    report.print('[1/4] Pulling latest code from stack repository...');
    await pullSource(source, options.git, inside);
    const parsed = await chooseSpec(deployment, source, options, inside);
    report.print('');
    const renamed = compareHosts({ before, after: hostOf(parsed.spec) }, options.force, facts, inside);
    report.print('');
    report.print('[3/4] Syncing deployment directory...');
    await requireSources(parsed.spec, inside);
    const outcome = await updateDeployment(
      deployment.layout,
      {
        parsed,
        secrets: { rotate, generate: false },
        acceptLiteralValues: options.acceptLiteralValues,
        acceptOtherStack: options.acceptOtherStack,
        cwd: source.root,
        stackPath: source.path,
        targets: targetGenerator,
        accept: (services) => checkImageServices(options.start.images, [...services]),
      },
      inside,
    );
    options.updated(outcome);
    const { dryRun } = inside.options;
    report.print('');
    report.print('[4/4] Applying deployment update...');
    const updated = dryRun ? deployment : await readDeployment(deployment.layout);
    const how = { ...options.start, ...(dryRun && { pending: outcome.services, after: outcome.planned?.after }) };
    const touched = await withImages(updated, how, inside, (start) => startWithHooks(updated, start, lock, inside));
    report.print('');
    if (dryRun) {
      report.print('nothing was done (--dry-run)');
      return;
    }
    report.print('=== Restart Complete ===');
    report.print(`Deployment updated: ${remade(facts, options.start, touched, outcome)}`);
    if (renamed !== undefined) report.print(`\nNew hostname: ${renamed}`);
  });
}

/** What happened to the containers. */
function remade(
  { restartsAll }: TargetFacts,
  { wait }: StartOptions,
  touched: boolean,
  outcome: UpdateOutcome,
): string {
  if (restartsAll) return wait ? 'all pods were recreated.' : 'all pods are being recreated.';
  if (touched) return 'services that changed were recreated.';
  const same = outcome.paths.length === 0;
  return same ? 'nothing changed, no service was recreated.' : 'no service had to be recreated.';
}

/**
 * Refuses what the options name but does not exist, before anything is pulled. If a pull would bring commits, it may
 * exist afterwards, and is checked then.
 */
async function refuseUnknown(
  deployment: Deployment,
  source: Source,
  options: RestartOptions,
  context: Context,
): Promise<void> {
  const services = await deployedServices(deployment);
  const path = await specPath(deployment, source, options);
  const missing = (await kindOf(path)) !== 'file';
  if (missing && !isBelow(path, source.root)) throw noSpec(path, source);
  const check = async (): Promise<void> => {
    if (missing) throw noSpec(path, source);
    checkImageServices(options.start.images, services);
    const { spec } = await loadSpec(path, source.root, true);
    checkRotations(options.rotateSecrets, spec);
    await requireSources(spec, context);
  };
  try {
    await check();
  } catch (error) {
    if (options.git === undefined || !source.git) throw error;
    // A dry run does not call git: what a pull would bring is unknown.
    if (context.options.dryRun || (await options.git.pullBringsCommits(source.root, context))) return;
    throw error;
  }
}

/** The services whose images a restart can change, according to the files in the deployment's directory. */
async function deployedServices({ layout, spec, stack }: Deployment): Promise<string[]> {
  const paths = stack.pods.map((pod) => podPath(pod.name));
  if (targetFacts(spec.deployTo).imagesOfJobs) paths.push(...stack.jobs.map(jobPath));
  return [...serviceNames((await readDeployedFiles(layout.root, paths)).files)];
}

/**
 * Runs `start` with the images in force afterwards: the given ones are added to those of earlier restarts, and a
 * restart without any drops all of them. They stay in force only if the start succeeds: after a failure, a plain start
 * runs what it would have run before.
 */
async function withImages(
  { layout }: Deployment,
  options: StartOptions,
  { options: { dryRun }, report }: Context,
  start: (options: StartOptions) => Promise<boolean>,
): Promise<boolean> {
  const before = await activeImages(layout.images);
  const given = options.images;
  for (const [service, image] of before) {
    if (given.size === 0) report.info(`${service}: the image of the stack again, not ${image} of an earlier --image`);
    else if (!given.has(service)) report.info(`${service}: stays at ${image} of an earlier --image`);
  }
  const images = given.size === 0 ? given : new Map([...before, ...given]);
  if (dryRun) return start({ ...options, images });
  if (given.size === 0) await setActiveImages(layout.images, images);
  try {
    return await start({ ...options, images });
  } catch (error) {
    if (given.size > 0) {
      await setActiveImages(layout.images, before);
      report.info('the images given with --image do not apply: the next start uses the earlier ones');
    }
    throw error;
  }
}

/** Reads the spec that the directory is updated from. */
async function chooseSpec(
  deployment: Deployment,
  source: Source,
  options: RestartOptions,
  context: Context,
): Promise<LoadedSpec> {
  const path = await specPath(deployment, source, options);
  if ((await kindOf(path)) !== 'file') throw noSpec(path, source);
  const parsed = await loadSpec(path, source.root, true);
  context.report.print(`Using spec: ${path}`);
  context.report.print(`Spec hostname: ${hostOf(parsed.spec) ?? 'None'}`);
  if (path !== deployment.layout.spec && parsed.spec.yaml.text !== deployment.spec.yaml.text) {
    context.report.info(
      `the deployment's spec.yml is replaced by ${path}; the previous one is kept as ${basename(deployment.layout.spec)}.bak`,
    );
  }
  return parsed;
}

/** `<root>/<--spec-file>`, else `<root>/deployment/spec.yml` if it exists, else the deployment's own. */
async function specPath({ layout }: Deployment, { root }: Source, { specFile }: RestartOptions): Promise<string> {
  if (specFile !== undefined) return resolve(root, specFile);
  const conventional = join(root, 'deployment', 'spec.yml');
  return (await kindOf(conventional)) === 'file' ? conventional : layout.spec;
}

function noSpec(path: string, { root }: Source): LaconicError {
  return new LaconicError(`spec.yml not found at ${path}`, {
    hint: `--spec-file is relative to the root of the stack repository, ${root}`,
  });
}

function hostOf(spec: Spec): string | undefined {
  return spec.httpProxy[0]?.hostName;
}

/** @returns the new host name if it changed */
function compareHosts(
  { before, after }: { before: string | undefined; after: string | undefined },
  force: boolean,
  { newHostName }: TargetFacts,
  context: Context,
): string | undefined {
  if (after === undefined || after === before) {
    context.report.print('[2/4] Hostname unchanged, skipping DNS verification');
    return undefined;
  }
  context.report.print(`[2/4] Hostname changed: ${before ?? 'None'} -> ${after}`);
  context.report.print(force ? 'DNS verification skipped (--force)' : newHostName);
  return after;
}
