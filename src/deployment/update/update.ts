import { chmod } from 'node:fs/promises';
import { basename, join, resolve } from 'node:path';
import { compareServices } from '../../compose/fingerprint.js';
import type { Spec } from '../../spec/parse.js';
import type { Context } from '../../system/context.js';
import { LaconicError } from '../../system/errors.js';
import { kindOf, makeDirectory, readTextIfAny, secretMode, writeIfDifferent } from '../../system/files/files.js';
import { applyChanges } from './apply-update.js';
import { makeVolume } from '../create/create.js';
import { filesOfTree, readerOf } from '../directory/files.js';
import { type CreateArguments, createHookLabels, runCreateHooks } from '../hooks/run-hooks.js';
import { dropImagesOfOthers } from '../images/image-overrides.js';
import { clearJournal, writeJournal } from '../access/journal.js';
import type { DeploymentLayout } from '../directory/layout.js';
import { warnOfLostManifest } from '../access/lost-manifest.js';
import { currentChecksum } from '../directory/manifest.js';
import { type Deployment, readDeployment } from '../access/open.js';
import type { ChangedPath, UpdateOutcome } from './outcome.js';
import { parseOwnJson } from '../directory/state-file.js';
import { type LoadedSpec, loadStackOfSpec, type Prepared, prepareTree, type SecretOptions } from '../create/prepare.js';
import type { TargetGenerators } from '../access/target.js';
import { servicePrints } from './service-fingerprints.js';
import { recordFor } from '../directory/record.js';
import { requireSecrets } from '../secrets/require-secrets.js';
import { refuseChangedValues } from './update-environment.js';
import { checksumOf, type VolumeDirectory } from '../directory/tree.js';
import { planUpdate, type UpdatePlan, warnAboutEdit } from './plan.js';
import { isBelow } from '../../system/files/path-names.js';

export interface UpdateOptions {
  parsed: LoadedSpec;
  secrets: SecretOptions;
  /** Write values literally even if the old, unquoted `config.env` was read differently. */
  acceptLiteralValues: boolean;
  /** The spec may name another stack than the one the deployment was created from. */
  acceptOtherStack: boolean;
  /** New arguments for the create hooks; absent: those of `deploy create`. */
  arguments?: CreateArguments;
  /** Where relative paths of the spec start. */
  cwd: string;
  /** Absolute path of the stack if its name in the spec is not found; takes precedence over `deployment.yml`. */
  stackPath?: string;
  targets: TargetGenerators;
  /** Called with the future services of the directory before anything is written; throws to refuse. */
  accept?: (services: ReadonlySet<string>) => void;
}

/**
 * `deploy create --update`, and the update part of `deployment restart`. The directory is never moved: changes are
 * staged, journalled and renamed file by file. Volume directories are created if new, never written to. The caller
 * holds the lock and has finished an earlier update.
 * @returns what has changed; in a dry run, what would change
 * @throws LaconicError, InvalidFileError
 */
export async function updateDeployment(
  layout: DeploymentLayout,
  options: UpdateOptions,
  context: Context,
): Promise<UpdateOutcome> {
  const present = await readDeployment(layout);
  const { ours, record } = present;
  if (!options.acceptOtherStack) refuseOtherStack(present, options.parsed.spec);
  refuseOtherTarget(present, options.parsed.spec);
  const { config } = options.parsed.spec;
  await requireSecrets(present, { config, rotate: options.secrets.rotate }, options.targets, context);
  const sources = [options.stackPath, record.stackSource].filter((source) => source !== undefined);
  const loaded = await loadStackOfSpec(options.parsed.spec, sources, options.cwd, context);
  const { secrets, cwd } = options;
  const target = await options.targets(options.parsed.spec.deployTo, context);
  const prepared = await prepareTree(
    loaded,
    options.parsed,
    {
      layout,
      record: recordFor(record, options.parsed.spec),
      previous: ours ? 'ours' : 'python',
      secrets,
      cwd,
      target,
    },
    context,
  );
  options.accept?.(prepared.generated.services);
  if (!ours && !options.acceptLiteralValues) {
    await refuseChangedValues(layout, prepared.spec, prepared.generated.tree.files, context);
  }

  const plan = await planUpdate(layout, prepared, ours ? options.arguments : undefined);
  if (ours) await warnOfLostManifest(layout, prepared.generated.tree, plan.steps, context.report);
  warnAboutLostVolumes(present, plan, context);
  for (const path of plan.left) {
    context.report.warn(`${path} is no longer part of the stack, but not a regular file: it is kept`);
  }
  if (context.options.dryRun) {
    const outcome = await plannedOutcome(layout, plan, prepared, present, context);
    const after = plannedDeployment(present, prepared, plan);
    return { ...outcome, planned: { after, edited: plan.edited, hooks: await createHookLabels(loaded) } };
  }
  const createArguments = options.arguments ?? (await readCreateArguments(layout));
  const hooks = await createHookLabels(loaded);
  const printed = target === undefined && plan.steps.length + hooks.length > 0;
  const servicesBefore = printed ? await servicePrints(layout, present.stack, context.env) : undefined;
  const before = await checksumsNow(layout, plan);
  if (plan.steps.length > 0) await applyChanges(layout, plan, hooks[0]);
  else await makeFoldersAndModes(layout, plan);
  const outside = await newVolumesOutside(prepared, layout);
  for (const volume of outside) await makeVolume(volume.path, volume.seed);
  await runCreateHooks(layout, prepared, createArguments, 'update', options.targets, context, (hook) =>
    writeJournal(layout, { phase: 'hooks', steps: [], hook }),
  );
  await clearJournal(layout);
  await writeIfDifferent(layout.reportedWarnings, prepared.reported, secretMode);
  await writeIfDifferent(layout.sources, prepared.generated.sources, secretMode);
  await dropImagesOfOthers(layout.images, prepared.generated.services, context.report);
  const servicesNow = printed ? await servicePrints(layout, prepared.stack, context.env) : undefined;
  const paths = [...changedPaths(plan, before, await checksumsNow(layout, plan)), ...outside.map(newDirectory)];
  for (const { path, change } of paths) {
    if (plan.edited.includes(path)) warnAboutEdit(path, change === 'removed' ? 'removed' : 'replaced', context);
  }
  return {
    paths,
    ...(servicesBefore === undefined || servicesNow === undefined
      ? {}
      : { services: compareServices(servicesBefore, servicesNow) }),
  };
}

/** All there is to do if no file changes: it is not worth a generation and a journal. */
async function makeFoldersAndModes({ root }: DeploymentLayout, { folders, modes }: UpdatePlan): Promise<void> {
  for (const directory of folders) await makeDirectory(join(root, directory));
  for (const { path, mode } of modes) await chmod(join(root, path), mode);
}

/** Volume directories outside of the deployment that do not exist yet. */
async function newVolumesOutside({ generated }: Prepared, { root }: DeploymentLayout): Promise<VolumeDirectory[]> {
  const outside = generated.tree.volumes.filter(({ path }) => !isBelow(path, root));
  const kinds = await Promise.all(outside.map(({ path }) => kindOf(path)));
  return outside.filter((_, at) => kinds[at] === undefined);
}

function newDirectory({ path }: VolumeDirectory): ChangedPath {
  return { path: `${path}/`, change: 'new' };
}

function plannedDeployment(present: Deployment, { spec, stack, generated, location }: Prepared, plan: UpdatePlan) {
  const { layout } = present;
  const removed = plan.steps.filter(({ op }) => op === 'remove').map(({ path }) => path);
  const files = filesOfTree(layout.root, generated.tree.files, generated.tree.directories, removed);
  const record = recordFor({ ...present.record, stackSource: location.directory }, spec);
  return { deployment: { ...present, record, spec, stack }, files };
}

/** The effect of the update, without changes by its create hooks. Read-only. */
async function plannedOutcome(
  layout: DeploymentLayout,
  plan: UpdatePlan,
  prepared: Prepared,
  present: Deployment,
  { env }: Context,
): Promise<UpdateOutcome> {
  const { tree } = prepared.generated;
  const before = await checksumsNow(layout, plan);
  const generated = plan.staged.filter(({ path }) => before.has(path));
  const staged = new Map(
    await Promise.all(generated.map(async (file) => [file.path, await checksumOf(file)] as const)),
  );
  const outside = await newVolumesOutside(prepared, layout);
  const paths = [...changedPaths(plan, before, staged), ...outside.map(newDirectory)];
  if (prepared.spec.deployTo !== 'compose' || plan.steps.length === 0) return { paths };
  const reader = readerOf(layout.root, filesOfTree(layout.root, tree.files, tree.directories));
  const now = await servicePrints(layout, present.stack, env);
  const then = await servicePrints(layout, prepared.stack, env, reader);
  return { paths, ...(now && then && { services: compareServices(now, then) }) };
}

/** Checksums of the files in a plan, except laconic-so's own. */
async function checksumsNow(layout: DeploymentLayout, plan: UpdatePlan): Promise<Map<string, string | undefined>> {
  const paths = plan.steps.map(({ path }) => path).filter((path) => !path.startsWith('.laconic/'));
  const sums = paths.map(async (path) => [path, await currentChecksum(join(layout.root, path))] as const);
  return new Map(await Promise.all(sums));
}

/** If a create hook has restored a file, it counts as unchanged. */
function changedPaths(
  plan: UpdatePlan,
  before: ReadonlyMap<string, string | undefined>,
  now: ReadonlyMap<string, string | undefined>,
): ChangedPath[] {
  const paths = plan.modes.map(({ path }): ChangedPath => ({ path, change: 'permissions' }));
  for (const { op, path } of plan.steps) {
    const [old, present] = [before.get(path), now.get(path)];
    if (op === 'directory') paths.push({ path: `${path}/`, change: 'new' });
    else if (old !== present) paths.push({ path, change: changeOf(old, present) });
  }
  return paths.sort((a, b) => (a.path < b.path ? -1 : 1));
}

function changeOf(before: string | undefined, now: string | undefined): ChangedPath['change'] {
  if (before === undefined) return 'new';
  return now === undefined ? 'removed' : 'changed';
}

/**
 * Warns that the missing directory of an existing volume is recreated empty: the operator must know that data may be
 * lost.
 */
function warnAboutLostVolumes(present: Deployment, plan: UpdatePlan, context: Context): void {
  for (const { volume, path } of plan.volumes) {
    if (!present.spec.volumes.has(volume)) continue;
    context.report.warn(
      `the directory of volume ${volume}, ${path}, is missing: an empty one is created; if it held data, restore the data`,
    );
  }
}

/**
 * A spec of another stack is most likely the wrong file: it would replace every service, visible only at the next
 * start.
 */
function refuseOtherStack({ layout, spec: present }: Deployment, spec: Spec): void {
  if (basename(resolve(present.stack)) === basename(resolve(spec.stack))) return;
  throw new LaconicError(
    `${spec.yaml.file} is a spec of stack ${spec.stack}, and ${layout.root} is a deployment of stack ${present.stack}`,
    {
      hint: 'is this the right file? --accept-other-stack replaces the services of the deployment with those of the other stack',
    },
  );
}

/** Whatever runs on the old target would keep running there, unknown to any deployment. */
function refuseOtherTarget({ layout, spec: present }: Deployment, spec: Spec): void {
  if (present.deployTo === spec.deployTo) return;
  throw new LaconicError(
    `${spec.yaml.file} says deploy-to: ${spec.deployTo}, and ${layout.root} is a deployment on ${present.deployTo}`,
    { hint: 'create a new deployment directory for the other target, and move the data there' },
  );
}

/** The arguments of `deploy create` for this directory; empty for one of the Python program. */
async function readCreateArguments(layout: DeploymentLayout): Promise<CreateArguments> {
  const text = await readTextIfAny(layout.createArguments);
  return text === undefined
    ? { networkDir: null, initialPeers: null, extraArgs: [] }
    : (parseOwnJson(
        text,
        layout.createArguments,
        'it holds the options of deploy create for the hooks: write {"networkDir":null,"initialPeers":null,"extraArgs":[]} into it, with those values',
      ) as CreateArguments);
}
