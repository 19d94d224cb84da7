import { LaconicError } from '../../../system/errors.js';
import { describeObject, type KubernetesObject } from '../objects/common/object.js';
import type { Action, Removal } from './actions.js';
import type { LiveObject } from '../api/api.js';
import { stamped } from './hash.js';
import { directoryAnnotation } from '../objects/workloads/annotations.js';
import { namespaceOwner, type Owner, ownerOf } from './ownership.js';
import type { Identity } from '../objects/common/identity.js';
import { type Entry, entryKey, entryOf, isInventory, mergeEntries } from './inventory.js';
import { appliedByUs } from './field-managers.js';
import { liveOf, type ObservedCluster } from './observe.js';
import { withKnownImageIds } from './keep-image-ids.js';
import { needs, type Need, type Verb } from '../api/permissions.js';
import { decide } from './decide.js';
import { oldEntries, planPrune } from './prune.js';
import { mapOf } from '../../../system/plain-map.js';
import { resources, typeOf } from '../api/resources.js';

/** Everything a start will do to the cluster, as data; {@link executePlan} executes it. */
export interface ApplyPlan {
  readonly identity: Identity;
  /** One per wanted object including the Namespace, in the given order. */
  readonly actions: readonly Action[];
  readonly removals: readonly Removal[];
  /** The current inventory in the cluster; absent if there is none. */
  readonly inventory: readonly Entry[] | undefined;
  /** Old ∪ new: written before anything else. */
  readonly inventoryBefore: readonly Entry[];
  /** Further entries that the inventory keeps: volumes and claims with data, unknown kinds. */
  readonly keptEntries: readonly Entry[];
  readonly warnings: readonly string[];
  readonly remarks: readonly string[];
}

/**
 * Compares what is wanted with the cluster. Pure.
 * @param wanted the deployment's objects including its Namespace, without hash annotations
 * @throws LaconicError naming everything that belongs to another owner
 */
export function planApply(
  identity: Identity,
  wanted: readonly KubernetesObject[],
  observed: ObservedCluster,
): ApplyPlan {
  refuseOthersNamespace(identity, observed);
  const liveObject = ({ kind, metadata }: KubernetesObject) => liveOf(observed, kind, metadata.name);
  const problems = wanted.flatMap((object) => ownershipProblems(object, liveObject(object), identity));
  if (problems.length > 0) {
    throw new LaconicError(problems.join('\n'), {
      hint: 'nothing was changed: delete or rename these objects, or set another namespace in the spec of this deployment',
    });
  }
  // A namespace that the account may not read is left unchanged.
  const seen = wanted.filter(({ kind }) => kind !== 'Namespace' || observed.namespace !== 'hidden');
  // If claims are wanted, the existing ones were read.
  const claimsRead = wanted.some(({ kind }) => kind === 'PersistentVolumeClaim');
  const isGone = ({ namespace, name, uid }: Record<string, unknown>): boolean =>
    claimsRead &&
    namespace === identity.namespace &&
    typeof uid === 'string' &&
    observed.objects.get(entryKey({ kind: 'PersistentVolumeClaim', name: String(name) }))?.metadata.uid !== uid;
  const decisions = seen.map((object) => {
    const live = liveObject(object);
    return decideAny(stamped(withKnownImageIds(object, live)), live, isGone);
  });
  const actions = decisions.map(({ action }) => action);
  const earlier = observed.inventory ?? oldEntries(identity, wanted, observed);
  const prune = planPrune(identity, wanted, observed, earlier);
  const entries = actions.map((action) => entryOf(action.object, liveAfter(action)));
  return {
    identity,
    actions,
    removals: prune.removals,
    inventory: observed.inventory,
    inventoryBefore: mergeEntries(earlier, entries),
    keptEntries: prune.kept,
    warnings: decisions.flatMap(({ warnings }) => warnings),
    remarks: [...decisions.flatMap(({ remarks }) => remarks), ...prune.remarks],
  };
}

/** Whether the plan writes nothing. */
export function isNoOp(plan: ApplyPlan): boolean {
  return plan.removals.length === 0 && plan.actions.every((action) => action.do === 'keep');
}

/** Returns the permissions that the account needs for the plan. */
export function needsOfPlan({ actions, removals }: ApplyPlan): Need[] {
  const of = (action: Action): Verb[] => {
    switch (action.do) {
      case 'keep':
        return [];
      case 'label':
        return ['patch'];
      case 'apply':
        // When a Deployment is adopted, its new form is checked as a separate object.
        return action.adopt ? ['patch', 'create'] : ['patch'];
      case 'replace':
        return ['get', 'delete', 'create', 'patch'];
      case 'create':
        // An apply that creates an object needs both; a namespace is not applied.
        return action.object.kind === 'Namespace' ? ['create'] : ['create', 'patch'];
    }
  };
  return [
    ...actions.flatMap((action) => needs([typeOf(action.object)], ...of(action))),
    ...needs(
      removals.map(({ live }) => typeOf(live)),
      'delete',
    ),
    ...needs([resources.ConfigMap], 'create', 'patch'),
  ];
}

/** The live object that an action keeps: its uid stays the same. */
function liveAfter(action: Action): LiveObject | undefined {
  return action.do === 'create' || action.do === 'replace' ? undefined : action.live;
}

function decideAny(
  object: KubernetesObject,
  live: LiveObject | undefined,
  isGone: (claim: Record<string, unknown>) => boolean,
): ReturnType<typeof decide> {
  if (live === undefined) return { action: { do: 'create', object }, warnings: [], remarks: [] };
  if (live.metadata.deletionTimestamp !== undefined) {
    return {
      action: { do: 'create', object, after: live },
      warnings: [],
      remarks: [`${describeObject(object)} is being deleted: it is recreated once it is gone`],
    };
  }
  return decide(object, live, isGone);
}

function refuseOthersNamespace(identity: Identity, { namespace, objects }: ObservedCluster): void {
  if (namespace === undefined) return;
  const name = identity.namespace;
  const marked = namespace === 'hidden' ? undefined : namespaceOwner(namespace, identity);
  // If the namespace could not be labelled, its objects show who came first.
  const owner = marked === undefined || marked.kind === 'foreign' ? inventoryOwner(objects.values(), identity) : marked;
  if (owner?.kind !== 'other') return;
  const directory = namespace === 'hidden' ? undefined : namespace.metadata.annotations?.[directoryAnnotation];
  throw new LaconicError(
    `namespace ${name} belongs to deployment ${owner.id}${directory ? ` (${directory})` : ''}, not to ${identity.deploymentId} (${identity.directory})`,
    { hint: `give this deployment its own namespace: write namespace: <name> in ${identity.directory}/spec.yml` },
  );
}

/** The other deployment that has an inventory in a namespace, if any. */
function inventoryOwner(objects: Iterable<LiveObject>, identity: Identity): Owner | undefined {
  return [...objects]
    .filter(isInventory)
    .map((object) => ownerOf(object, identity))
    .find(({ kind }) => kind === 'other');
}

function ownershipProblems(object: KubernetesObject, live: LiveObject | undefined, identity: Identity): string[] {
  if (live === undefined || object.kind === 'Namespace') return [];
  const name = describeObject(object);
  const place = object.metadata.namespace === undefined ? '' : ` in namespace ${object.metadata.namespace}`;
  const owner = ownerOf(live, identity);
  if (owner.kind === 'other') return [`${name}${place} belongs to deployment ${owner.id}`];
  if (owner.kind === 'foreign' && !appliedByUs(live)) {
    return [`${name}${place} exists already and was not created by this deployment`];
  }
  if (object.kind !== 'PersistentVolume') return [];
  const { namespace, name: claim } = mapOf(mapOf(live.spec).claimRef);
  if (namespace === undefined || namespace === identity.namespace) return [];
  return [`${name} is bound to claim ${JSON.stringify(claim)} in namespace ${JSON.stringify(namespace)}`];
}
