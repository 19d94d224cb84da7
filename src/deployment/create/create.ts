import { mkdir, readdir, rename, rm } from 'node:fs/promises';
import { dirname, join, relative, resolve } from 'node:path';
import type { Spec } from '../../spec/model.js';
import type { DeployTarget } from '../../spec/schema.js';
import type { Context } from '../../system/context.js';
import { errorMessage, LaconicError } from '../../system/errors.js';
import { copyTree, kindOf, makeDirectory, secretMode, syncPath } from '../../system/files/files.js';
import { removeLeftovers, temporaryBeside } from '../../system/files/temporary-files.js';
import { refuseFaultsAfterHooks } from './compose-faults.js';
import { jobPath, podPath } from '../compose/compose-files.js';
import { type CreateArguments, createHookLabels, runCreateHooks } from '../hooks/run-hooks.js';
import { newId } from '../directory/ids.js';
import { type DeploymentLayout, layoutOf } from '../directory/layout.js';
import { takeLock } from '../access/lock.js';
import { renderManifest } from '../directory/manifest.js';
import { readDeployment } from '../access/open.js';
import { notePlace } from '../directory/place.js';
import { loadSpec, loadStackOfSpec, type Prepared, prepareTree } from './prepare.js';
import { removeUnfinished } from './recover-create.js';
import { type DeploymentRecord, recordFor, renderRecord } from '../directory/record.js';
import type { TargetGenerator, TargetGenerators } from '../access/target.js';
import { type GeneratedFile, type VolumeDirectory, writeGenerated } from '../directory/tree.js';
import { isBelow } from '../../system/files/path-names.js';

export interface CreateOptions {
  specFile: string;
  deploymentDirectory: string;
  arguments: CreateArguments;
  /** `--stack` and `--deploy-to` as given: only compared with the spec's. */
  stack?: string | undefined;
  deployTo?: DeployTarget | undefined;
  targets: TargetGenerators;
  lockWaitSeconds: number;
}

/**
 * `deploy create`: builds everything in a sibling directory, which is renamed into place in one step; then the create
 * hooks run at the final path. If anything fails, or the process is killed, the next attempt starts over.
 * @returns what the directory was created from; undefined in a dry run
 * @throws LaconicError if the directory exists already, or any source is not valid: nothing is left behind
 */
export async function createDeployment(options: CreateOptions, context: Context): Promise<Prepared | undefined> {
  const root = resolve(context.cwd, options.deploymentDirectory);
  const layout = layoutOf(root);
  await requireParent(root, options.deploymentDirectory);
  const parsed = await loadSpec(options.specFile, context.cwd);
  warnAboutUnused(options, parsed.spec, context);
  const loaded = await loadStackOfSpec(parsed.spec, [], context.cwd, context);
  const target = await options.targets(parsed.spec.deployTo, context);
  if (target === undefined) refuseColon(root, options.deploymentDirectory);
  const ids: DeploymentRecord = {
    clusterId: (await target?.existingCluster(parsed.spec)) ?? newId(),
    deploymentId: newId(),
    stackSource: loaded.location.directory,
  };
  const record = recordFor(ids, parsed.spec);
  const secrets = { rotate: new Set<string>(), generate: false };
  const prepared = await prepareTree(
    loaded,
    parsed,
    { layout, record, previous: 'fresh', secrets, cwd: context.cwd, target },
    context,
  );
  if (context.options.dryRun) {
    await requireFree(layout, options.deploymentDirectory);
    printPlan(prepared, layout, context);
    for (const hook of await createHookLabels(prepared)) context.report.print(`would call ${hook}`);
    return undefined;
  }

  const { staging } = layout;
  const lock = await takeLock(layout.createLock, `deployment ${root}`, options.lockWaitSeconds, context);
  const inside = { ...context, env: { ...context.env, LACONIC_SO_LOCK: lock.token } };
  try {
    await requireFree(layout, options.deploymentDirectory);
    await removeUnfinished(layout);
    try {
      await build(staging, prepared, record, options.arguments);
      await rename(staging, root);
      await syncPath(dirname(root));
    } catch (error) {
      await rm(staging, { recursive: true, force: true });
      throw error instanceof LaconicError
        ? error
        : new LaconicError(`cannot create ${root}: ${errorMessage(error)}`, { cause: error });
    }
    try {
      await notePlace(layout);
      await makeOutsideVolumes(prepared.generated.tree.volumes, root);
      await runCreateHooks(layout, prepared, options.arguments, 'create', options.targets, inside);
      await checkAfterHooks(layout, prepared, target, context);
    } catch (error) {
      // The failure must be reported, whether or not the clean-up succeeds.
      await removeUnfinished(layout).catch((failure: unknown) => context.report.warn(errorMessage(failure)));
      throw error;
    }
    await rm(layout.incomplete);
    return prepared;
  } finally {
    await lock.release();
  }
}

/**
 * Checks that create hooks have provided what was missing before.
 * @throws InvalidFileError that names the files of the stack
 */
async function checkAfterHooks(
  layout: DeploymentLayout,
  prepared: Prepared,
  target: TargetGenerator | undefined,
  { env }: Context,
): Promise<void> {
  if (target === undefined) {
    await refuseFaultsAfterHooks(prepared, layout, env);
    return;
  }
  const { stack, assets } = prepared;
  if ((await assets.hookSources()).length === 0) return;
  const pods = stack.pods.map(async (pod) => [podPath(pod.name), await assets.podFile(pod)] as const);
  const jobs = stack.jobs.map(async (job) => [jobPath(job), await assets.jobFile(job)] as const);
  const inStack = new Map(await Promise.all([...pods, ...jobs]));
  await target.refuseMissing(await readDeployment(layout), (path) => inStack.get(path) ?? join(layout.root, path));
}

/**
 * Warns of a `--stack` or `--deploy-to` other than the spec's: most likely a mistake, but scripts pass them to every
 * command.
 */
export function warnAboutUnused(
  { stack, deployTo }: { stack?: string | undefined; deployTo?: DeployTarget | undefined },
  spec: Spec,
  { cwd, report }: Context,
): void {
  if (stack !== undefined && stack !== spec.stack && resolve(cwd, stack) !== resolve(cwd, spec.stack)) {
    report.warn(`--stack ${stack} is not used: the spec file says stack: ${spec.stack}`);
  }
  if (deployTo !== undefined && deployTo !== spec.deployTo) {
    report.warn(`--deploy-to ${deployTo} is not used: the spec file says deploy-to: ${spec.deployTo}`);
  }
}

async function requireParent(root: string, asGiven: string): Promise<void> {
  const parent = dirname(root);
  if ((await kindOf(parent)) !== 'directory') {
    throw new LaconicError(`cannot create ${asGiven}: the directory ${parent} does not exist`);
  }
}

/** In the path of a bind mount, the engine reads a colon as the end of the path: the deployment could never start. */
function refuseColon(root: string, asGiven: string): void {
  if (!root.includes(':')) return;
  throw new LaconicError(`cannot create ${asGiven}: ${root} contains a colon`, {
    hint: 'Docker cannot mount files from such a path: choose a path without one',
  });
}

async function requireFree(layout: DeploymentLayout, asGiven: string): Promise<void> {
  if ((await kindOf(layout.incomplete)) !== undefined) return;
  if ((await kindOf(layout.root)) !== undefined) throw new LaconicError(`${asGiven} already exists`);
}

async function build(
  staging: string,
  prepared: Prepared,
  record: DeploymentRecord,
  createArguments: CreateArguments,
): Promise<void> {
  const { tree } = prepared.generated;
  const own: GeneratedFile[] = [
    { path: 'deployment.yml', source: { text: renderRecord(record) }, mode: 0o644 },
    { path: '.laconic/incomplete', source: { text: '' }, mode: 0o644 },
    { path: '.laconic/create.json', source: { text: JSON.stringify(createArguments) }, mode: secretMode },
    { path: '.laconic/sources.json', source: { text: prepared.generated.sources }, mode: secretMode },
    { path: '.laconic/reported-warnings.json', source: { text: prepared.reported }, mode: secretMode },
    { path: '.laconic/manifest.json', source: { text: await renderManifest(tree.files) }, mode: secretMode },
  ];
  await mkdir(staging);
  await writeGenerated(staging, [...tree.files, ...own], tree.directories);
  for (const volume of insideVolumes(tree.volumes, prepared)) {
    await makeVolume(join(staging, volume.below), volume.seed);
  }
}

function insideVolumes(
  volumes: readonly VolumeDirectory[],
  prepared: Prepared,
): (VolumeDirectory & { below: string })[] {
  const root = prepared.generated.root;
  return volumes
    .filter((volume) => isBelow(volume.path, root))
    .map((volume) => ({ ...volume, below: relative(root, volume.path) }));
}

/**
 * Creates a volume's directory; a new or empty one gets the files of its seed. A new one appears complete: after a
 * kill, a part would look like the volume's own data. An existing one keeps its owner, mode and inode.
 * @throws LaconicError
 */
export async function makeVolume(path: string, seed: string | undefined): Promise<void> {
  if ((await kindOf(path)) !== undefined || seed === undefined) {
    await makeDirectory(path);
    if (seed !== undefined && (await readdir(path)).length === 0) await copyTree(seed, path, 'followed');
    return;
  }
  const seeded = temporaryBeside(path);
  await makeDirectory(dirname(path));
  await removeLeftovers(path);
  try {
    await copyTree(seed, seeded, 'followed');
    await rename(seeded, path);
  } catch (error) {
    await rm(seeded, { recursive: true, force: true });
    throw error instanceof LaconicError
      ? error
      : new LaconicError(`cannot fill the new volume ${path}: ${errorMessage(error)}`, { cause: error });
  }
}

/** Creates volumes whose relative path leads out of the directory, once that is in place. */
async function makeOutsideVolumes(volumes: readonly VolumeDirectory[], root: string): Promise<void> {
  for (const volume of volumes) if (!isBelow(volume.path, root)) await makeVolume(volume.path, volume.seed);
}

function printPlan(prepared: Prepared, layout: DeploymentLayout, context: Context): void {
  context.report.print(`would create ${layout.root} from stack ${prepared.location.directory}:`);
  const { files, volumes } = prepared.generated.tree;
  const paths = ['deployment.yml', ...files.map((file) => file.path)].filter((path) => !path.startsWith('.laconic/'));
  for (const path of paths.sort()) context.report.print(`  ${path}`);
  for (const volume of volumes) context.report.print(`  ${volume.path}/ (volume ${volume.volume})`);
}
