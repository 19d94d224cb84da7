import type { Deployment } from '../../deployment/access/open.js';
import type { Context } from '../../system/context.js';
import { LaconicError } from '../../system/errors.js';
import type { Deployer } from '../deployer.js';

/** Returns the deployer of a deployment's target; the only place that knows the targets. */
export async function deployerFor(deployment: Deployment, context: Context): Promise<Deployer> {
  if (deployment.spec.deployTo === 'compose') {
    const { composeDeployerOf } = await import('../compose/deployer.js');
    return composeDeployerOf(deployment, context);
  }
  const { KubernetesDeployer } = await import('../kubernetes/deployer.js');
  return new KubernetesDeployer(deployment, context);
}

/**
 * Refuses `update-envs` on a target that does not support it, before anything is written.
 * @throws LaconicError
 */
export function requireUpdateEnvs({ spec }: Deployment): void {
  if (spec.deployTo === 'compose') return;
  throw new LaconicError('update-envs is not supported on Kubernetes yet', {
    hint: 'change config in the spec, run deploy create --update, and start: the affected pods are recreated',
  });
}
