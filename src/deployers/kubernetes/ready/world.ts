import type { LiveObject, WatchEvent } from '../cluster/api.js';
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
} from './facts.js';

interface FactsByKind {
  Deployment: DeploymentFacts;
  ReplicaSet: ReplicaSetFacts;
  Job: JobFacts;
  Pod: PodFacts;
  PersistentVolumeClaim: ClaimFacts;
  PersistentVolume: VolumeFacts;
  Event: EventFacts;
}

export type WatchedKind = keyof FactsByKind;

/** What is known of a namespace's objects, kept up to date by what a watch reports. */
export class World {
  readonly #objects = new Map<string, Map<string, LiveObject>>();
  readonly #gone = new Set<string>();
  readonly #repeated = new Set<string>();

  /** Takes over one change. */
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

  /** Takes over what a list of one kind shows: what is not in it is gone. */
  noteAll(kind: WatchedKind, listed: readonly LiveObject[]): void {
    const present = new Set(listed.map(({ metadata }) => metadata.uid));
    const known = [...(this.#objects.get(kind)?.values() ?? [])];
    for (const object of known) if (!present.has(object.metadata.uid)) this.note({ type: 'DELETED', object });
    for (const object of listed) this.note({ type: 'ADDED', object });
  }

  /** Somebody looked for an object, and there is none. */
  noteMissing(kind: WatchedKind, name: string): void {
    const found = this.find(kind, name);
    if (found !== undefined) this.#objects.get(kind)?.delete(found.metadata.uid);
    this.#gone.add(`${kind}/${name}`);
  }

  /** The objects of one kind, in no particular order. */
  all<K extends WatchedKind>(kind: K): FactsByKind[K][] {
    return [...(this.#objects.get(kind)?.values() ?? [])] as unknown as FactsByKind[K][];
  }

  find<K extends WatchedKind>(kind: K, name: string): FactsByKind[K] | undefined {
    return this.all(kind).find((one) => one.metadata.name === name);
  }

  /** True when it is known that there is no object of this name (any more). */
  isGone(kind: WatchedKind, name: string): boolean {
    return this.#gone.has(`${kind}/${name}`);
  }

  /** What makes a Deployment's pods from its present template; none until the controller has got to that. */
  setsOf(deployment: DeploymentFacts): ReplicaSetFacts[] {
    return this.all('ReplicaSet').filter((set) => isOwnedBy(set, deployment) && isPresentSet(set, deployment));
  }

  /** The pods that a Deployment makes from its present template, youngest first. */
  podsOf(deployment: DeploymentFacts): PodFacts[] {
    const current = this.setsOf(deployment);
    return this.#youngestFirst(this.all('Pod').filter((pod) => current.some((set) => isOwnedBy(pod, set))));
  }

  /** The pods of a Deployment that come from an earlier template: they have to go. */
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

  /** The warnings about these objects that are not known to be over, latest first. */
  warningsAbout(uids: ReadonlySet<string>): EventFacts[] {
    return this.all('Event')
      .filter(({ type, involvedObject: { uid } }) => type === 'Warning' && uid !== undefined && uids.has(uid))
      .filter((event) => !triedAgain.test(event.message ?? '') && !this.#isOver(event))
      .sort((a, b) => eventTime(b) - eventTime(a));
  }

  /**
   * Whether an event tells what kept a pod from being scheduled, mounted or given a sandbox, and all that was done
   * since.
   */
  #isOver(event: EventFacts): boolean {
    const { uid, fieldPath } = event.involvedObject;
    if (fieldPath !== undefined) return false;
    const pod = this.all('Pod').find(({ metadata }) => metadata.uid === uid);
    const since = pod && conditionOf(pod, 'PodReadyToStartContainers')?.lastTransitionTime;
    return typeof since === 'string' && eventTime(event) <= Date.parse(since);
  }

  /** True when an event happened once more while we watched: what it tells is so now, and not only before we came. */
  happenedAgain(event: EventFacts): boolean {
    return this.#repeated.has(event.metadata.uid);
  }

  #youngestFirst(pods: PodFacts[]): PodFacts[] {
    const made = (pod: PodFacts): string => pod.metadata.creationTimestamp ?? '';
    return pods.sort((a, b) => made(b).localeCompare(made(a)));
  }
}
