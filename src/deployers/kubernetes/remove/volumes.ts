import { labelValue } from '../objects/common/names.js';
import type { ClusterApi, LiveObject } from '../api/api.js';
import { hiddenIfForbidden, isForbidden } from '../api/errors.js';
import { isOurs, ownerOf } from '../apply/ownership.js';
import type { Identity } from '../objects/common/identity.js';
import type { Entry } from '../apply/inventory.js';
import { requestEach } from '../api/request-each.js';
import { resources } from '../api/resources.js';
import { mapOf } from '../../../system/plain-map.js';

const volumeKind = resources.PersistentVolume.kind;

/**
 * Returns the PersistentVolumes of a deployment: by their labels or the inventory, and bound to its namespace or
 * unbound. Dynamically provisioned ones are not included: they are deleted with their claim.
 */
export async function findVolumes(
  api: ClusterApi,
  identity: Identity,
  inventory: readonly Entry[],
): Promise<LiveObject[]> {
  const labelled = await api
    .list(resources.PersistentVolume, { labelSelector: `app=${labelValue(identity.deploymentId)}` })
    .catch((error: unknown) => {
      if (isForbidden(error) && !mayHaveVolumes(inventory)) return [];
      throw error;
    });
  const known = new Set(labelled.map(({ metadata }) => metadata.name));
  const others = inventory.filter(({ kind, name }) => kind === volumeKind && !known.has(name));
  const found = await requestEach(others, ({ name }) => api.get(resources.PersistentVolume, name));
  return [...labelled, ...found]
    .filter((volume) => volume !== undefined)
    .filter((volume) => {
      const { namespace } = mapOf(mapOf(volume.spec).claimRef);
      if (namespace !== undefined && namespace !== identity.namespace) return false;
      const listed = inventory.some(({ uid }) => uid === volume.metadata.uid);
      return listed || isOurs(ownerOf(volume, identity));
    });
}

/**
 * False if the inventory shows that no start created any: accounts with rights in only one namespace need not look for
 * them.
 */
export function mayHaveVolumes(inventory: readonly Entry[]): boolean {
  return inventory.length === 0 || inventory.some(({ kind }) => kind === volumeKind);
}

/** Where a volume's data is on the node; undefined if it is not a directory of a host. */
export function hostPathOf(volume: LiveObject): string | undefined {
  const { path } = mapOf(mapOf(volume.spec).hostPath);
  return typeof path === 'string' ? path : undefined;
}

/**
 * Returns the claims whose data is deleted with them: the cluster provisioned the volume, and its reclaim policy is not
 * to keep it, or is unknown.
 */
export async function claimsThatHoldData(api: ClusterApi, claims: readonly LiveObject[]): Promise<LiveObject[]> {
  const holding: LiveObject[] = [];
  for (const claim of claims) {
    const { volumeName } = mapOf(claim.spec);
    if (typeof volumeName !== 'string' || volumeName === '') continue;
    const volume = await api.get(resources.PersistentVolume, volumeName).catch(hiddenIfForbidden);
    if (volume === 'hidden') holding.push(claim);
    else if (volume !== undefined && mapOf(volume.spec).persistentVolumeReclaimPolicy !== 'Retain') holding.push(claim);
  }
  return holding;
}
