import { generatedSecretsName } from '../objects/common/names.js';
import { type KubernetesObject, podSpecOf } from '../objects/common/object.js';
import type { Removal } from './actions.js';
import type { LiveObject } from '../api/api.js';
import { ownerOf } from './ownership.js';
import type { Identity } from '../objects/common/identity.js';
import { type Entry, entryKey, entryOf, keyOfObject } from './inventory.js';
import { writtenByPython } from './field-managers.js';
import { liveOf, type ObservedCluster } from './observe.js';
import { findType } from '../api/resources.js';
import { listOf, mapOf } from '../../../system/plain-map.js';

/** Objects from earlier starts: those to delete, those to keep, and remarks about those that are not ours. */
export interface PrunePlan {
  readonly removals: readonly Removal[];
  /**
   * Volumes and claims that are no longer wanted: they hold data, and only `stop --delete-volumes` removes them.
   * Likewise generated secrets, until `stop`.
   */
  readonly kept: readonly Entry[];
  /** Reported as info. */
  readonly remarks: readonly string[];
}

const workloads: ReadonlySet<string> = new Set(['Deployment', 'StatefulSet', 'DaemonSet', 'Job']);
const dataKinds: ReadonlySet<string> = new Set(['PersistentVolume', 'PersistentVolumeClaim']);
/** In this order, after the others: traffic goes to the old pods until there are new ones. */
const lastKinds = ['Service', 'EndpointSlice', 'Endpoints', 'Ingress'];

/**
 * Plans the removal of what is no longer wanted: inventory − wanted, each with the uid of the inventory. Labels alone
 * are not enough: start hooks create objects, too.
 * @param earlier the inventory, or {@link oldEntries} if there is none
 */
export function planPrune(
  identity: Identity,
  wanted: readonly KubernetesObject[],
  observed: ObservedCluster,
  earlier: readonly Entry[],
): PrunePlan {
  const present = new Set(wanted.map(keyOfObject));
  const claims = new Set(wanted.flatMap(claimsOf));
  const removals: Removal[] = [];
  const kept: Entry[] = [];
  const remarks: string[] = [];
  for (const entry of earlier.filter((each) => !present.has(entryKey(each)))) {
    if (findType(entry) === undefined) {
      // A newer version of this program created it.
      kept.push(entry);
      continue;
    }
    const live = liveOf(observed, entry.kind, entry.name);
    if (live === undefined || live.metadata.deletionTimestamp !== undefined) continue;
    if (!isMeant(entry, live, identity)) {
      remarks.push(`${entry.kind} ${entry.name} left the stack, but another client has recreated it: it is kept`);
    } else if (dataKinds.has(entry.kind)) {
      kept.push(entryOf(live, live));
      if (entry.kind === 'PersistentVolumeClaim') {
        remarks.push(
          `PersistentVolumeClaim ${entry.name} is no longer used; it is kept with its data until stop --delete-volumes`,
        );
      }
    } else if (entry.kind === 'Secret' && entry.name === generatedSecretsName(identity.deploymentId)) {
      // It may be the last copy of a password that a database was initialised with.
      kept.push(entryOf(live, live));
    } else {
      const first = workloads.has(entry.kind) && claimsOf(live).some((claim) => claims.has(claim));
      removals.push({ live, when: first ? 'first' : 'last' });
    }
  }
  return { removals: removals.sort((a, b) => rank(a) - rank(b)), kept, remarks };
}

/** An entry without uid was not yet created, or only just, when its start was killed: our label decides then. */
function isMeant(entry: Entry, live: LiveObject, identity: Identity): boolean {
  return entry.uid === undefined ? ownerOf(live, identity).kind === 'ours' : entry.uid === live.metadata.uid;
}

function rank({ live }: Removal): number {
  return workloads.has(live.kind) ? -1 : lastKinds.indexOf(live.kind) + 1;
}

/** Names of the claims that an object's pods mount. */
function claimsOf(object: KubernetesObject): string[] {
  const { volumes } = podSpecOf(object);
  return listOf(volumes)
    .map((volume) => mapOf(mapOf(volume).persistentVolumeClaim).claimName)
    .filter((name) => typeof name === 'string');
}

/**
 * Returns the objects that the Python program, which had no inventory, created for this deployment: by its label, its
 * client, and its names, so that obsolete ones (NodePort Services, the Deployment of a stack that now has several pods)
 * are pruned as well.
 */
export function oldEntries(
  identity: Identity,
  wanted: readonly KubernetesObject[],
  observed: ObservedCluster,
): Entry[] {
  const services = new Set(wanted.flatMap(({ kind, metadata }) => (kind === 'Service' ? [metadata.name] : [])));
  // The addresses of an external service are in an EndpointSlice now.
  const isReplaced = ({ kind, metadata }: KubernetesObject): boolean =>
    kind === 'Endpoints' && services.has(metadata.name);
  return [...observed.objects.values()]
    .filter((object) => ownerOf(object, identity).kind === 'legacy' && writtenByPython(object))
    .filter((object) => hasOldName(object, identity) || isReplaced(object))
    .map((object) => entryOf(object, object));
}

function hasOldName({ kind, metadata }: KubernetesObject, { deploymentId }: Identity): boolean {
  const { name, labels = {} } = metadata;
  if (!name.startsWith(`${deploymentId}-`)) return false;
  switch (kind) {
    case 'Deployment':
      return name.endsWith('-deployment');
    case 'Service':
      return name.endsWith('-service') || name.startsWith(`${deploymentId}-nodeport-`);
    case 'Ingress':
      return name === `${deploymentId}-ingress`;
    case 'Job':
      return name.startsWith(`${deploymentId}-job-`);
    case 'ConfigMap':
      return labels['configmap-label'] !== undefined;
    default:
      return false;
  }
}
