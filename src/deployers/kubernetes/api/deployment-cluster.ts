import { join } from 'node:path';
import type { Deployment } from '../../../deployment/access/open.js';
import type { DeploymentRecord } from '../../../deployment/directory/record.js';
import type { Spec } from '../../../spec/model.js';
import type { Context } from '../../../system/context.js';
import type { ClusterApi } from './api.js';
import type { ClusterTarget } from './connect.js';

/** Returns the name of a deployment's kind cluster: the spec's, else its cluster-id. */
export function clusterNameOf({
  spec,
  record,
}: {
  spec: Pick<Spec, 'kindClusterName'>;
  record: Pick<DeploymentRecord, 'clusterId'>;
}): string {
  return spec.kindClusterName ?? record.clusterId;
}

/** Returns the cluster of a deployment. No other cluster is ever used for it. */
export function clusterOf({ layout, record, spec }: Deployment): ClusterTarget {
  return spec.deployTo === 'k8s'
    ? { kind: 'k8s', kubeconfig: join(layout.root, 'kubeconfig.yml') }
    : { kind: 'k8s-kind', cluster: clusterNameOf({ spec, record }) };
}

/** Returns the API of a cluster, see connectCluster. The client library is loaded now. */
export async function apiOf(target: ClusterTarget, context: Context): Promise<ClusterApi> {
  const { connectCluster } = await import('./connect.js');
  return (await connectCluster(target, context)).api;
}
