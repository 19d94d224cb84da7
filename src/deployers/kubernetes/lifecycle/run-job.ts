import type { V1EnvVar } from '@kubernetes/client-node';
import type { Deployment } from '../../../deployment/access/open.js';
import { connectEngine } from '../../../engine/connect.js';
import type { Context } from '../../../system/context.js';
import { InterruptedError, LaconicError } from '../../../system/errors.js';
import { didYouMean } from '../../../system/suggest.js';
import type { JobOptions } from '../../deployer.js';
import type { ClusterApi, LiveObject } from '../api/api.js';
import type { ClusterTarget } from '../api/connect.js';
import { requireGone } from '../api/await-deletion.js';
import { stamped } from '../apply/hash.js';
import { entryOf, mergeEntries } from '../apply/inventory.js';
import { fieldManager } from '../apply/field-managers.js';
import { observe } from '../apply/observe.js';
import { type ApplyPlan, planApply } from '../apply/plan.js';
import { resources } from '../api/resources.js';
import { apiOf, clusterOf } from '../api/deployment-cluster.js';
import { imageIdsOf, wantedImages } from '../kind/pod-images.js';
import { createNames } from '../objects/common/names.js';
import { literal } from '../objects/configuration/expansion.js';
import type { KubernetesObject } from '../objects/common/object.js';
import { followJob, needsOfJob, runJobAnnotation } from './follow-job.js';
import { SharedOutput } from '../operate/logs/shared-output.js';
import type { PodFacts } from '../ready/api-types.js';
import { containersOf } from '../ready/pod.js';
import { type PreparedInput, prepareObjects } from '../input/prepare.js';
import { withSelectedAddresses } from '../input/selected-addresses.js';
import { schedulingTimeoutMs } from './start.js';
import { executePlan } from '../apply/apply.js';
import { ensureCluster } from '../kind/ensure.js';
import { loadImages } from '../kind/load-images.js';
import { NoKindClusterError } from '../kind/no-cluster.js';

/**
 * Runs a job of the stack to its end and shows its output; resolves to its exit code. An earlier run is replaced.
 * `args` replace the job's own, and `env` overrides its variables. Needs no running pods: what the job uses is applied
 * first. When interrupted, it deletes the Job before it throws.
 * @throws LaconicError for an unknown job, or one that is running; InterruptedError
 */
export async function runJobOnKubernetes(
  deployment: Deployment,
  name: string,
  how: JobOptions,
  context: Context,
): Promise<number> {
  const kind = deployment.spec.deployTo === 'k8s-kind';
  const dry = context.options.dryRun;
  const engine = kind && !dry ? await connectEngine(context) : undefined;
  const imageIds = engine && ((references: readonly string[]) => imageIdsOf(engine, references));
  const wish = { requireToken: !dry, imageIds };
  const prepared = await prepareObjects(deployment, wish, context);
  const { object, main } = jobObject(prepared, name, how);
  if (dry) {
    context.report.print(`would run job ${name} as Job ${object.metadata.name}`);
    return 0;
  }
  const { api, target: cluster } = await readyCluster(deployment, object, prepared, context);
  const before = await api.get(resources.Job, object.metadata.name, prepared.identity.namespace);
  if (before !== undefined) await refuseWhileRunning(before, api);
  context.report.print(`Running job: ${name}`);
  await applySupplies(await withSelectedAddresses(prepared, api), object, api, context);
  if (before !== undefined) await deleteJob(before, api, context);
  const job = await api.create(object, fieldManager);
  if (!how.wait) {
    context.report.info(
      `job ${name} runs as Job ${object.metadata.name}: status shows its state, logs ${name} its output`,
    );
    return 0;
  }
  const { name: jobName, namespace = '' } = job.metadata;
  const warnAtExit = (): void =>
    context.report.warn(
      `Job ${jobName} may still be running in namespace ${namespace}: run-job does not start a second one meanwhile, and stop deletes it`,
    );
  process.once('exit', warnAtExit);
  try {
    const { target } = prepared.input;
    const code = await followJob({
      api,
      job,
      main,
      schedulingTimeoutMs: schedulingTimeoutMs[target],
      context,
      output: new SharedOutput(process.stdout),
    });
    if (code !== 0) context.report.error(`Error running job ${name}: it returned with code ${code}`);
    return code;
  } catch (error) {
    if (error instanceof InterruptedError) await removeInterrupted(cluster, job, context);
    throw error;
  } finally {
    process.removeListener('exit', warnAtExit);
  }
}

/**
 * Returns the Job to run: with these arguments, and marked as a user's, so that `stop` refuses to end it without
 * `--force`.
 */
function jobObject(
  { input, objects }: PreparedInput,
  name: string,
  { args, env }: JobOptions,
): { object: KubernetesObject; main: string } {
  const names = createNames(input);
  const found = objects.find((object) => object.kind === 'Job' && object.metadata.name === names.job(name));
  const known = input.jobs.map((job) => job.name);
  if (found === undefined || !known.includes(name)) {
    throw new LaconicError(`Job '${name}' not found${didYouMean(name, known)}`, {
      hint: known.length === 0 ? 'this deployment has no jobs' : `Available jobs: ${known.join(', ')}`,
    });
  }
  const job = structuredClone(found) as KubernetesObject & {
    spec: { template: { spec: { containers: { name: string; args?: string[]; env?: V1EnvVar[] }[] } } };
  };
  const { containers } = job.spec.template.spec;
  const own = containers.find((container) => container.name === names.container(name));
  if (own === undefined && args.length + env.size > 0) {
    throw new LaconicError(
      `job ${name} has no service of its own name, which would receive the arguments and variables`,
      {
        hint: `services in it: ${containers.map((container) => container.name).join(', ')}`,
      },
    );
  }
  if (own !== undefined && args.length > 0) own.args = args.map(literal);
  if (own !== undefined && env.size > 0) {
    const given = [...env].map(([variable, value]) => ({ name: variable, value: literal(value) }));
    own.env = [...(own.env ?? []).filter((each) => !env.has(each.name)), ...given];
  }
  // Not part of the hash, so that start can compare it.
  const object = stamped(job);
  object.metadata.annotations = { ...object.metadata.annotations, [runJobAnnotation]: 'true' };
  return { object, main: own?.name ?? containers[0]?.name ?? name };
}

/** Connects to the deployment's cluster; on kind also sends the job's images. */
async function readyCluster(
  deployment: Deployment,
  job: KubernetesObject,
  { input }: PreparedInput,
  context: Context,
): Promise<{ api: ClusterApi; target: ClusterTarget }> {
  const own = clusterOf(deployment);
  if (own.kind === 'k8s') return { api: await apiOf(own, context), target: own };
  const engine = await connectEngine(context);
  const quiet = { ...context, report: { ...context.report, print: (line: string) => context.report.verbose(line) } };
  const { name, found } = await ensureCluster({ ...deployment, manage: false }, engine, quiet).catch(
    (error: unknown) => {
      throw error instanceof NoKindClusterError ? new NoKindClusterError(own.cluster, error) : error;
    },
  );
  await loadImages(
    name,
    wantedImages([job], deployment.stack.containers, new Set(input.imageOverrides.values())),
    engine,
    context,
    found?.contents,
  );
  const target: ClusterTarget = { kind: 'k8s-kind', cluster: name };
  return { api: found?.api ?? (await apiOf(target, context)), target };
}

/** A running container may be doing something that must not be done twice at a time. A waiting one can be replaced. */
async function refuseWhileRunning(job: LiveObject, api: ClusterApi): Promise<void> {
  const { name, namespace = '' } = job.metadata;
  const pods = await api.list(resources.Pod, { namespace, labelSelector: `job-name=${name}` });
  const running = (pods as unknown as PodFacts[]).filter((pod) =>
    containersOf(pod).some(({ status }) => status?.state?.running !== undefined),
  );
  if (running.length === 0) return;
  throw new LaconicError(`Job ${name} is already running`, {
    hint: `wait until it has ended, or end it: kubectl --namespace ${namespace} delete job ${name}`,
  });
}

/** Deletes a Job with its pods and waits until they are gone. */
async function deleteJob(job: LiveObject, api: ClusterApi, context: Context): Promise<void> {
  const { name, namespace, uid } = job.metadata;
  await api.delete(resources.Job, name, namespace, { uid, propagation: 'Foreground' });
  await requireGone(api, [job], context);
}

/** Configuration, volumes and names: what pods need. No workloads or traffic, and nothing is removed. */
const supplies: ReadonlySet<string> = new Set([
  'Namespace',
  'Secret',
  'ConfigMap',
  'PersistentVolume',
  'PersistentVolumeClaim',
  'Service',
  'EndpointSlice',
]);

async function applySupplies(
  { identity, objects }: PreparedInput,
  job: KubernetesObject,
  api: ClusterApi,
  context: Context,
): Promise<void> {
  const observed = await observe(api, identity, objects, needsOfJob);
  const plan = suppliesOnly(planApply(identity, objects, observed), job);
  const options = { order: [], awaitReady: async () => undefined, later: needsOfJob };
  await executePlan(plan, api, options, context);
}

/**
 * Returns the part of a plan that a job needs; the inventory keeps everything else. The Job is listed without its uid,
 * as it is about to be recreated. Pure.
 */
export function suppliesOnly(plan: ApplyPlan, job: KubernetesObject): ApplyPlan {
  const actions = plan.actions.filter(({ object }) => supplies.has(object.kind));
  const others = plan.actions.filter(({ object }) => !supplies.has(object.kind));
  const live = others.flatMap((action) => ('live' in action ? [entryOf(action.object, action.live)] : []));
  const leaving = plan.removals.map((removal) => entryOf(removal.live, removal.live));
  const keptEntries = mergeEntries([...plan.keptEntries, ...leaving, ...live], [entryOf(job, undefined)]);
  const earlier = plan.inventory ?? [];
  const made = actions.map((action) => entryOf(action.object, 'live' in action ? action.live : undefined));
  return {
    ...plan,
    actions,
    removals: [],
    inventoryBefore: mergeEntries(earlier, [...made, ...keptEntries]),
    keptEntries,
    warnings: [],
    remarks: [],
  };
}

/** Deletes the Job over another connection, as the context's own requests have ended with Ctrl-C. */
async function removeInterrupted(target: ClusterTarget, job: LiveObject, context: Context): Promise<void> {
  context.report.endProgress();
  context.report.info(`deleting Job ${job.metadata.name}`);
  const lasting = { ...context, signal: new AbortController().signal };
  await deleteJob(job, await apiOf(target, lasting), lasting);
}
