import type { Spec } from '../../../spec/model.js';
import type { ClusterApi } from '../api/api.js';
import { ClusterError } from '../api/errors.js';
import { resources } from '../api/resources.js';

/**
 * Returns the Secrets in the spec that have no sources and do not exist in the cluster: containers run without their
 * variables. Empty if the cluster does not answer or this account may not read them.
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

/** The message about such a Secret. */
export function missingSecretText(name: string): string {
  return `Secret ${name}, which the spec names under secrets, does not exist: containers run without what is in it`;
}
