import { homedir } from 'node:os';
import { deleteData } from '../../../deployment/access/delete-data.js';
import type { Deployment } from '../../../deployment/access/open.js';
import { connectEngine } from '../../../engine/connect.js';
import type { Context } from '../../../system/context.js';
import { LaconicError } from '../../../system/errors.js';
import type { StopOptions } from '../../deployer.js';
import type { ClusterApi } from '../api/api.js';
import { ClusterError, isForbidden } from '../api/errors.js';
import type { Identity } from '../objects/common/identity.js';
import { resources } from '../api/resources.js';
import { apiOf, clusterNameOf, clusterOf } from '../api/deployment-cluster.js';
import { ensureKubeContext } from '../kind/kube-context.js';
import { listKindClusters } from '../kind/clusters.js';
import { placeOnKind, type NodePlace } from '../objects/storage/volume-places.js';
import { describeObject } from '../objects/common/object.js';
import { runJobAnnotation } from './follow-job.js';
import { identityOf } from '../input/prepare.js';
import { deleteCluster } from '../kind/delete.js';
import { planRemoval, removeDeployment } from '../remove/remove.js';
import { patienceOf, reach, silenceOf } from './preview.js';
import { noKindCluster } from '../kind/no-cluster.js';

/**
 * Removes a deployment from its cluster, and returns when all is gone: volumes, the namespace and the kind cluster only
 * if requested, data on hosts only with `deleteData`. Stopping a stopped deployment is not an error.
 */
export async function stopOnKubernetes(deployment: Deployment, options: StopOptions, context: Context): Promise<void> {
  const identity = identityOf(deployment);
  const kind = deployment.spec.deployTo === 'k8s-kind';
  if (context.options.dryRun) {
    await printPlan(deployment, identity, options, context);
    return;
  }
  const api = await (kind ? kindApi(deployment, options, context) : apiOf(clusterOf(deployment), context));
  if (api !== undefined) await removeObjects(api, deployment, identity, options, context);
  if (kind && options.kubernetes?.manageCluster === true) {
    const { namespace, deploymentId: own } = identity;
    await deleteCluster(clusterNameOf(deployment), { own, namespace, force: options.force }, context);
  }
  context.report.endProgress();
  if (options.deleteData) await deleteData(deployment, context);
}

/**
 * Connects to the deployment's kind cluster; undefined if nothing can run, or if the cluster is deleted even without an
 * answer.
 */
async function kindApi(
  deployment: Deployment,
  options: StopOptions,
  context: Context,
): Promise<ClusterApi | undefined> {
  const engine = await connectEngine(context);
  const name = clusterNameOf(deployment);
  const cluster = (await listKindClusters(engine)).find((one) => one.name === name);
  if (cluster === undefined) {
    context.report.info(`nothing was running: ${noKindCluster(name)}`);
    return undefined;
  }
  try {
    await ensureKubeContext(cluster, engine, context);
    const api = await apiOf(clusterOf(deployment), context);
    await api.text('/readyz');
    return api;
  } catch (error) {
    const unreachable = error instanceof ClusterError && (error.status === undefined || error.status >= 500);
    if (!unreachable || options.kubernetes?.manageCluster !== true || !options.force) throw error;
    context.report.warn(`${error.message}: the cluster is deleted with everything in it (--force)`);
    return undefined;
  }
}

async function removeObjects(
  api: ClusterApi,
  deployment: Deployment,
  identity: Identity,
  options: StopOptions,
  context: Context,
): Promise<void> {
  if (!options.force) await refuseWhileJobRuns(api, identity);
  const { count, keptData } = await removeDeployment(
    identity,
    api,
    {
      deleteVolumes: options.deleteVolumes,
      deleteNamespace: options.kubernetes?.deleteNamespace ?? false,
      force: options.force,
      graceSeconds: options.timeout,
    },
    context,
  );
  context.report.endProgress();
  if (count === 0) context.report.info(`nothing was running in namespace ${identity.namespace}`);
  if (options.deleteData) return;
  const onHost = new Map(volumePlaces(deployment).map(({ nodePath, hostPath }) => [nodePath, hostPath]));
  for (const { path } of keptData) context.report.info(`kept: ${onHost.get(path) ?? `${path} on the node`}`);
}

/** A running `run-job` is a user's work in progress. */
async function refuseWhileJobRuns(api: ClusterApi, { namespace }: Identity): Promise<void> {
  const jobs = await api.list(resources.Job, { namespace }).catch((error: unknown) => {
    // The removal reports all missing permissions, before it removes anything.
    if (isForbidden(error)) return [];
    throw error;
  });
  const running = jobs.filter(({ metadata, status }) => {
    const { active = 0, startTime } = (status ?? {}) as { active?: number; startTime?: string };
    // One that was just created has no status yet.
    return metadata.annotations?.[runJobAnnotation] !== undefined && (active > 0 || startTime === undefined);
  });
  if (running.length === 0) return;
  const names = running.map(({ metadata }) => metadata.name).join(', ');
  throw new LaconicError(`a job of this deployment is running: ${names}`, {
    hint: 'wait until it has ended, or stop it too with --force',
  });
}

/**
 * The places of the deployment's volumes with a path on kind; elsewhere they are on nodes that this host cannot see.
 */
function volumePlaces({ spec, layout }: Deployment): NodePlace[] {
  if (spec.deployTo !== 'k8s-kind') return [];
  return [...spec.volumes.keys()]
    .map((volume) => placeOnKind(volume, spec, layout.root, homedir()))
    .filter((place) => place !== undefined);
}

async function printPlan(
  deployment: Deployment,
  identity: Identity,
  options: StopOptions,
  context: Context,
): Promise<void> {
  const { report } = context;
  const kind = deployment.spec.deployTo === 'k8s-kind';
  const name = clusterNameOf(deployment);
  const place = kind ? ` of the kind cluster ${name}` : '';
  const found = await objectsToRemove(deployment, identity, options, context);
  report.print(`would remove deployment ${identity.deploymentId} from namespace ${identity.namespace}${place}`);
  for (const line of found) report.print(`  ${line}`);
  if (options.deleteVolumes) report.print('would delete its volume claims and volumes; directories of hosts stay');
  if (options.kubernetes?.deleteNamespace === true) report.print(`would delete namespace ${identity.namespace}`);
  if (kind && options.kubernetes?.manageCluster === true) report.print(`would delete the kind cluster ${name}`);
}

/** Returns what would be deleted, or why that is unknown. */
async function objectsToRemove(
  deployment: Deployment,
  identity: Identity,
  options: StopOptions,
  context: Context,
): Promise<string[]> {
  const { inside, patience } = patienceOf(context);
  const reached = await reach(deployment, inside);
  if ('missing' in reached) return [`nothing runs: ${noKindCluster(reached.missing.name)}`];
  if ('silence' in reached) return [`from the files alone: ${reached.silence}`];
  try {
    if (!options.force) await refuseWhileJobRuns(reached.api, identity);
    const { deleteVolumes, force, kubernetes: { deleteNamespace = false } = {} } = options;
    const objects = await planRemoval(identity, reached.api, { deleteVolumes, deleteNamespace, force }, context);
    const names = objects.map((object) => `delete ${describeObject(object)}`).sort();
    return names.length === 0 ? ['nothing is running'] : names;
  } catch (error) {
    const silence = context.signal.aborted ? undefined : silenceOf(error, patience);
    if (silence === undefined) throw error;
    return [`from the files alone: ${silence}`];
  }
}
