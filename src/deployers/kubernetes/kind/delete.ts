import { connectEngine } from '../../../engine/connect.js';
import type { Context } from '../../../system/context.js';
import { CommandFailedError, isExplained, LaconicError } from '../../../system/errors.js';
import type { LiveObject } from '../api/api.js';
import { apiOf } from '../api/deployment-cluster.js';
import { resources } from '../api/resources.js';
import { directoryAnnotation } from '../objects/workloads/annotations.js';
import { deploymentIdLabel } from '../objects/common/labels.js';
import { type KindCluster, listKindClusters } from './clusters.js';
import { forgetCluster, lockCluster, wasMadeByUs } from './create.js';
import { runKind } from './kind-cli.js';
import { noKindCluster } from './no-cluster.js';

/** A deployment or namespace in use in a cluster. */
interface Resident {
  namespace: string;
  /** The deployment's directory if known, else its id. */
  deployment: string;
}

/** Namespaces of a kind cluster without deployments. */
const clusterNamespaces = /^(?:kube-.*|local-path-storage|caddy-system)$/;

/**
 * Deletes a kind cluster with everything in it: `stop --perform-cluster-management`. Refused if other deployments live
 * in it, or if that is unknown; also for a cluster that is not ours if anything lives in it.
 * @param own the id of the calling deployment, whose namespace does not count
 * @returns false if there is no such cluster, or in a dry run, which does not read it
 */
export async function deleteCluster(
  name: string,
  options: { own: string; namespace: string; force: boolean },
  context: Context,
): Promise<boolean> {
  const { report } = context;
  if (context.options.dryRun) {
    report.print(`would delete the kind cluster ${name}`);
    return false;
  }
  const lock = await lockCluster(name, context);
  try {
    const cluster = (await listKindClusters(await connectEngine(context))).find((each) => each.name === name);
    if (cluster === undefined) {
      report.info(noKindCluster(name));
      return false;
    }
    if (!options.force) await refuseWhileUsed(cluster, options, context);
    report.progress(`cluster ${name}`, 'deleting');
    const result = await runKind(['delete', 'cluster', '--name', name], context);
    if (result.code !== 0) throw new CommandFailedError(`cannot delete the kind cluster ${name}`, result);
    await forgetCluster(name, context);
    report.progress(`cluster ${name}`, 'deleted', 'done');
    return true;
  } finally {
    await lock.release();
  }
}

async function refuseWhileUsed(
  cluster: KindCluster,
  { own, namespace }: { own: string; namespace: string },
  context: Context,
): Promise<void> {
  const { namespaces, inhabited } = await contentOf(cluster.name, context);
  const others = namespaces.filter(
    ({ metadata: { name, labels } }) => name !== namespace && labels?.[deploymentIdLabel] !== own,
  );
  const ours = cluster.ours || (await wasMadeByUs(cluster, context));
  const residents = residentsOf(others, inhabited, ours);
  if (residents.length === 0) return;
  const lines = residents.map((each) => `namespace ${each.namespace}: ${each.deployment}`);
  throw new LaconicError(
    [`the kind cluster ${cluster.name} is not deleted, because others use it:`, ...lines].join('\n  '),
    {
      hint: 'stop them first with --delete-volumes, or delete everything with --force',
    },
  );
}

/** Kinds that mark a namespace as in use. A stopped deployment leaves an empty one, or one with its volumes. */
const inhabitants = [
  resources.Deployment,
  resources.StatefulSet,
  resources.DaemonSet,
  resources.Job,
  resources.PersistentVolumeClaim,
];

async function contentOf(
  cluster: string,
  context: Context,
): Promise<{ namespaces: LiveObject[]; inhabited: ReadonlySet<string> }> {
  try {
    const api = await apiOf({ kind: 'k8s-kind', cluster }, context);
    const namespaces = await api.list(resources.Namespace, {});
    const objects = await Promise.all(inhabitants.map((type) => api.list(type, {})));
    return { namespaces, inhabited: new Set(objects.flat().flatMap(({ metadata }) => metadata.namespace ?? [])) };
  } catch (error) {
    if (!isExplained(error)) throw error;
    throw new LaconicError(
      `the kind cluster ${cluster} is not deleted, because it is not known who else uses it: ${error.message}`,
      { hint: 'make its API server answer, or delete it anyway with --force', cause: error },
    );
  }
}

/**
 * Returns the deployments that own namespaces in use; in a cluster that is not ours, all other users of namespaces,
 * too. Pure.
 * @param inhabited names of the namespaces with workloads or volumes
 */
export function residentsOf(
  namespaces: readonly Pick<LiveObject, 'metadata'>[],
  inhabited: ReadonlySet<string>,
  ours: boolean,
): Resident[] {
  return namespaces.flatMap(({ metadata }) => {
    if (!inhabited.has(metadata.name)) return [];
    const deployment = metadata.annotations?.[directoryAnnotation] ?? metadata.labels?.[deploymentIdLabel];
    if (deployment !== undefined && deployment !== '') return [{ namespace: metadata.name, deployment }];
    if (ours || clusterNamespaces.test(metadata.name)) return [];
    return [{ namespace: metadata.name, deployment: 'not created by laconic-so' }];
  });
}
