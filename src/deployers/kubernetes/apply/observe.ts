import type { KubernetesObject } from '../objects/common/object.js';
import type { ClusterApi, LiveObject, ResourceType } from '../api/api.js';
import type { Identity } from '../objects/common/identity.js';
import { type Entry, entryKey, inventoryName, keyOfObject, readInventory } from './inventory.js';
import { type NamespaceView, viewNamespace } from '../api/namespace-view.js';
import { requestEach } from '../api/request-each.js';
import { type Need, needs, readAllowed } from '../api/permissions.js';
import { findType, resources, typeOf } from '../api/resources.js';

/** The objects of a deployment in the cluster, and others with the same names. */
export interface ObservedCluster {
  readonly namespace: NamespaceView;
  /** By {@link entryKey}: all objects in the namespace of the relevant kinds, and the volumes by name. */
  readonly objects: ReadonlyMap<string, LiveObject>;
  /** Absent if no start of this program got past its planning here. */
  readonly inventory: readonly Entry[] | undefined;
}

/** Kinds that the Python program created, which may exist without an inventory. */
const oldKinds: readonly ResourceType[] = [
  resources.Deployment,
  resources.Service,
  resources.Ingress,
  resources.Job,
  resources.ConfigMap,
  resources.Endpoints,
];

/**
 * Reads what a plan needs: one list per kind of object that is wanted or was created before.
 * @param later what the command requests after it has written, to be reported if the account may not read
 * @throws ClusterError
 */
export function observe(
  api: ClusterApi,
  identity: Identity,
  wanted: readonly KubernetesObject[],
  later: readonly Need[] = [],
): Promise<ObservedCluster> {
  const types = [...new Set([resources.ConfigMap, ...wanted.map(typeOf)])];
  const needed = [
    ...needs([resources.ConfigMap], 'get'),
    ...needs(
      types.filter(({ namespaced }) => namespaced),
      'list',
      'create',
      'patch',
    ),
    ...needs(
      types.filter((type) => type === resources.PersistentVolume),
      'get',
      'create',
      'patch',
    ),
    ...later,
  ];
  return readAllowed(api, identity.namespace, needed, () => look(api, identity, wanted));
}

async function look(
  api: ClusterApi,
  identity: Identity,
  wanted: readonly KubernetesObject[],
): Promise<ObservedCluster> {
  const [namespace, listed] = await Promise.all([
    viewNamespace(api, identity.namespace),
    api.get(resources.ConfigMap, inventoryName(identity), identity.namespace),
  ]);
  const inventory = listed === undefined ? undefined : readInventory(listed);
  const objects = new Map<string, LiveObject>();
  const types = namespacedTypes(wanted, inventory);
  const lists =
    namespace === undefined
      ? []
      : await requestEach(types, (type) => api.list(type, { namespace: identity.namespace }));
  for (const object of lists.flat()) objects.set(keyOfObject(object), object);
  const volumes = await requestEach(volumeNames(wanted, inventory ?? []), (name) =>
    api.get(resources.PersistentVolume, name),
  );
  for (const volume of volumes) if (volume !== undefined) objects.set(keyOfObject(volume), volume);
  return { namespace, objects, inventory };
}

function namespacedTypes(wanted: readonly KubernetesObject[], inventory: readonly Entry[] | undefined): ResourceType[] {
  const types = new Set<ResourceType>([resources.ConfigMap, ...wanted.map(typeOf)]);
  for (const entry of inventory ?? []) {
    const type = findType(entry);
    if (type !== undefined) types.add(type);
  }
  for (const type of inventory === undefined ? oldKinds : []) types.add(type);
  // Whether a deleted workload still has pods is checked when it is deleted.
  return [...types].filter((type) => type.namespaced);
}

function volumeNames(wanted: readonly KubernetesObject[], inventory: readonly Entry[]): string[] {
  const kind = resources.PersistentVolume.kind;
  const named = [
    ...wanted.filter((object) => object.kind === kind).map((object) => object.metadata.name),
    ...inventory.filter((entry) => entry.kind === kind).map((entry) => entry.name),
  ];
  return [...new Set(named)];
}

/** Returns the live object of this kind and name; undefined if there is none. */
export function liveOf(observed: ObservedCluster, kind: string, name: string): LiveObject | undefined {
  if (kind !== resources.Namespace.kind) return observed.objects.get(entryKey({ kind, name }));
  return observed.namespace === 'hidden' ? undefined : observed.namespace;
}
