import type { TargetGenerators } from '../../deployment/access/target.js';

/** The generators of the targets for `deploy create` (see {@link TargetGenerators}). */
export const targetGenerator: TargetGenerators = async (deployTo, context) => {
  if (deployTo === 'compose') return undefined;
  const { kubernetesGenerator } = await import('../kubernetes/input/generate.js');
  return kubernetesGenerator(deployTo, context);
};
