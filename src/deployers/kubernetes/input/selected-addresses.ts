import { LaconicError } from '../../../system/errors.js';
import { formatKeyPath } from '../../../system/yaml/yaml.js';
import type { ClusterApi } from '../api/api.js';
import { resources } from '../api/resources.js';
import { buildObjects } from '../objects/build.js';
import type { PodFacts } from '../ready/api-types.js';
import type { PreparedInput } from './prepare.js';

/**
 * Adds the present addresses of the pods that external services of the spec select; they are not followed later.
 * @throws LaconicError if none of the pods has one; ClusterError if they may not be listed
 */
export async function withSelectedAddresses(prepared: PreparedInput, api: ClusterApi): Promise<PreparedInput> {
  const { input } = prepared;
  const selectedAddresses = new Map<string, string[]>();
  for (const [name, service] of input.spec.externalServices) {
    if (service.kind !== 'selector') continue;
    const { namespace } = service;
    const labelSelector = [...service.selector].map(([key, value]) => `${key}=${value}`).join(',');
    const pods = (await api.list(resources.Pod, { namespace, labelSelector })) as unknown as PodFacts[];
    const addresses = pods.flatMap(({ metadata, status }) =>
      metadata.deletionTimestamp === undefined && status?.podIP !== undefined ? [status.podIP] : [],
    );
    if (addresses.length === 0) {
      const key = formatKeyPath(['external-services', name]);
      throw new LaconicError(
        `${input.spec.yaml.file} ${key}: no pod in namespace ${namespace} has the labels ${labelSelector} and an address`,
        { hint: 'start that deployment first, or give the service an ip or a host' },
      );
    }
    selectedAddresses.set(name, addresses.sort());
  }
  if (selectedAddresses.size === 0) return prepared;
  const complete = { ...input, selectedAddresses };
  const { objects, order } = buildObjects(complete);
  return { ...prepared, input: complete, objects, order };
}
