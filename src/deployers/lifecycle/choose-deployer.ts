import type { Deployment } from '../../deployment/access/open.js';
import type { TargetGenerators } from '../../deployment/access/target.js';
import type { Context } from '../../system/context.js';
import type { Deployer } from '../deployer.js';

// The linter allows only this file of the folder to import from the targets. It loads them when they are needed.

/** Returns the deployer of a deployment's target. */
export async function deployerFor(deployment: Deployment, context: Context): Promise<Deployer> {
  if (deployment.spec.deployTo === 'compose') {
    const { composeDeployerOf } = await import('../compose/deployer.js');
    return composeDeployerOf(deployment, context);
  }
  const { KubernetesDeployer } = await import('../kubernetes/deployer.js');
  return new KubernetesDeployer(deployment, context);
}

/** The generators of the targets for `deploy create` (see {@link TargetGenerators}). */
export const targetGenerator: TargetGenerators = async (deployTo, context) => {
  if (deployTo === 'compose') return undefined;
  const { kubernetesGenerator } = await import('../kubernetes/input/generate.js');
  return kubernetesGenerator(deployTo, context);
};

/** Loads the modules for what only Docker Compose can do. */
export const onlyOnCompose = {
  inPlace: () => import('../compose/open-in-place.js'),
  split: () => import('../compose/project/split.js'),
  stopWithoutDirectory: () => import('../compose/stop/stop-without-directory.js'),
};

/** Loads the modules for what only kind can do. */
export const onlyOnKind = {
  clusters: () => import('../kubernetes/kind/clusters.js'),
};
