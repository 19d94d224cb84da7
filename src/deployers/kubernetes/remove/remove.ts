import { setTimeout as sleep } from 'node:timers/promises';
import type { Context } from '../../../system/context.js';
import { errorMessage, LaconicError } from '../../../system/errors.js';
import { describeObject } from '../objects/common/object.js';
import type { ClusterApi, LiveObject, ResourceType } from '../api/api.js';
import { findBelongings, kindsToRemove } from './owned-objects.js';
import { ClusterError, isConflict, isForbidden } from '../api/errors.js';
import { deletionSeconds, describeLeft, graceOf, heldByOthers, requireGone } from '../api/await-deletion.js';
import { isOurs, namespaceOwner } from '../apply/ownership.js';
import type { Identity } from '../objects/common/identity.js';
import { type Entry, inventoryName, readInventory } from '../apply/inventory.js';
import { foreignContents } from './namespace-contents.js';
import { type NamespaceView, viewNamespace } from '../api/namespace-view.js';
import { requestEach } from '../api/request-each.js';
import { needs, readAllowed, requirePermissions } from '../api/permissions.js';
import { resources, typeOf } from '../api/resources.js';
import { claimsThatHoldData, findVolumes, hostPathOf, mayHaveVolumes } from './volumes.js';

export interface RemoveOptions {
  /** Claims and PersistentVolumes, too; never directories of hosts. */
  readonly deleteVolumes: boolean;
  readonly deleteNamespace: boolean;
  /** Delete the namespace although this account cannot see everything in it. */
  readonly force?: boolean;
  /** Seconds for a pod to end; absent: its own grace period. */
  readonly graceSeconds?: number;
  /** Seconds that the deletion may take in addition to the pods' grace period; absent: two minutes. */
  readonly patienceSeconds?: number;
}

/** The result of a stop. */
export interface Removed {
  /** The number of objects found. */
  readonly count: number;
  /** Directories of nodes whose PersistentVolume was deleted: the data still exists. */
  readonly keptData: readonly { volume: string; path: string }[];
}

/**
 * Deletes a deployment's objects, and returns when they are gone: those of the inventory, those with its label, and the
 * Python program's. Volumes and the namespace only if requested. Nothing of another deployment.
 * @throws LaconicError if the namespace must not be deleted, before anything is; ClusterError naming what is left after
 *   the grace period of pods and two minutes
 */
export async function removeDeployment(
  identity: Identity,
  api: ClusterApi,
  options: RemoveOptions,
  context: Context,
): Promise<Removed> {
  const needed = [
    ...needs(kindsOfStop([], options), 'list', 'delete'),
    ...(options.deleteVolumes ? needsOfVolumes : []),
  ];
  return readAllowed(api, identity.namespace, needed, () => remove(identity, api, options, context));
}

/**
 * Returns what {@link removeDeployment} would delete now. Changes nothing.
 * @throws LaconicError like that
 */
export async function planRemoval(
  identity: Identity,
  api: ClusterApi,
  options: RemoveOptions,
  context: Context,
): Promise<LiveObject[]> {
  const { removal, ours, namespace } = await look(identity, api, options, context);
  const objects = ours ? await removal.find() : [];
  const volumes = options.deleteVolumes ? await removal.findVolumes() : [];
  return [...objects, ...volumes, ...(options.deleteNamespace && typeof namespace === 'object' ? [namespace] : [])];
}

/**
 * Finds the owner of the namespace and the deployment's objects.
 * @throws LaconicError if the namespace must not be deleted
 */
async function look(
  identity: Identity,
  api: ClusterApi,
  options: RemoveOptions,
  context: Context,
): Promise<{ removal: Removal; ours: boolean; namespace: NamespaceView }> {
  const namespace = await viewNamespace(api, identity.namespace);
  const owner = typeof namespace === 'object' ? namespaceOwner(namespace, identity) : undefined;
  if (owner?.kind === 'other') {
    context.report.warn(`namespace ${identity.namespace} belongs to deployment ${owner.id}: nothing in it is touched`);
  }
  const listed = namespace === undefined || owner?.kind === 'other' ? undefined : await inventoryIn(identity, api);
  // A namespace that a start could not label is recognized by its contents.
  const ours = (owner !== undefined && isOurs(owner)) || listed !== undefined;
  const inventory = listed === undefined ? [] : entriesOf(listed, context);
  const removal = new Removal(identity, inventory, api, options, context);
  if (options.deleteNamespace && namespace !== undefined) {
    if (namespace === 'hidden') throw refuseNamespace(identity, 'this account may not read it');
    if (owner === undefined || !isOurs(owner)) throw refuseNamespace(identity, `it is not this deployment's`);
    await removal.checkNamespace();
  }
  return { removal, ours, namespace };
}

async function remove(identity: Identity, api: ClusterApi, options: RemoveOptions, context: Context): Promise<Removed> {
  const { removal, ours, namespace } = await look(identity, api, options, context);
  const count = ours ? await removal.removeObjects() : 0;
  const volumes = options.deleteVolumes ? await removal.removeVolumes() : [];
  if (ours) await removal.removeInventory();
  if (options.deleteNamespace && typeof namespace === 'object') await removal.removeNamespace(namespace);
  const keptData = volumes.flatMap((volume) => {
    const path = hostPathOf(volume);
    return path === undefined ? [] : [{ volume: volume.metadata.name, path }];
  });
  return { count: count + volumes.length, keptData };
}

function inventoryIn(identity: Identity, api: ClusterApi): Promise<LiveObject | undefined> {
  return api.get(resources.ConfigMap, inventoryName(identity), identity.namespace);
}

/** Without an inventory, labels still show what is ours: a damaged one does not prevent a stop. */
function entriesOf(live: LiveObject, context: Context): Entry[] {
  try {
    return readInventory(live);
  } catch (error) {
    context.report.warn(`${errorMessage(error)}: objects are found by their labels`);
    return [];
  }
}

const needsOfVolumes = needs([resources.PersistentVolume], 'list', 'delete');

/** The API server deletes a Service's Endpoints with it. */
function goesWithService({ kind, metadata }: LiveObject, found: readonly LiveObject[]): boolean {
  return kind === 'Endpoints' && found.some((one) => one.kind === 'Service' && one.metadata.name === metadata.name);
}

/** The kinds that a stop searches. */
function kindsOfStop(inventory: readonly Entry[], { deleteVolumes }: RemoveOptions): ResourceType[] {
  return kindsToRemove(inventory).filter((type) => deleteVolumes || type !== resources.PersistentVolumeClaim);
}

function refuseNamespace({ namespace }: Identity, why: string, hint?: string): LaconicError {
  return new LaconicError(`namespace ${namespace} is not deleted: ${why}`, { hint: hint ?? 'nothing was changed' });
}

const workloads = ['Deployment', 'StatefulSet', 'DaemonSet', 'CronJob', 'Job'];
/** Traffic first, then workloads, then what they use. Other kinds before the pods. */
const orderOfKinds = ['Ingress', ...workloads, 'Service'];
const lastKinds = ['Pod', 'PersistentVolumeClaim'];

class Removal {
  readonly #identity: Identity;
  readonly #inventory: readonly Entry[];
  readonly #api: ClusterApi;
  readonly #options: RemoveOptions;
  readonly #context: Context;

  constructor(
    identity: Identity,
    inventory: readonly Entry[],
    api: ClusterApi,
    options: RemoveOptions,
    context: Context,
  ) {
    this.#identity = identity;
    this.#inventory = inventory;
    this.#api = api;
    this.#options = options;
    this.#context = context;
  }

  /** Refuses if others' objects, or data that exists nowhere else, would be deleted with the namespace. */
  async checkNamespace(): Promise<void> {
    const { objects: foreign, unseen } = await foreignContents(this.#api, this.#identity, this.#inventory);
    const { namespace } = this.#identity;
    if (foreign.length > 0) {
      const names = foreign.map(describeObject).sort().join(', ');
      throw refuseNamespace(
        this.#identity,
        `it contains objects of others: ${names}`,
        `nothing was changed; delete these first, or leave out --delete-namespace and delete it with: kubectl delete namespace ${namespace}`,
      );
    }
    if (unseen.length > 0 && this.#options.force !== true) {
      throw refuseNamespace(
        this.#identity,
        `this account may not list ${unseen.join(', ')}: others may have such objects there`,
        'nothing was changed; --force deletes it together with any such objects',
      );
    }
    if (unseen.length > 0) {
      this.#context.report.warn(
        `this account may not list ${unseen.join(', ')}: any of them in namespace ${namespace} are deleted too (--force)`,
      );
    }
    if (this.#options.deleteVolumes) return;
    const claims = await this.#find([resources.PersistentVolumeClaim]);
    const holding = await claimsThatHoldData(this.#api, claims);
    if (holding.length === 0) return;
    throw refuseNamespace(
      this.#identity,
      `the data of ${holding.map(describeObject).join(', ')} would be deleted too`,
      'nothing was changed; add --delete-volumes if the data is not needed',
    );
  }

  /** Returns the deployment's objects in the namespace. */
  async find(): Promise<LiveObject[]> {
    const found = await this.#find(kindsOfStop(this.#inventory, this.#options));
    return found.filter((object) => !goesWithService(object, found));
  }

  /** Returns the deployment's PersistentVolumes. */
  findVolumes(): Promise<LiveObject[]> {
    return findVolumes(this.#api, this.#identity, this.#inventory);
  }

  /** Deletes the objects in the namespace and waits. Resolves to how many there were. */
  async removeObjects(): Promise<number> {
    const kinds = kindsOfStop(this.#inventory, this.#options);
    const found = await this.#find(kinds);
    const deleted = found.filter((object) => !goesWithService(object, found));
    const needed = needs(
      deleted.map((object) => typeOf(object)),
      'delete',
    );
    const volumes = this.#options.deleteVolumes && mayHaveVolumes(this.#inventory) ? needsOfVolumes : [];
    await requirePermissions(this.#api, this.#identity.namespace, [...needed, ...volumes]);
    const others = kinds.filter(({ kind }) => !orderOfKinds.includes(kind) && !lastKinds.includes(kind));
    const order = [...orderOfKinds, ...others.map(({ kind }) => kind), ...lastKinds];
    for (const kind of order) {
      await requestEach(
        deleted.filter((object) => object.kind === kind),
        (object) => this.#delete(object),
      );
    }
    await this.#awaitNone(kinds, found);
    return found.length;
  }

  /** Deletes the deployment's PersistentVolumes and waits. */
  async removeVolumes(): Promise<LiveObject[]> {
    const volumes = await this.findVolumes();
    await requestEach(volumes, (volume) => this.#delete(volume));
    await requireGone(this.#api, volumes, this.#context);
    return volumes;
  }

  /** Deletes the inventory last: until then an interrupted stop knows what exists. */
  async removeInventory(): Promise<void> {
    await this.#api.delete(resources.ConfigMap, inventoryName(this.#identity), this.#identity.namespace);
  }

  async removeNamespace(namespace: LiveObject): Promise<void> {
    await this.#delete(namespace);
    try {
      await requireGone(this.#api, [namespace], this.#context);
    } catch (error) {
      // An account that lives in the namespace, or has its rights from it, is deleted with it.
      if (!(error instanceof ClusterError && (error.status === 401 || isForbidden(error)))) throw error;
      const { report } = this.#context;
      report.endProgress();
      report.warn(
        `namespace ${namespace.metadata.name} is being deleted together with this account: the end of the deletion cannot be observed`,
      );
    }
  }

  async #find(kinds: readonly ResourceType[]): Promise<LiveObject[]> {
    const all = await findBelongings(this.#api, this.#identity, this.#inventory, kinds);
    const inventory = inventoryName(this.#identity);
    return all.filter(({ kind, metadata }) => !(kind === 'ConfigMap' && metadata.name === inventory));
  }

  async #delete(object: LiveObject): Promise<void> {
    const { name, namespace, uid } = object.metadata;
    const grace = object.kind === 'Pod' ? this.#options.graceSeconds : undefined;
    // With foreground deletion a workload exists until its pods are gone, and creates no new ones in the meantime.
    const propagation = workloads.includes(object.kind) ? ('Foreground' as const) : ('Background' as const);
    const options = { uid, propagation, graceSeconds: grace };
    this.#context.report.verbose(`deleting ${describeObject(object)}`);
    await this.#api.delete(typeOf(object), name, namespace, options).catch((error: unknown) => {
      // Another object now has this name: the code below finds it, if it is ours.
      if (!isConflict(error)) throw error;
    });
  }

  /** Waits until nothing of these kinds is ours: a workload may have created a pod while it was deleted. */
  async #awaitNone(kinds: readonly ResourceType[], found: readonly LiveObject[]): Promise<void> {
    const grace = this.#options.graceSeconds ?? Math.max(0, ...found.map(graceOf));
    const seconds = grace + (this.#options.patienceSeconds ?? deletionSeconds);
    const until = Date.now() + seconds * 1_000;
    let looked = kinds;
    for (let pause = 100; ; pause = Math.min(pause * 1.5, 1_000)) {
      const left = await this.#find(looked);
      if (left.length === 0) {
        if (looked === kinds) break;
        looked = kinds;
        continue;
      }
      const names = new Set(left.map(({ kind }) => kind));
      const waiting = `waiting for deletion: ${[...names].join(', ')}`;
      this.#context.report.progress(this.#identity.namespace, [waiting, ...heldByOthers(left)].join('; '));
      if (Date.now() > until) throw this.#timedOut(left, seconds);
      looked = kinds.filter(({ kind }) => names.has(kind));
      await sleep(pause, undefined, { signal: this.#context.signal }).catch(() => undefined);
    }
    this.#context.report.endProgress();
  }

  #timedOut(left: readonly LiveObject[], seconds: number): ClusterError {
    const names = left.map(describeLeft).join(', ');
    return new ClusterError(`after ${seconds} s these still exist: ${names}`, {
      hint: 'check what blocks their deletion (kubectl describe), then run stop again',
    });
  }
}
