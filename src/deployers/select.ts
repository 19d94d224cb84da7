import type { Deployment } from '../deployment/open.js';
import type { Context } from '../system/context.js';
import { LaconicError } from '../system/errors.js';
import type { Deployer } from './deployer.js';

/** The deployer of a deployment's target; the one place that knows which there are. */
export async function deployerFor(deployment: Deployment, context: Context): Promise<Deployer> {
  const { deployTo } = deployment.spec;
  if (deployTo !== 'compose') {
    throw new LaconicError(
      `${deployment.layout.root} is a ${deployTo} deployment, which this version cannot run: it runs on compose only`,
    );
  }
  const { composeDeployerOf } = await import('./compose/deployer.js');
  return composeDeployerOf(deployment, context);
}
