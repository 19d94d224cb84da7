import { claimProblems } from './claim.js';
import { containerReadiness, initRole, oneLine, type Readiness } from './container.js';
import {
  type ContainerSpecFacts,
  type ContainerStatusFacts,
  conditionOf,
  eventTime,
  isFromBefore,
  type Meta,
  type PodFacts,
} from './facts.js';
import { lastProbeFailure } from './probe.js';
import type { World } from './world.js';

export interface PodQuestion {
  world: World;
  /** Its containers are not started again when they end: a Job's pod. */
  final: boolean;
  /** Milliseconds since we first saw that there is no room for it. */
  unscheduledMs: (waiting: { metadata: Meta }) => number;
  /** Milliseconds that a cluster may take to make room for a pod that no node takes. */
  roomMs: number;
  /** Milliseconds since 1970 at which the nodes were started, when that was not long ago. */
  nodesStartedAt?: number;
}

/** Whether a pod is ready, may still become so, or never will: the worst of its containers decides. Pure. */
export function podReadiness(pod: PodFacts, question: PodQuestion): Readiness {
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
      return { spec, status, of: containerReadiness(name, spec.name, status, role, question.final) };
    })
    .sort((a, b) => rank(a.of) - rank(b.of))[0];
  if (worst === undefined || (worst.of.kind === 'ready' && !question.final)) return notReadyReason(pod);
  if (worst.of.kind === 'ready') return worst.of;
  const detail = mountTrouble(pod, question.world) ?? pulling(pod, worst.spec, question.world);
  const state = worst.of.state === 'being created' && detail !== undefined ? detail : worst.of.state;
  const probe =
    worst.of.kind === 'waiting' ? lastProbeFailure(pod, worst.spec.name, worst.status, question.world) : undefined;
  return { ...worst.of, state: `${worst.spec.name} ${state}`, ...(probe === undefined ? {} : { probe }) };
}

/** All containers are ready; the pod is so a moment later, or when its readiness gates say so. */
function notReadyReason(pod: PodFacts): Readiness {
  if (conditionOf(pod, 'Ready') !== undefined) return { kind: 'ready', state: 'ready' };
  const gate = conditionOf(pod, 'Ready', 'False');
  return { kind: 'waiting', state: gate?.message === undefined ? 'not ready yet' : oneLine(gate.message) };
}

interface PodContainer {
  spec: ContainerSpecFacts;
  status: ContainerStatusFacts | undefined;
  init: boolean;
}

/** The containers of a pod, init containers first. */
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

/** Failed before looping before waiting before ready. */
export function rank(readiness: Readiness): number {
  return ['failed', 'looping', 'waiting', 'ready'].indexOf(readiness.kind);
}

function unscheduledReadiness(
  pod: PodFacts,
  condition: { reason?: string; message?: string },
  { world, unscheduledMs, roomMs }: PodQuestion,
): Readiness {
  const said = oneLine(condition.message);
  const { name } = pod.metadata;
  if (condition.reason !== 'Unschedulable') return { kind: 'waiting', state: said === '' ? 'not scheduled yet' : said };
  const [problem] = claimProblems(pod, world);
  if (problem !== undefined) {
    const state = `volume claim ${problem.claim} ${problem.state}`;
    return problem.never ? { kind: 'failed', state, pod: name } : { kind: 'waiting', state };
  }
  const state = `no node takes it: ${said}`;
  if (unbound.test(said)) return { kind: 'waiting', state: 'waits for its volumes' };
  const coming = world.eventsAbout(pod.metadata.uid).some((event) => roomComing.has(event.reason ?? ''));
  if (coming || notYet.test(said)) return { kind: 'waiting', state };
  const since = unscheduledMs(pod);
  if (since >= roomMs) return { kind: 'failed', state, pod: name };
  return { kind: 'waiting', state, recheckMs: roomMs - since };
}

/** Events of those who make room: nodes are on their way, or another pod is going. */
const roomComing: ReadonlySet<string> = new Set(['TriggeredScaleUp', 'Nominated', 'Preempted']);
/** Nodes that are just starting. */
const notYet = /node\.kubernetes\.io\/(?:not-ready|network-unavailable)/;
/** Claims whose binding has not been reported yet: what keeps them from it is told by {@link claimProblems}. */
const unbound = /unbound immediate PersistentVolumeClaims|persistentvolumeclaim ".*" not found/;

/** What keeps a pod's volumes from being mounted: the containers only say that they are being created. */
function mountTrouble(pod: PodFacts, world: World): string | undefined {
  const event = newest(pod, world, ['FailedMount', 'FailedAttachVolume', 'FailedCreatePodSandBox']);
  return event === undefined ? undefined : `cannot be created yet: ${oneLine(event)}`;
}

function pulling(pod: PodFacts, container: ContainerSpecFacts, world: World): string | undefined {
  const field = new RegExp(`\\{${container.name}\\}$`);
  const last = world
    .eventsAbout(pod.metadata.uid)
    .filter((event) => field.test(event.involvedObject.fieldPath ?? ''))
    .sort((a, b) => eventTime(b) - eventTime(a))[0];
  return last?.reason === 'Pulling' ? `pulls image ${container.image ?? ''}` : undefined;
}

function newest(pod: PodFacts, world: World, reasons: readonly string[]): string | undefined {
  return world
    .eventsAbout(pod.metadata.uid)
    .filter((event) => reasons.includes(event.reason ?? ''))
    .sort((a, b) => eventTime(b) - eventTime(a))[0]?.message;
}
