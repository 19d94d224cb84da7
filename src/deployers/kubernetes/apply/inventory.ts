import { LaconicError } from '../../../system/errors.js';
import { standardLabels } from '../objects/common/labels.js';
import type { KubernetesObject } from '../objects/common/object.js';
import type { LiveObject } from '../api/api.js';
import type { Identity } from '../objects/common/identity.js';

/** One object that a start of this deployment created or was about to create. */
export interface Entry {
  apiVersion: string;
  kind: string;
  name: string;
  /** Absent until the server has created it, such as after a start that was killed in between. */
  uid?: string;
}

const key = 'objects.json';
const nameEnd = '.inventory';

/** `ConfigMap/<app>.inventory`; no volume's ConfigMap can have this name. */
export function inventoryName(identity: Identity): string {
  return `${identity.deploymentId}${nameEnd}`;
}

/** Whether an object is the inventory of any deployment. */
export function isInventory({ kind, metadata }: KubernetesObject): boolean {
  return kind === 'ConfigMap' && metadata.name.endsWith(nameEnd);
}

/** `Deployment/x`: identifies an object in the deployment's namespace, or in the cluster. */
export function entryKey(entry: { kind: string; name: string }): string {
  return `${entry.kind}/${entry.name}`;
}

/** Returns the {@link entryKey} of an object. */
export function keyOfObject(object: KubernetesObject): string {
  return `${object.kind}/${object.metadata.name}`;
}

/** Returns the entry of an object. @param live the object on the server, with its uid; undefined before it exists */
export function entryOf(object: KubernetesObject, live: LiveObject | undefined): Entry {
  const { apiVersion, kind, metadata } = object;
  return { apiVersion, kind, name: metadata.name, uid: live?.metadata.uid };
}

/** @throws LaconicError if it was damaged by an edit: what start may delete would be a guess */
export function readInventory(live: LiveObject): Entry[] {
  const { data } = live as { data?: Record<string, string> };
  try {
    const entries = JSON.parse(data?.[key] ?? '') as unknown;
    if (Array.isArray(entries) && entries.every(isEntry)) return entries;
  } catch {
    // Reported below with the other faults.
  }
  throw new LaconicError(
    `ConfigMap ${live.metadata.name} in namespace ${live.metadata.namespace ?? ''}, the list of the deployment's objects, is damaged`,
    { hint: 'delete that ConfigMap and start again; objects that have left the stack are then not removed' },
  );
}

function isEntry(value: unknown): value is Entry {
  const { apiVersion, kind, name, uid } = value as Partial<Entry>;
  return (
    [apiVersion, kind, name].every((text) => typeof text === 'string') && (uid === undefined || typeof uid === 'string')
  );
}

/** Builds the ConfigMap that holds these entries. */
export function inventoryObject(identity: Identity, entries: readonly Entry[]): KubernetesObject {
  const sorted = [...entries].sort((a, b) => (entryKey(a) < entryKey(b) ? -1 : 1));
  return {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: {
      name: inventoryName(identity),
      namespace: identity.namespace,
      labels: standardLabels({ ...identity, podFiles: [] }),
    },
    data: { [key]: `[\n${sorted.map((entry) => JSON.stringify(entry)).join(',\n')}\n]\n` },
  };
}

/** Merges old and new entries; of two with the same key the new one is kept. */
export function mergeEntries(old: readonly Entry[], added: readonly Entry[]): Entry[] {
  return [...new Map([...old, ...added].map((entry) => [entryKey(entry), entry])).values()];
}

/** Whether both list the same objects. */
export function sameEntries(a: readonly Entry[], b: readonly Entry[]): boolean {
  const known = new Map(a.map((entry) => [entryKey(entry), entry]));
  return (
    a.length === b.length &&
    b.every((entry) => {
      const other = known.get(entryKey(entry));
      return other?.uid === entry.uid && other?.apiVersion === entry.apiVersion;
    })
  );
}
