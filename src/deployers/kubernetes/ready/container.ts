import type { ContainerSpecFacts, ContainerStatusFacts } from './facts.js';

/** What is known of something that is waited for. */
export type Readiness =
  | { kind: 'ready'; state: string }
  /**
   * `probe`: what the probe that is waited for last said.
   * `recheckMs`: time alone may change it, without anything happening in the cluster.
   */
  | { kind: 'waiting'; state: string; probe?: string; recheckMs?: number }
  /** It crashes again and again: failed, unless what it may wait for is still being started; see Patience. */
  | { kind: 'looping'; state: string; pod: string; container: string; restarts: number }
  /** `pod` and `container` are where the reason is found, when they are known. */
  | { kind: 'failed'; state: string; pod?: string; container?: string };

/**
 * How a container takes part in its pod: an init container ends before the others start, a sidecar goes on beside them.
 */
export type Role = 'main' | 'init' | 'sidecar';

/** Waiting reasons from which no container comes back without somebody's help. */
const terminal = new Set([
  'ImagePullBackOff',
  'ErrImageNeverPull',
  'InvalidImageName',
  'ImageInspectError',
  'CreateContainerConfigError',
  'CreateContainerError',
  'RegistryUnavailable',
]);

/**
 * What the kubelet says of a config it has not loaded yet, with the reason CreateContainerConfigError: it tries again.
 */
const notLoadedYet = /failed to sync (?:configmap|secret) cache/;

/** The role of one of a pod's init containers. */
export function initRole(spec: ContainerSpecFacts): Role {
  return spec.restartPolicy === 'Always' ? 'sidecar' : 'init';
}

/**
 * Whether one container is ready, may still become so, or never will. Pure.
 * @param status absent: the kubelet has not reported it yet
 * @param final it is not started again when it ends (a Job's)
 */
export function containerReadiness(
  pod: string,
  container: string,
  status: ContainerStatusFacts | undefined,
  role: Role,
  final: boolean,
): Readiness {
  if (status === undefined) return { kind: 'waiting', state: 'waiting' };
  const { state = {}, restartCount: restarts } = status;
  if (state.terminated !== undefined) return terminatedReadiness(pod, container, status, role, final);
  if (state.running !== undefined) return runningReadiness(status, role);
  const reason = state.waiting?.reason ?? '';
  const said = oneLine(state.waiting?.message);
  if (reason === 'CrashLoopBackOff') {
    return { kind: 'looping', state: `crash loop: ${lastEnd(status)}, ${times(restarts)}`, pod, container, restarts };
  }
  if (terminal.has(reason) && !notLoadedYet.test(said)) {
    return { kind: 'failed', state: said === '' ? reason : `${reason}: ${said}`, pod, container };
  }
  if (reason === '' || reason === 'PodInitializing') return { kind: 'waiting', state: 'waiting' };
  if (reason === 'ContainerCreating') return { kind: 'waiting', state: 'being created' };
  return { kind: 'waiting', state: said === '' ? reason : `${reason}: ${said}` };
}

function runningReadiness({ ready, started, restartCount: restarts }: ContainerStatusFacts, role: Role): Readiness {
  const again = restarts === 0 ? '' : ` (${times(restarts)})`;
  if (role === 'init') return { kind: 'waiting', state: `running${again}` };
  // A sidecar holds up the pod's other containers until it has started, and counts for the pod's readiness like any
  // other.
  if (ready) return { kind: 'ready', state: `ready${again}` };
  return { kind: 'waiting', state: `running, ${started === false ? 'not started' : 'not ready'} yet${again}` };
}

function terminatedReadiness(
  pod: string,
  container: string,
  status: ContainerStatusFacts,
  role: Role,
  final: boolean,
): Readiness {
  const done = status.state?.terminated?.exitCode === 0;
  const ended = endOf(status.state?.terminated);
  if (done && (role === 'init' || final)) return { kind: 'ready', state: 'completed' };
  if (final && role !== 'sidecar') return { kind: 'failed', state: ended, pod, container };
  return { kind: 'waiting', state: `${ended}, will be started again` };
}

function lastEnd(status: ContainerStatusFacts): string {
  return endOf(status.lastState?.terminated);
}

/** `exited with code 1`, `killed: out of memory`. */
export function endOf(ended: { exitCode: number; reason?: string; message?: string } | undefined): string {
  if (ended === undefined) return 'ended';
  if (ended.reason === 'OOMKilled') return 'killed: out of memory';
  if (ended.reason === 'ContainerCannotRun' || ended.reason === 'StartError') {
    return `cannot be run: ${oneLine(ended.message)}`;
  }
  return `exited with code ${ended.exitCode}`;
}

function times(restarts: number): string {
  return restarts === 1 ? 'restarted once' : `restarted ${restarts} times`;
}

/** A server's message in one line. */
export function oneLine(text: string | undefined): string {
  return (text ?? '').replace(/\s+/g, ' ').trim();
}

/** What the kubelet puts before the words that a container's state repeats. */
const retold = /^(?:Error|Failed to pull image "[^"]*"): /;

/** Whether what an event says stands in a state that is shown already, whatever the kubelet wrote before it. */
export function isTold(message: string, state: string): boolean {
  return state.toLowerCase().includes(message.replace(retold, '').toLowerCase());
}
