import type { TargetGenerators } from '../deployment/target.js';

/** What `deploy create` adds to a directory for its target (see {@link TargetGenerators}). */
export const targetGenerator: TargetGenerators = async (deployTo, context) => {
  if (deployTo === 'compose') return undefined;
  const { kubernetesGenerator } = await import('./kubernetes/generate.js');
  return kubernetesGenerator(deployTo, context);
};
