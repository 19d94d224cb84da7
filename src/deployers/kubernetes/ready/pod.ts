import type { HealthPatience } from '../objects/workloads/health-patience.js';
import { claimProblems } from './volume-claim.js';
import { podContainerReadiness, initRole, oneLine, type PodReadiness } from './container.js';
import {
  type ContainerSpecFacts,
  type ContainerStatusFacts,
  conditionOf,
  type EventFacts,
  eventTime,
  isFromBefore,
  type Meta,
  type PodFacts,
  triedAgain,
} from './api-types.js';
import { lastProbeFailure } from './probe.js';
import type { WatchCache } from './watch-cache.js';

export interface PodQuestion {
  world: WatchCache;
  /** Its containers are not restarted when they end: a Job's pod. */
  final: boolean;
  /** Milliseconds since this wait first saw that there is no room for it. */
  unscheduledMs: (waiting: { metadata: Meta }) => number;
  /** Milliseconds for the cluster to make room for a pod that no node accepts. */
  schedulingTimeoutMs: number;
  /** How long a container may run without being healthy; undefined: without limit. */
  patience?: (container: string) => HealthPatience | undefined;
  /** Milliseconds since this wait first saw a run of a container (identified by any string) running and not ready. */
  notReadyMs: (run: string) => number;
  /** Milliseconds since 1970 when the nodes were started, if that was recently. */
  nodesStartedAt?: number;
}

/** Whether a pod is ready, may become ready, or never will: the worst of its containers decides. Pure. */
export function podReadiness(pod: PodFacts, question: PodQuestion): PodReadiness {
  const { name } = pod.metadata;
  if (pod.metadata.deletionTimestamp !== undefined) return { kind: 'waiting', state: 'is being removed' };
  const unscheduled = conditionOf(pod, 'PodScheduled', 'False');
  if (unscheduled !== undefined) return unscheduledReadiness(pod, unscheduled, question);
  if (pod.status?.phase === 'Failed' && pod.status.reason !== undefined && pod.status.reason !== '') {
    const state = `${pod.status.reason}: ${oneLine(pod.status.message)}`;
    return question.final ? { kind: 'failed', state, pod: name } : { kind: 'waiting', state };
  }
  if (question.nodesStartedAt !== undefined && isFromBefore(pod, question.nodesStartedAt)) {
    return { kind: 'waiting', state: 'not reported yet since its node was started' };
  }
  const worst = containersOf(pod)
    .map(({ spec, status, init }) => {
      const role = init ? initRole(spec) : 'main';
      const of = podContainerReadiness(name, spec.name, status, role, question.final);
      return { spec, status, of: role === 'init' ? of : patiently(of, pod, spec.name, status, question) };
    })
    .sort((a, b) => rank(a.of) - rank(b.of))[0];
  if (worst === undefined || (worst.of.kind === 'ready' && !question.final)) return notReadyReason(pod);
  if (worst.of.kind === 'ready') return worst.of;
  const { spec, status, of } = worst;
  if (of.kind !== 'waiting') return { ...of, state: `${spec.name} ${of.state}` };
  const creating = of.state === 'being created';
  const trouble = creating ? mountTrouble(pod, question.world) : undefined;
  if (trouble?.never === true) return { kind: 'failed', state: `${spec.name} ${trouble.state}`, pod: name };
  const state = trouble?.state ?? (creating ? pulling(pod, spec, question.world) : undefined) ?? of.state;
  const probe = lastProbeFailure(pod, spec.name, status, question.world);
  return { ...of, state: `${spec.name} ${state}`, probe };
}

/** The kubelet's messages for a check that timed out. */
const hangs = /timed out|deadline exceeded|timeout/i;

/**
 * A container that runs and was not healthy for as long as Compose allows has failed as unhealthy, with the probe's
 * message.
 */
function patiently(
  of: PodReadiness,
  pod: PodFacts,
  container: string,
  status: ContainerStatusFacts | undefined,
  { world, patience, notReadyMs }: PodQuestion,
): PodReadiness {
  const allowed = patience?.(container);
  if (of.kind !== 'waiting' || status?.state?.running === undefined || allowed === undefined) return of;
  const probe = lastProbeFailure(pod, container, status, world);
  const limit = hangs.test(probe ?? '') ? allowed.hangingMs : allowed.ms;
  const since = notReadyMs(`${pod.metadata.uid}/${container}/${status.restartCount}`);
  if (since < limit) return { ...of, recheckMs: limit - since };
  const state = `unhealthy: ${probe ?? 'its healthcheck did not succeed'}`;
  return { kind: 'failed', state, pod: pod.metadata.name, container };
}

/** All containers are ready; the pod follows a moment later, or when its readiness gates allow it. */
function notReadyReason(pod: PodFacts): PodReadiness {
  if (conditionOf(pod, 'Ready') !== undefined) return { kind: 'ready', state: 'ready' };
  const gate = conditionOf(pod, 'Ready', 'False');
  return { kind: 'waiting', state: gate?.message === undefined ? 'not ready yet' : oneLine(gate.message) };
}

interface PodContainer {
  spec: ContainerSpecFacts;
  status: ContainerStatusFacts | undefined;
  init: boolean;
}

/** Returns the containers of a pod, init containers first. */
export function containersOf({ spec, status }: PodFacts): PodContainer[] {
  const find = (statuses: ContainerStatusFacts[] | undefined, name: string): ContainerStatusFacts | undefined =>
    statuses?.find((one) => one.name === name);
  return [
    ...(spec.initContainers ?? []).map((one) => ({
      spec: one,
      status: find(status?.initContainerStatuses, one.name),
      init: true,
    })),
    ...spec.containers.map((one) => ({ spec: one, status: find(status?.containerStatuses, one.name), init: false })),
  ];
}

/**
 * Returns the containers that run as long as the pod: sidecars, which the API lists as init containers, and the
 * ordinary ones.
 */
export function lastingContainersOf(pod: PodFacts): PodContainer[] {
  return containersOf(pod).filter(({ spec, init }) => !init || initRole(spec) === 'sidecar');
}

/** Sorts failed before looping before waiting before ready. */
export function rank(readiness: PodReadiness): number {
  return ['failed', 'looping', 'waiting', 'ready'].indexOf(readiness.kind);
}

function unscheduledReadiness(
  pod: PodFacts,
  condition: { reason?: string; message?: string },
  { world, unscheduledMs, schedulingTimeoutMs }: PodQuestion,
): PodReadiness {
  const message = oneLine(condition.message);
  const { name } = pod.metadata;
  if (condition.reason !== 'Unschedulable') {
    return {
      kind: 'waiting',
      state: message === '' || triedAgain.test(message) ? 'not scheduled yet' : message,
    };
  }
  const [problem] = claimProblems(pod, world);
  if (problem !== undefined) {
    const state = `volume claim ${problem.claim} ${problem.state}`;
    if (problem.never) return { kind: 'failed', state, pod: name };
    // A claim that is bound only when its pod has a node waits for the pod: it is not the reason.
    if (message === '' || aboutVolumes.test(message)) return { kind: 'waiting', state };
  }
  const state = `no node accepts it: ${message}`;
  if (unbound.test(message)) return { kind: 'waiting', state: 'waits for its volumes' };
  const coming = world.eventsAbout(pod.metadata.uid).some((event) => roomComing.has(event.reason ?? ''));
  if (coming || notYet.test(message)) return { kind: 'waiting', state };
  const since = unscheduledMs(pod);
  if (since >= schedulingTimeoutMs) return { kind: 'failed', state, pod: name };
  return { kind: 'waiting', state, recheckMs: schedulingTimeoutMs - since };
}

/** Events that show that room is being made: nodes are being added, or another pod is being removed. */
const roomComing: ReadonlySet<string> = new Set(['TriggeredScaleUp', 'Nominated', 'Preempted']);
/** Nodes that are still starting. */
const notYet = /node\.kubernetes\.io\/(?:not-ready|network-unavailable)/;
/** Claims that have not been reported as bound yet: {@link claimProblems} explains why. */
const unbound = /unbound immediate PersistentVolumeClaims|persistentvolumeclaim ".*" not found/;

/** The nodes lack a volume. */
const aboutVolumes = /PersistentVolume|persistentvolume|persistent volume|storage class/;

/** A Secret or ConfigMap that somebody must create; the cluster itself creates one in every namespace. */
const missing = /\b(?:secret|configmap) "(?!kube-root-ca\.crt")[^"]*" not found/;

/**
 * Returns why a pod's volumes are not mounted: its containers are only reported as being created. The kubelet keeps
 * retrying; a Secret or ConfigMap that is still missing then will not appear by itself.
 */
function mountTrouble(pod: PodFacts, world: WatchCache): { state: string; never: boolean } | undefined {
  const event = newest(
    world
      .eventsAbout(pod.metadata.uid)
      .filter(({ reason = '' }) => ['FailedMount', 'FailedAttachVolume', 'FailedCreatePodSandBox'].includes(reason)),
  );
  if (event === undefined) return undefined;
  const message = oneLine(event.message);
  if (missing.test(message) && world.happenedAgain(event))
    return { state: `cannot be created: ${message}`, never: true };
  return { state: `cannot be created yet: ${message}`, never: false };
}

function pulling(pod: PodFacts, container: ContainerSpecFacts, world: WatchCache): string | undefined {
  const field = new RegExp(`\\{${container.name}\\}$`);
  const about = world.eventsAbout(pod.metadata.uid);
  const last = newest(about.filter((event) => field.test(event.involvedObject.fieldPath ?? '')));
  return last?.reason === 'Pulling' ? `pulls image ${container.image ?? ''}` : undefined;
}

function newest(events: EventFacts[]): EventFacts | undefined {
  return events.sort((a, b) => eventTime(b) - eventTime(a))[0];
}
