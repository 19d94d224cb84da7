import type { Deployment } from '../../../deployment/access/open.js';
import type { HookCluster } from '../../../deployment/access/target.js';
import type { Context } from '../../../system/context.js';
import { clusterOf } from '../api/deployment-cluster.js';
import { identityOf } from './prepare.js';

/** Returns a deployment's cluster for its hooks, and no other one. Sends nothing to it. */
export async function hookCluster(deployment: Deployment, { env }: Context): Promise<HookCluster> {
  const [{ defaultKubeconfigFiles }, { singleContext }] = await Promise.all([
    import('../api/kubeconfig.js'),
    import('../api/single-context.js'),
  ]);
  const { namespace } = identityOf(deployment);
  const target = clusterOf(deployment);
  const kubeconfig =
    target.kind === 'k8s'
      ? await singleContext([target.kubeconfig], undefined, namespace)
      : await singleContext(defaultKubeconfigFiles(env), `kind-${target.cluster}`, namespace);
  return { kubeconfig: kubeconfig ?? '', namespace };
}
