import type { LiveObject, WatchEvent } from '../api/api.js';
import { resources } from '../api/resources.js';
import {
  type ClaimFacts,
  conditionOf,
  type DeploymentFacts,
  type EventFacts,
  eventTime,
  isOwnedBy,
  isPresentSet,
  type JobFacts,
  type PodFacts,
  type ReplicaSetFacts,
  triedAgain,
  type VolumeFacts,
} from './api-types.js';

interface FactsByKind {
  Deployment: DeploymentFacts;
  ReplicaSet: ReplicaSetFacts;
  Job: JobFacts;
  Pod: PodFacts;
  PersistentVolumeClaim: ClaimFacts;
  PersistentVolume: VolumeFacts;
  Event: EventFacts;
}

/** The resources that show readiness, or the reasons for its absence. */
export const watchedResources = [
  resources.Deployment,
  resources.ReplicaSet,
  resources.Pod,
  resources.Job,
  resources.PersistentVolumeClaim,
  resources.Event,
];

export type WatchedKind = keyof FactsByKind;

/** The known objects of a namespace, kept up to date by watch events. */
export class WatchCache {
  readonly #objects = new Map<string, Map<string, LiveObject>>();
  readonly #gone = new Set<string>();
  readonly #repeated = new Set<string>();

  /** Records one change. */
  note({ type, object }: WatchEvent): void {
    const ofKind = this.#objects.get(object.kind) ?? new Map<string, LiveObject>();
    this.#objects.set(object.kind, ofKind);
    const { uid, name } = object.metadata;
    if (type === 'DELETED') {
      ofKind.delete(uid);
      this.#gone.add(`${object.kind}/${name}`);
      return;
    }
    if (type === 'MODIFIED' && object.kind === 'Event') this.#repeated.add(uid);
    ofKind.set(uid, object);
    this.#gone.delete(`${object.kind}/${name}`);
  }

  /** Records a list of one kind: what is not in it is gone. */
  noteAll(kind: WatchedKind, listed: readonly LiveObject[]): void {
    const present = new Set(listed.map(({ metadata }) => metadata.uid));
    const known = [...(this.#objects.get(kind)?.values() ?? [])];
    for (const object of known) if (!present.has(object.metadata.uid)) this.note({ type: 'DELETED', object });
    for (const object of listed) this.note({ type: 'ADDED', object });
  }

  /** Records that a requested object does not exist. */
  noteMissing(kind: WatchedKind, name: string): void {
    const found = this.find(kind, name);
    if (found !== undefined) this.#objects.get(kind)?.delete(found.metadata.uid);
    this.#gone.add(`${kind}/${name}`);
  }

  /** Returns the objects of one kind, in no particular order. */
  all<K extends WatchedKind>(kind: K): FactsByKind[K][] {
    return [...(this.#objects.get(kind)?.values() ?? [])] as unknown as FactsByKind[K][];
  }

  find<K extends WatchedKind>(kind: K, name: string): FactsByKind[K] | undefined {
    return this.all(kind).find((one) => one.metadata.name === name);
  }

  /** Whether an object of this name is known not to exist (any more). */
  isGone(kind: WatchedKind, name: string): boolean {
    return this.#gone.has(`${kind}/${name}`);
  }

  /** Returns the ReplicaSets of a Deployment's current template; none until the controller has created one. */
  setsOf(deployment: DeploymentFacts): ReplicaSetFacts[] {
    return this.all('ReplicaSet').filter((set) => isOwnedBy(set, deployment) && isPresentSet(set, deployment));
  }

  /** Returns the pods of a Deployment's current template, youngest first. */
  podsOf(deployment: DeploymentFacts): PodFacts[] {
    const current = this.setsOf(deployment);
    return this.#youngestFirst(this.all('Pod').filter((pod) => current.some((set) => isOwnedBy(pod, set))));
  }

  /** Returns the pods of a Deployment's earlier templates: they must go. */
  oldPodsOf(deployment: DeploymentFacts): PodFacts[] {
    const own = this.all('ReplicaSet').filter((set) => isOwnedBy(set, deployment));
    const current = new Set(this.podsOf(deployment).map((pod) => pod.metadata.uid));
    return this.all('Pod').filter((pod) => own.some((set) => isOwnedBy(pod, set)) && !current.has(pod.metadata.uid));
  }

  podsOfJob(job: JobFacts): PodFacts[] {
    return this.#youngestFirst(this.all('Pod').filter((pod) => isOwnedBy(pod, job)));
  }

  eventsAbout(uid: string): EventFacts[] {
    return this.all('Event').filter((event) => event.involvedObject.uid === uid);
  }

  /** Returns the warnings about these objects that may still apply, latest first. */
  warningsAbout(uids: ReadonlySet<string>): EventFacts[] {
    return this.all('Event')
      .filter(({ type, involvedObject: { uid } }) => type === 'Warning' && uid !== undefined && uids.has(uid))
      .filter((event) => !triedAgain.test(event.message ?? '') && !this.#isOver(event))
      .sort((a, b) => eventTime(b) - eventTime(a));
  }

  /** Whether an event is about scheduling, mounting or the sandbox of a pod, which have succeeded since. */
  #isOver(event: EventFacts): boolean {
    const { uid, fieldPath } = event.involvedObject;
    if (fieldPath !== undefined) return false;
    const pod = this.all('Pod').find(({ metadata }) => metadata.uid === uid);
    const since = pod && conditionOf(pod, 'PodReadyToStartContainers')?.lastTransitionTime;
    return typeof since === 'string' && eventTime(event) <= Date.parse(since);
  }

  /** Whether an event occurred again during the wait: its cause still exists, and not only before. */
  happenedAgain(event: EventFacts): boolean {
    return this.#repeated.has(event.metadata.uid);
  }

  #youngestFirst(pods: PodFacts[]): PodFacts[] {
    const made = (pod: PodFacts): string => pod.metadata.creationTimestamp ?? '';
    return pods.sort((a, b) => made(b).localeCompare(made(a)));
  }
}
