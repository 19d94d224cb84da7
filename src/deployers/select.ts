import type { Deployment } from '../deployment/open.js';
import type { Context } from '../system/context.js';
import type { Deployer } from './deployer.js';

/** The deployer of a deployment's target; the one place that knows which there are. */
export async function deployerFor(deployment: Deployment, context: Context): Promise<Deployer> {
  if (deployment.spec.deployTo === 'compose') {
    const { composeDeployerOf } = await import('./compose/deployer.js');
    return composeDeployerOf(deployment, context);
  }
  const { KubernetesDeployer } = await import('./kubernetes/deployer.js');
  return new KubernetesDeployer(deployment, context);
}
