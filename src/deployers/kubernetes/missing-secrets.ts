import type { Spec } from '../../spec/model.js';
import type { ClusterApi } from './cluster/api.js';
import { ClusterError } from './cluster/errors.js';
import { resources } from './cluster/resources.js';

/**
 * The Secrets that the spec names, that are not made from sources and that are not in the cluster: containers run
 * without their variables. None where this account may not look.
 */
export async function missingSecrets(spec: Spec, namespace: string, api: ClusterApi): Promise<string[]> {
  const named = spec.secrets.filter((name) => spec.secretSources?.has(name) !== true);
  try {
    const found = await Promise.all(named.map(async (name) => api.get(resources.Secret, name, namespace)));
    return named.filter((_, index) => found[index] === undefined);
  } catch (error) {
    if (error instanceof ClusterError) return [];
    throw error;
  }
}

/** What is told of such a Secret. */
export function missingSecretText(name: string): string {
  return `Secret ${name}, which the spec names under secrets, does not exist: containers run without what is in it`;
}
