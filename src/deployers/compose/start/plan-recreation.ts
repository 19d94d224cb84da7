import { leftToCompose } from '../../../compose/fingerprint.js';
import { composeLabels } from '../../../engine/containers.js';
import { changedContents } from './bind-files.js';
import type { Checksums } from '../project/start-record.js';
import { awaitedServices, didItsWork } from '../ready/completed.js';
import type { ProjectModel, ProjectService } from '../cli/project-model.js';
import { listedContainers, type ObservedContainer } from '../resources/observe.js';
import { containerReadiness } from '../ready/container-readiness.js';
import type { StartedRecord, StartedService } from '../project/start-record.js';

export interface PlanInput {
  readonly model: ProjectModel;
  /** The services to start, including dependencies. */
  readonly selected: ReadonlySet<string>;
  /** Services that the operator named: these run even if they have completed before. */
  readonly named: ReadonlySet<string>;
  readonly containers: readonly ObservedContainer[];
  /** Volume by service whose containers are removed first because the volume gets another directory. */
  readonly moved: ReadonlyMap<string, string>;
  /** Id of each image on this host, by the name in the model. */
  readonly imageIds: ReadonlyMap<string, string>;
  readonly record: StartedRecord | undefined;
  /** Compose's own hash by service, when it was asked. */
  readonly hashes: ReadonlyMap<string, string>;
  readonly contents: ReadonlyMap<string, Checksums>;
}

/** Why a start changes a service. */
export type Reason =
  | { readonly kind: 'absent' }
  | { readonly kind: 'count'; readonly is: number; readonly wanted: number }
  /** `parts`: changed keys of the service; empty if the record does not show them. */
  | { readonly kind: 'configuration'; readonly parts: readonly string[] }
  /** The tag now refers to another image than the one the container was created from. */
  | { readonly kind: 'image'; readonly image: string }
  /** Mounted files and copied texts, which Compose does not compare. */
  | { readonly kind: 'contents'; readonly changed: readonly string[] }
  | { readonly kind: 'state'; readonly state: string }
  | { readonly kind: 'networks' }
  | { readonly kind: 'volume'; readonly volume: string }
  | { readonly kind: 'follows'; readonly service: string }
  | { readonly kind: 'needed'; readonly service: string }
  /** Only in a dry run, which does not write these: secrets with sources, an update of the directory, new values. */
  | { readonly kind: 'secrets' }
  | { readonly kind: 'update' }
  /** `update-envs`; without names: it follows another service that is recreated. */
  | { readonly kind: 'variables'; readonly names: readonly string[] };

/** What a start does to a service that it changes. */
export interface Step {
  /** `scale`: containers are added or removed; `check`: left to Compose. */
  readonly action: 'create' | 'recreate' | 'start' | 'scale' | 'check';
  readonly why: Reason;
  /**
   * How Compose is called: by name, by name with `--force-recreate`, or not at all, because it starts as a dependency.
   */
  readonly by: 'up' | 'force' | 'dependency';
}

/** Why a service is not changed: nothing differs, it is a completed one-shot, or it should have no container. */
export type Kept = 'same' | 'done' | 'none';

/** The plan of a start. Without steps there is nothing to do, and Compose is not called. */
export interface StartPlan {
  readonly steps: ReadonlyMap<string, Step>;
  readonly kept: ReadonlyMap<string, Kept>;
}

/**
 * Compares the model with the containers. A service is not changed if each of its containers runs or has completed as a
 * one-shot (see didItsWork), and was created from the same definition and image.
 */
export function planStart(input: PlanInput): StartPlan {
  const steps = new Map<string, Step>();
  for (const name of input.selected) {
    const service = input.model.services.get(name);
    const step = service && stepFor(service, input);
    if (step !== undefined) steps.set(name, step);
  }
  addFollowers(steps, input);
  addUsers(steps, input);
  addFollowers(steps, input);
  addNeeded(steps, input);
  const rest = [...input.selected].filter((name) => !steps.has(name));
  return { steps, kept: new Map(rest.map((name) => [name, whyKept(name, input)])) };
}

/** One call of `docker compose up`. */
export interface UpCall {
  readonly names: readonly string[];
  /** With `--force-recreate`. */
  readonly recreate: boolean;
}

/** The calls of Compose that carry out a plan, in order. */
export function callsOf({ steps }: StartPlan): UpCall[] {
  const named = (by: Step['by']): string[] => [...steps].filter(([, step]) => step.by === by).map(([name]) => name);
  const calls = [
    { names: named('force'), recreate: true },
    { names: named('up'), recreate: false },
  ];
  return calls.filter(({ names }) => names.length > 0);
}

/** Whether Compose must be asked for its hashes: the start record does not cover the containers of some service. */
export function unrecorded(input: Pick<PlanInput, 'selected' | 'containers' | 'record'>): boolean {
  return [...input.selected].some((name) => {
    const own = listedContainers(name, input.containers);
    return own.length > 0 && recordFor(name, own, input.record) === undefined;
  });
}

function stepFor(service: ProjectService, input: PlanInput): Step | undefined {
  const own = listedContainers(service.name, input.containers);
  const recorded = recordFor(service.name, own, input.record);
  const changed = changedContents(recorded?.contents ?? {}, input.contents.get(service.name) ?? {});
  if (changed.length > 0) return { action: 'recreate', why: { kind: 'contents', changed }, by: 'force' };
  return stepOfUp(service, own, recorded, input);
}

function stepOfUp(
  service: ProjectService,
  own: readonly ObservedContainer[],
  recorded: StartedService | undefined,
  input: PlanInput,
): Step | undefined {
  const step = (action: Step['action'], why: Reason): Step => ({ action, why, by: 'up' });
  const count: Reason = { kind: 'count', is: own.length, wanted: service.replicas };
  if (service.replicas === 0) return own.length === 0 ? undefined : step('scale', count);
  if (own.length === 0) {
    const volume = input.moved.get(service.name);
    return volume === undefined ? step('create', { kind: 'absent' }) : step('recreate', { kind: 'volume', volume });
  }
  if (recorded === undefined && own.length !== service.replicas) return step('scale', count);
  const redefined = redefinition(service, own, recorded, input);
  if (redefined !== undefined) return step(redefined.action, redefined.why);
  const rebuilt = own.some(({ container }) => isRebuilt(service.image, container, input.imageIds));
  if (rebuilt) return step('recreate', { kind: 'image', image: service.image });
  if (own.length !== service.replicas) return step('scale', count);
  const asleep = own.find((one) => !isUp(one) && !hasCompleted(one, input));
  if (asleep !== undefined) return step('start', { kind: 'state', state: asleep.details.State.Status });
  return undefined;
}

/** Whether an image name now refers to another image than the one a container was created from. */
export function isRebuilt(
  image: string,
  container: Pick<ObservedContainer['container'], 'imageId' | 'labels'>,
  imageIds: ReadonlyMap<string, string>,
): boolean {
  const id = imageIds.get(image);
  return id !== undefined && id !== container.imageId && id !== container.labels[composeLabels.image];
}

/** Without a start record, only equal hashes are conclusive: Compose hashes some definitions in two ways. */
function redefinition(
  service: ProjectService,
  own: readonly ObservedContainer[],
  recorded: StartedService | undefined,
  { hashes }: PlanInput,
): Pick<Step, 'action' | 'why'> | undefined {
  const configuration = (parts: readonly string[]): Reason => ({ kind: 'configuration', parts });
  if (recorded === undefined) {
    const hash = hashes.get(service.name);
    const same = own.every(({ container }) => container.labels[composeLabels.configHash] === hash);
    return same ? undefined : { action: 'check', why: configuration([]) };
  }
  if (recorded.fingerprint === service.fingerprint) return undefined;
  if (recorded.parts === undefined) return { action: 'recreate', why: configuration([]) };
  const parts = changedParts(recorded.parts, service.parts);
  if (parts.length === 0) return undefined;
  const decided = parts.filter((part) => !leftToCompose.has(part));
  if (decided.length === 0) return { action: 'check', why: configuration(parts) };
  return { action: 'recreate', why: configuration(decided) };
}

function changedParts(before: Readonly<Record<string, string>>, now: Readonly<Record<string, string>>): string[] {
  const names = new Set([...Object.keys(before), ...Object.keys(now)]);
  return [...names].filter((name) => before[name] !== now[name]).sort();
}

function whyKept(service: string, { model, containers }: PlanInput): Kept {
  if (model.services.get(service)?.replicas === 0) return 'none';
  return listedContainers(service, containers).some(isUp) ? 'same' : 'done';
}

function isUp({ details }: ObservedContainer): boolean {
  return details.State.Status === 'running' || details.State.Status === 'restarting';
}

/** A completed one-shot, unless the operator named it; see {@link didItsWork}. */
function hasCompleted({ details, container }: ObservedContainer, { model, record, named }: PlanInput): boolean {
  if (named.has(container.service)) return false;
  const readiness = containerReadiness(details, 0, 0);
  if (readiness.kind !== 'ready' || readiness.state !== 'completed') return false;
  const { id, service } = container;
  return didItsWork({ id, service, finishedAt: details.State.FinishedAt }, { awaited: awaitedServices(model), record });
}

/** Adds services that must follow a recreated dependency: Compose considers them only if they are named too. */
function addFollowers(steps: Map<string, Step>, { model, selected }: PlanInput): void {
  for (let before = -1; before !== steps.size; ) {
    before = steps.size;
    for (const service of model.services.values()) {
      if (!selected.has(service.name) || steps.has(service.name)) continue;
      const leader = service.dependsOn.find((one) => one.restart && steps.has(one.service));
      const action = leader && steps.get(leader.service)?.action;
      if (leader === undefined || action === undefined) continue;
      const why: Reason = { kind: 'follows', service: leader.service };
      steps.set(service.name, { action: followingAction(action, leader.shares), why, by: 'up' });
    }
  }
}

/** A service that shares a namespace or volumes is bound to that particular container, even if it was missing. */
function followingAction(leader: Step['action'], shares: boolean): Step['action'] {
  return leader === 'recreate' || (leader === 'create' && shares) ? 'recreate' : 'check';
}

/** Adds services that run in a network or with a volume whose definition changed since the last full start. */
function addUsers(steps: Map<string, Step>, { model, selected, containers, record }: PlanInput): void {
  const known = record?.networksAndVolumes;
  if (known === undefined || known === model.fingerprint) return;
  const before = record?.shared;
  const isOther = (name: string): boolean => before?.[name] !== model.shared[name];
  for (const name of selected) {
    if (steps.has(name) || !listedContainers(name, containers).some(isUp)) continue;
    if (before !== undefined && model.services.get(name)?.uses.some(isOther) !== true) continue;
    steps.set(name, { action: 'check', why: { kind: 'networks' }, by: 'up' });
  }
}

/** Adds completed one-shots that are run again before a service that depends on them. */
function addNeeded(steps: Map<string, Step>, input: PlanInput): void {
  const add = (name: string): void => {
    for (const { service } of input.model.services.get(name)?.dependsOn ?? []) {
      const own = listedContainers(service, input.containers);
      if (!steps.has(service) && own.length > 0 && !own.some(isUp)) {
        steps.set(service, { action: 'start', why: { kind: 'needed', service: name }, by: 'dependency' });
      }
      add(service);
    }
  };
  for (const name of [...steps.keys()]) add(name);
}

function recordFor(
  service: string,
  own: readonly ObservedContainer[],
  record: StartedRecord | undefined,
): StartedService | undefined {
  const recorded = record?.services[service];
  if (recorded === undefined) return undefined;
  const ids = own.map((one) => one.container.id).sort();
  return ids.length === recorded.containers.length && ids.every((id, at) => id === recorded.containers[at])
    ? recorded
    : undefined;
}
