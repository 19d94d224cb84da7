import { labelValue } from '../objects/common/names.js';
import type { ClusterApi, LiveObject, ResourceType } from '../api/api.js';
import { belongsTo } from './owned-objects.js';
import { ClusterError } from '../api/errors.js';
import type { Identity } from '../objects/common/identity.js';
import type { Entry } from '../apply/inventory.js';
import { requestEach } from '../api/request-each.js';
import { mapOf } from '../../../system/plain-map.js';

/** What a namespace contains in addition to the deployment's own objects. */
export interface ForeignContents {
  readonly objects: readonly LiveObject[];
  /** Plural names of the kinds that this account may not list: there may be objects of them. */
  readonly unseen: readonly string[];
}

/**
 * Returns what a namespace contains that is not the deployment's, and would be deleted with the namespace. Covers every
 * kind that the server knows, including those of other programs, but not what Kubernetes itself creates in each
 * namespace.
 * @throws ClusterError
 */
export async function foreignContents(
  api: ClusterApi,
  identity: Identity,
  inventory: readonly Entry[],
): Promise<ForeignContents> {
  const types = await listableTypes(api);
  const unseen: string[] = [];
  const lists = await requestEach(types, (type) =>
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

/** The namespaced kinds that can be listed, each in the server's preferred version. */
async function listableTypes(api: ClusterApi): Promise<ResourceType[]> {
  const { groups } = JSON.parse(await api.text('/apis')) as {
    groups: { name: string; preferredVersion: { groupVersion: string } }[];
  };
  // Metrics and events are not objects that anybody keeps.
  const kept = groups.filter(({ name }) => name !== 'metrics.k8s.io' && name !== 'events.k8s.io');
  const versions = ['v1', ...kept.map(({ preferredVersion }) => preferredVersion.groupVersion)];
  const lists = await requestEach(versions, async (version) => {
    const path = version === 'v1' ? '/api/v1' : `/apis/${version}`;
    const text = await api.text(path).catch((error: unknown) => {
      // Its last definition was deleted in the meantime.
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

/** Whether the Python program wrote it at create, under the stack's name and without a label. */
function isOldSecret({ kind, metadata }: LiveObject, { stack }: Identity): boolean {
  return (
    kind === 'Secret' &&
    metadata.labels === undefined &&
    metadata.name === `${labelValue(stack.replace(/_/g, '-'))}-generated-secrets`
  );
}

/** Whether controllers create it in every namespace, or it is deleted with an owner, which is checked itself. */
function comesByItself({ kind, metadata, ...object }: LiveObject): boolean {
  if (Array.isArray(metadata.ownerReferences) && metadata.ownerReferences.length > 0) return true;
  if (kind === 'ConfigMap') return metadata.name === 'kube-root-ca.crt';
  if (kind === 'ServiceAccount') return metadata.name === 'default';
  if (kind === 'Secret') return mapOf(object).type === 'kubernetes.io/service-account-token';
  const labels = metadata.labels ?? {};
  return kind === 'Endpoints' && labels['endpoints.kubernetes.io/managed-by'] !== undefined;
}
