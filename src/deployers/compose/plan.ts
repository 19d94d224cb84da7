import { composeLabels } from '../../engine/containers.js';
import { changedContents, type Checksums } from './bind-files.js';
import { awaitedServices, didItsWork } from './completed.js';
import type { ProjectModel, ServiceModel } from './model.js';
import { containersOf, type ObservedContainer } from './observe.js';
import { containerReadiness } from './readiness.js';
import type { StartedRecord } from './started.js';

export interface PlanInput {
  readonly model: ProjectModel;
  /** The services to start, dependencies included. */
  readonly selected: ReadonlySet<string>;
  /** Services the operator named: these run even when they completed before. */
  readonly named: ReadonlySet<string>;
  readonly containers: readonly ObservedContainer[];
  /** Id of each image on this host by the name the model uses. */
  readonly imageIds: ReadonlyMap<string, string>;
  readonly record: StartedRecord | undefined;
  /** Compose's own hash by service, when it was asked. */
  readonly hashes: ReadonlyMap<string, string>;
  readonly contents: ReadonlyMap<string, Checksums>;
}

/** What `start` has to do. Both empty: nothing, and Compose is not called. */
export interface StartPlan {
  /** Why, by service that `up` must create, recreate or start (Compose decides which of these). */
  readonly up: ReadonlyMap<string, string>;
  /** What changed, by service whose containers must be made anew although Compose sees no difference (decision 16). */
  readonly stale: ReadonlyMap<string, readonly string[]>;
  /** Why not, by service that is left alone. */
  readonly kept: ReadonlyMap<string, string>;
}

/**
 * Compares the model with the containers (decisions 13 and 16). A service is left alone when each of its containers runs, was made
 * from this very definition and image, or has completed as a one-shot (see didItsWork). Pure.
 */
export function planStart(input: PlanInput): StartPlan {
  const up = new Map<string, string>();
  const stale = new Map<string, readonly string[]>();
  for (const name of input.selected) {
    const service = input.model.services.get(name);
    if (service === undefined) continue;
    const reason = reasonForUp(service, input);
    if (reason !== undefined) up.set(name, reason);
    const changed = changedSinceCreation(service, input);
    if (changed.length > 0) stale.set(name, changed);
  }
  addFollowers(up, stale, input);
  const rest = [...input.selected].filter((name) => !up.has(name) && !stale.has(name));
  return { up, stale, kept: new Map(rest.map((name) => [name, reasonToKeep(name, input)])) };
}

/** Services of which Compose must be asked for its hash: their containers are in no record of ours. Pure. */
export function unrecorded(input: Omit<PlanInput, 'hashes' | 'contents'>): boolean {
  return [...input.selected].some((name) => {
    const own = containersOf(name, input.containers);
    return own.length > 0 && recordFor(name, own, input.record) === undefined;
  });
}

function reasonForUp(service: ServiceModel, input: PlanInput): string | undefined {
  const own = containersOf(service.name, input.containers);
  if (own.length !== service.replicas) {
    return own.length === 0 ? 'it has no container' : `it has ${own.length} of ${service.replicas} containers`;
  }
  const recorded = recordFor(service.name, own, input.record);
  for (const { container } of own) {
    const sameDefinition =
      recorded === undefined
        ? container.labels[composeLabels.configHash] === input.hashes.get(service.name)
        : recorded.fingerprint === service.fingerprint;
    if (!sameDefinition) return 'its configuration changed';
    const image = input.imageIds.get(service.image);
    if (image !== undefined && image !== container.imageId && image !== container.labels[composeLabels.image]) {
      return 'its image changed';
    }
  }
  const asleep = own.find((one) => !isUp(one) && !hasCompleted(one, input));
  if (asleep !== undefined) return `its container is ${asleep.details.State.Status}`;
  const known = input.record?.networksAndVolumes;
  const completed = own.every((one) => !isUp(one));
  if (known !== undefined && known !== input.model.fingerprint && !completed) return 'networks or volumes changed';
  return undefined;
}

function reasonToKeep(service: string, { model, containers }: PlanInput): string {
  if (model.services.get(service)?.replicas === 0) return 'it is to have no container';
  return containersOf(service, containers).some(isUp) ? 'nothing differs' : 'it did its work before';
}

function isUp({ details }: ObservedContainer): boolean {
  return details.State.Status === 'running' || details.State.Status === 'restarting';
}

/** A one-shot that did its work, unless the operator names it; see {@link didItsWork}. */
function hasCompleted({ details, container }: ObservedContainer, { model, record, named }: PlanInput): boolean {
  if (named.has(container.service)) return false;
  const readiness = containerReadiness(details, 0, 0);
  if (readiness.kind !== 'ready' || readiness.state !== 'completed') return false;
  const { id, service } = container;
  return didItsWork({ id, service, finishedAt: details.State.FinishedAt }, { awaited: awaitedServices(model), record });
}

function changedSinceCreation(service: ServiceModel, input: PlanInput): string[] {
  const own = containersOf(service.name, input.containers);
  const recorded = recordFor(service.name, own, input.record);
  const now = input.contents.get(service.name);
  if (recorded === undefined || now === undefined) return [];
  return changedContents(recorded.contents, now);
}

/** Services that must follow when one they depend on is made anew: Compose sees them only when they are named, too. */
function addFollowers(
  up: Map<string, string>,
  stale: ReadonlyMap<string, readonly string[]>,
  { model, selected }: PlanInput,
): void {
  for (let before = -1; before !== up.size; ) {
    before = up.size;
    for (const service of model.services.values()) {
      if (!selected.has(service.name) || up.has(service.name)) continue;
      const leader = service.dependsOn.find((one) => one.restart && (up.has(one.service) || stale.has(one.service)));
      if (leader !== undefined) up.set(service.name, `it follows ${leader.service}`);
    }
  }
}

function recordFor(service: string, own: readonly ObservedContainer[], record: StartedRecord | undefined) {
  const recorded = record?.services[service];
  if (recorded === undefined) return undefined;
  const ids = own.map((one) => one.container.id).sort();
  return ids.length === recorded.containers.length && ids.every((id, at) => id === recorded.containers[at])
    ? recorded
    : undefined;
}
