import { join } from 'node:path';
import type { Deployment } from '../../deployment/open.js';
import type { ClusterTarget } from './cluster/connect.js';
import { clusterNameOf } from './kind/ensure.js';

/** Returns the cluster of a deployment. No other cluster is ever used for it. */
export function clusterOf({ layout, record, spec }: Deployment): ClusterTarget {
  return spec.deployTo === 'k8s'
    ? { kind: 'k8s', kubeconfig: join(layout.root, 'kubeconfig.yml') }
    : { kind: 'k8s-kind', cluster: clusterNameOf({ spec, record }) };
}
