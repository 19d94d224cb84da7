import { deploymentIdLabel, stackLabel } from '../objects/common/labels.js';
import { labelValue } from '../objects/common/names.js';
import type { ClusterApi, LiveObject, ResourceType } from '../api/api.js';
import type { Identity } from '../objects/common/identity.js';
import type { Entry } from '../apply/inventory.js';
import { requestEach } from '../api/request-each.js';
import { findType, resources } from '../api/resources.js';

/** Kinds that the Python program's stop removes: hooks may create such objects, too. */
const usualKinds: readonly ResourceType[] = [
  resources.Ingress,
  resources.Deployment,
  resources.Job,
  resources.Service,
  resources.ConfigMap,
  resources.Secret,
  resources.Endpoints,
  resources.Pod,
  resources.PersistentVolumeClaim,
];

/** The kinds in a deployment's namespace that a stop searches. */
export function kindsToRemove(inventory: readonly Entry[]): ResourceType[] {
  const known = inventory.map(findType).filter((type) => type !== undefined);
  return [...new Set([...usualKinds, ...known])].filter((type) => type.namespaced);
}

/**
 * Whether an object in the deployment's own namespace is deleted on stop: by our label, by the inventory (with the same
 * uid), or by the marks of the Python program's objects and of hooks. Never one that names another deployment.
 */
export function belongsTo(object: LiveObject, identity: Identity, inventory: readonly Entry[]): boolean {
  const { labels = {}, name, uid } = object.metadata;
  const app = labelValue(identity.deploymentId);
  if (labels[deploymentIdLabel] !== undefined) return labels[deploymentIdLabel] === app;
  if (inventory.some((entry) => entry.uid === uid)) return true;
  if (labels.app !== undefined) return labels.app === app || labels.app === labelValue(`${identity.deploymentId}-job`);
  if (identity.stack !== '' && labels[stackLabel] === labelValue(identity.stack)) return true;
  return object.kind === 'Secret' && unlabelled.some((suffix) => name === `${identity.deploymentId}-${suffix}`);
}

/** Secrets that the Python program does not label. */
const unlabelled = ['image-pull-secret', 'generated-secrets'];

/** Returns the objects of these kinds that belong to the deployment. @throws ClusterError */
export async function findBelongings(
  api: ClusterApi,
  identity: Identity,
  inventory: readonly Entry[],
  kinds: readonly ResourceType[],
): Promise<LiveObject[]> {
  const lists = await requestEach(kinds, (type) => api.list(type, { namespace: identity.namespace }));
  return lists.flat().filter((object) => belongsTo(object, identity, inventory));
}
