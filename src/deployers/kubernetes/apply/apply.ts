import type { Context } from '../../../system/context.js';
import { errorMessage } from '../../../system/errors.js';
import { deploymentIdLabel } from '../objects/common/labels.js';
import { describeObject, type KubernetesObject } from '../objects/common/object.js';
import type { StartStep, Workload } from '../objects/workloads/start-order.js';
import type { Action, Removal } from './actions.js';
import type { ClusterApi, LiveObject } from '../api/api.js';
import { ClusterError, isConflict } from '../api/errors.js';
import { requireGone } from '../api/await-deletion.js';
import { namespaceOwner } from './ownership.js';
import type { Identity } from '../objects/common/identity.js';
import { type Entry, entryOf, inventoryObject, keyOfObject, sameEntries } from './inventory.js';
import { fieldManager, restartFieldManager } from './field-managers.js';
import { requestEach } from '../api/request-each.js';
import { observe } from './observe.js';
import { lackingPermissions, type Need, PermissionError } from '../api/permissions.js';
import { isNoOp, needsOfPlan, type ApplyPlan, planApply } from './plan.js';
import { resources, typeOf } from '../api/resources.js';
import { lineFor } from './messages.js';
import { actionsOf, nextWorkloads } from './stages.js';
import { writeObject, check, type WriteOptions } from './write-object.js';

export interface ApplyOptions extends WriteOptions {
  /** The workloads with the conditions they wait for; workloads not listed wait for nothing. */
  readonly order: readonly StartStep[];
  /** Returns when these are ready, or at once if the order is not kept (`--no-wait`). */
  readonly awaitReady: (workloads: readonly Workload[]) => Promise<void>;
  /**
   * What the command requests afterwards (to wait, to run a job): an account without these permissions is refused
   * before anything is written.
   */
  readonly later?: readonly Need[];
  /** ISO time to stamp on Deployments whose pods would otherwise not be replaced (`restart`). */
  readonly restartedAt?: string;
}

/**
 * Applies the deployment's objects and prunes the rest: reads, plans, executes.
 * @param wanted see {@link planApply}
 * @returns whether anything was written, including the stamp of a restart
 */
export async function applyObjects(
  identity: Identity,
  wanted: readonly KubernetesObject[],
  api: ClusterApi,
  options: ApplyOptions,
  context: Context,
): Promise<boolean> {
  let observed = await observe(api, identity, wanted, options.later);
  if (typeof observed.namespace === 'object' && observed.namespace.metadata.deletionTimestamp !== undefined) {
    // Everything in it is deleted with it.
    context.report.info(`namespace ${identity.namespace} is being deleted: it is recreated once it is gone`);
    await requireGone(api, [observed.namespace], context, options.goneSeconds);
    observed = await observe(api, identity, wanted, options.later);
  }
  const plan = planApply(identity, wanted, observed);
  await executePlan(plan, api, options, context);
  return options.restartedAt !== undefined || !isNoOp(plan);
}

/**
 * Executes a plan: the only place that changes a cluster on start. The server checks everything before the first object
 * is changed; the inventory is written before (old ∪ new) and after.
 * @throws ClusterError, LaconicError, InterruptedError; the inventory lists what was applied, and the next start
 *   continues from there
 */
export async function executePlan(
  plan: ApplyPlan,
  api: ClusterApi,
  options: ApplyOptions,
  context: Context,
): Promise<void> {
  for (const line of plan.warnings) context.report.warn(line);
  for (const line of plan.remarks) context.report.info(line);
  const run = new Execution(plan, api, options, context);
  if (isNoOp(plan)) run.sayAll(plan.actions);
  else await run.writeAll();
  await run.finish();
}

class Execution {
  readonly #plan: ApplyPlan;
  readonly #api: ClusterApi;
  readonly #options: ApplyOptions;
  readonly #context: Context;
  /** The wanted objects as stored on the server, by key. */
  readonly #done = new Map<string, LiveObject>();

  constructor(plan: ApplyPlan, api: ClusterApi, options: ApplyOptions, context: Context) {
    this.#plan = plan;
    this.#api = api;
    this.#options = options;
    this.#context = context;
    for (const action of plan.actions) {
      if (action.do === 'keep') this.#done.set(keyOfObject(action.object), action.live);
    }
  }

  async writeAll(): Promise<void> {
    const { actions } = this.#plan;
    if (await this.#mayMark()) await this.#carryOut(actionsOf('namespace', actions));
    await this.#checkAll();
    await this.#writeInventory(this.#plan.inventory, this.#plan.inventoryBefore);
    await this.#remove('first');
    await this.#carryOut(actionsOf('volumes', actions));
    await this.#carryOut(actionsOf('configuration', actions));
    await this.#carryOut(actionsOf('services', actions));
    await this.#startWorkloads(actionsOf('workloads', actions));
    await this.#carryOut(actionsOf('ingress', actions));
    await this.#remove('last');
  }

  /** Stamps a restart and writes the final inventory. */
  async finish(): Promise<void> {
    await this.#stampRestart();
    const entries = this.#plan.actions.map(({ object }) => entryOf(object, this.#done.get(keyOfObject(object))));
    const before = isNoOp(this.#plan) ? this.#plan.inventory : this.#plan.inventoryBefore;
    await this.#writeInventory(before, [...entries, ...this.#plan.keptEntries]);
  }

  sayAll(actions: readonly Action[]): void {
    for (const action of actions) {
      const line = lineFor(action);
      if (line !== undefined) this.#context.report.print(line);
    }
  }

  async #carryOut(actions: readonly Action[]): Promise<void> {
    const done = await requestEach(actions, async (action) => {
      if (action.do !== 'keep') this.#context.report.verbose(`${action.do} ${describeObject(action.object)}`);
      return writeObject(action, this.#api, this.#context, this.#options);
    });
    for (const live of done) this.#done.set(keyOfObject(live), live);
    this.sayAll(actions);
  }

  /**
   * Refuses an account that lacks permissions, before the first write. Returns false if it may not change its
   * namespace, which then stays without our label.
   */
  async #mayMark(): Promise<boolean> {
    const { identity, actions } = this.#plan;
    const needed = [...needsOfPlan(this.#plan), ...(this.#options.later ?? [])];
    const lacking = await lackingPermissions(this.#api, identity.namespace, needed);
    const namespace = actions.find(({ object, do: what }) => object.kind === 'Namespace' && what === 'apply');
    const isMark = ({ verb, type }: Need): boolean => verb === 'patch' && type === resources.Namespace;
    const others = lacking.filter((need) => !isMark(need));
    if (others.length > 0) throw new PermissionError(this.#api, identity.namespace, others);
    if (namespace?.do !== 'apply' || lacking.length === 0) return true;
    this.#done.set(keyOfObject(namespace.object), namespace.live);
    if (namespaceOwner(namespace.live, identity).kind !== 'ours') {
      this.#context.report.warn(
        `this account may not change namespace ${identity.namespace}, so it is not marked as used by this deployment. An account with this permission can mark it: kubectl label namespace ${identity.namespace} ${deploymentIdLabel}=${identity.deploymentId}`,
      );
    }
    return false;
  }

  /** Shows all refusals of the server at once, and deletes the namespace that was created for them. */
  async #checkAll(): Promise<void> {
    const answers = await requestEach(this.#plan.actions, async (action) => {
      if (action.object.kind === 'Namespace') return undefined;
      return check(action, this.#api, this.#options.forceConflicts).catch((error: unknown) => {
        if (!(error instanceof ClusterError) || error.status === undefined) throw error;
        return error;
      });
    });
    const refusals = answers.filter((answer) => answer instanceof ClusterError);
    const [first] = refusals;
    if (first === undefined) return;
    const left = await this.#removeNewNamespace();
    throw new ClusterError(refusals.map(errorMessage).join('\n'), {
      status: first.status,
      reason: first.reason,
      hint: `nothing of this deployment was changed${left}${first.hint === undefined ? '' : `; ${first.hint}`}`,
      cause: first,
    });
  }

  /** Returns a text for the message if it could not be deleted, else an empty one. */
  async #removeNewNamespace(): Promise<string> {
    const made = this.#plan.actions.find(({ object, do: what }) => object.kind === 'Namespace' && what === 'create');
    const live = made === undefined ? undefined : this.#done.get(keyOfObject(made.object));
    if (live === undefined) return '';
    const { name, uid } = live.metadata;
    return this.#api.delete(typeOf(live), name, undefined, { uid }).then(
      () => '',
      // The refusals matter more; an account may be allowed to create namespaces but not to delete them.
      (error: unknown) => `, but the new namespace stays (${errorMessage(error)})`,
    );
  }

  async #startWorkloads(actions: readonly Action[]): Promise<void> {
    const applied = new Set<string>();
    const ready = new Set<string>();
    const keyed = new Map(actions.map((action) => [keyOfObject(action.object), action]));
    const named = new Set(this.#options.order.map(({ workload: { kind, name } }) => `${kind}/${name}`));
    await this.#carryOut(actions.filter((action) => !named.has(keyOfObject(action.object))));
    for (;;) {
      const next = nextWorkloads(this.#options.order, applied, ready);
      if (next === undefined) return;
      if ('await' in next) {
        await this.#options.awaitReady(next.await);
        for (const { kind, name } of next.await) ready.add(`${kind}/${name}`);
        continue;
      }
      const keys = next.apply.map(({ kind, name }) => `${kind}/${name}`);
      await this.#carryOut(keys.map((key) => keyed.get(key)).filter((action) => action !== undefined));
      for (const key of keys) applied.add(key);
    }
  }

  /** Deletes removals of one kind. After `first` ones their pods are awaited: two must not use the same volume. */
  async #remove(when: Removal['when']): Promise<void> {
    const removals = this.#plan.removals.filter((removal) => removal.when === when);
    for (const { live } of removals) {
      const { name, namespace, uid } = live.metadata;
      const propagation = when === 'first' ? 'Foreground' : 'Background';
      const deleted = await this.#api
        .delete(typeOf(live), name, namespace, { uid, propagation })
        .catch((error: unknown) => {
          if (isConflict(error)) return false;
          throw error;
        });
      if (deleted) this.#context.report.info(`${describeObject(live)} is no longer in the stack: removed`);
    }
    if (when === 'first')
      await requireGone(
        this.#api,
        removals.map(({ live }) => live),
        this.#context,
        this.#options.goneSeconds,
      );
  }

  async #stampRestart(): Promise<void> {
    const { restartedAt } = this.#options;
    if (restartedAt === undefined) return;
    const annotations = { 'kubectl.kubernetes.io/restartedAt': restartedAt };
    const same = this.#plan.actions.filter((action) => action.object.kind === 'Deployment' && !replacesPods(action));
    await requestEach(same, async ({ object }) => {
      const patch = { spec: { template: { metadata: { annotations } } } };
      const { name, namespace } = object.metadata;
      await this.#api.patch(typeOf(object), name, namespace, patch, restartFieldManager);
    });
  }

  async #writeInventory(before: readonly Entry[] | undefined, entries: readonly Entry[]): Promise<void> {
    if (before !== undefined && sameEntries(before, entries)) return;
    const object = inventoryObject(this.#plan.identity, entries);
    await this.#api.apply(object, { fieldManager, force: true });
  }
}

/** Whether executing the action replaces the Deployment's pods anyway. */
function replacesPods(action: Action): boolean {
  if (action.do === 'apply')
    return [...action.changed, ...action.removed].some((path) => path.startsWith('spec.template'));
  return action.do === 'create' || action.do === 'replace';
}
