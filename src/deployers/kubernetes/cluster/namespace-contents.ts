import { labelValue } from '../objects/names.js';
import type { ClusterApi, LiveObject, ResourceType } from './api.js';
import { belongsTo } from './belongings.js';
import { ClusterError } from './errors.js';
import type { Identity } from './identity.js';
import type { Entry } from './inventory.js';
import { inParallel } from './parallel.js';
import { mapOf } from '../../../system/plain-map.js';

/** What stands in a namespace beside the deployment's own objects. */
export interface ForeignContents {
  readonly objects: readonly LiveObject[];
  /** Plural names of the kinds that this account may not list: nobody knows whether there are any. */
  readonly unseen: readonly string[];
}

/**
 * What a namespace holds that is not the deployment's: deleting the namespace would delete it too. Every kind that the
 * server knows is looked at, also those of other programs. What Kubernetes itself puts into each namespace does not
 * count.
 * @throws ClusterError
 */
export async function foreignContents(
  api: ClusterApi,
  identity: Identity,
  inventory: readonly Entry[],
): Promise<ForeignContents> {
  const types = await listableTypes(api);
  const unseen: string[] = [];
  const lists = await inParallel(types, (type) =>
    api.list(type, { namespace: identity.namespace }).catch((error: unknown) => {
      if (!(error instanceof ClusterError) || ![403, 404, 405].includes(error.status ?? 0)) throw error;
      if (error.status === 403) unseen.push(type.plural);
      return [];
    }),
  );
  const objects = new Map(lists.flat().map((object) => [object.metadata.uid, object]));
  const foreign = [...objects.values()].filter(
    (object) => !belongsTo(object, identity, inventory) && !isOldSecret(object, identity) && !comesByItself(object),
  );
  return { objects: foreign, unseen: unseen.sort() };
}

/** The kinds in namespaces that can be listed, each in the version that the server prefers. */
async function listableTypes(api: ClusterApi): Promise<ResourceType[]> {
  const { groups } = JSON.parse(await api.text('/apis')) as {
    groups: { name: string; preferredVersion: { groupVersion: string } }[];
  };
  // Numbers of the moment and records of what happened are no objects that somebody keeps.
  const kept = groups.filter(({ name }) => name !== 'metrics.k8s.io' && name !== 'events.k8s.io');
  const versions = ['v1', ...kept.map(({ preferredVersion }) => preferredVersion.groupVersion)];
  const lists = await inParallel(versions, async (version) => {
    const path = version === 'v1' ? '/api/v1' : `/apis/${version}`;
    const text = await api.text(path).catch((error: unknown) => {
      // Its last definition was deleted meanwhile.
      if (error instanceof ClusterError && error.status === 404) return '{"resources":[]}';
      throw error;
    });
    const { resources } = JSON.parse(text) as {
      resources: { name: string; kind: string; namespaced: boolean; verbs: string[] }[];
    };
    return resources
      .filter(({ name, namespaced, verbs }) => namespaced && verbs.includes('list') && !name.includes('/'))
      .map(({ name, kind }) => ({ apiVersion: version, kind, plural: name, namespaced: true }));
  });
  return lists.flat().filter(({ kind }) => kind !== 'Event');
}

/** Written by the Python program at create, under the stack's name and without a label. */
function isOldSecret({ kind, metadata }: LiveObject, { stack }: Identity): boolean {
  return (
    kind === 'Secret' &&
    metadata.labels === undefined &&
    metadata.name === `${labelValue(stack.replace(/_/g, '-'))}-generated-secrets`
  );
}

/** What controllers make in every namespace, and what goes with an object that is looked at by itself. */
function comesByItself({ kind, metadata, ...object }: LiveObject): boolean {
  if (Array.isArray(metadata.ownerReferences) && metadata.ownerReferences.length > 0) return true;
  if (kind === 'ConfigMap') return metadata.name === 'kube-root-ca.crt';
  if (kind === 'ServiceAccount') return metadata.name === 'default';
  if (kind === 'Secret') return mapOf(object).type === 'kubernetes.io/service-account-token';
  const labels = metadata.labels ?? {};
  return kind === 'Endpoints' && labels['endpoints.kubernetes.io/managed-by'] !== undefined;
}
