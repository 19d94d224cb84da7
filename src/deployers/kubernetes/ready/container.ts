import { type Readiness, restartedText } from '../../readiness/readiness.js';
import type { ContainerSpecFacts, ContainerStatusFacts } from './api-types.js';

/** The readiness of an object, pod or container; `pod` and `container` are where it crashes. */
export type PodReadiness = Readiness<{ pod: string; container: string }>;

/** The role of a container in its pod: an init container ends before the others start, a sidecar runs beside them. */
export type ContainerRole = 'main' | 'init' | 'sidecar';

/** Waiting reasons that a container does not leave without intervention. */
const terminal = new Set([
  'ImagePullBackOff',
  'ErrImageNeverPull',
  'InvalidImageName',
  'ImageInspectError',
  'CreateContainerConfigError',
  'CreateContainerError',
  'RegistryUnavailable',
]);

/** The kubelet's message for a config not loaded yet, with the reason CreateContainerConfigError: it retries. */
const notLoadedYet = /failed to sync (?:configmap|secret) cache/;

/** Returns the role of an init container. */
export function initRole(spec: ContainerSpecFacts): ContainerRole {
  return spec.restartPolicy === 'Always' ? 'sidecar' : 'init';
}

/**
 * Whether one container is ready, may become ready, or never will. Pure.
 * @param status absent: the kubelet has not reported it yet
 * @param final it is not restarted when it ends (a Job's)
 */
export function podContainerReadiness(
  pod: string,
  container: string,
  status: ContainerStatusFacts | undefined,
  role: ContainerRole,
  final: boolean,
): PodReadiness {
  if (status === undefined) return { kind: 'waiting', state: 'waiting' };
  const { state = {}, restartCount: restarts } = status;
  if (state.terminated !== undefined) return terminatedReadiness(pod, container, status, role, final);
  if (state.running !== undefined) return runningReadiness(status, role);
  const reason = state.waiting?.reason ?? '';
  const message = oneLine(state.waiting?.message);
  if (reason === 'CrashLoopBackOff') {
    return {
      kind: 'looping',
      state: `crash loop: ${lastEnd(status)}, ${restartedText(restarts)}`,
      pod,
      container,
      restarts,
    };
  }
  if (terminal.has(reason) && !notLoadedYet.test(message)) {
    return { kind: 'failed', state: message === '' ? reason : `${reason}: ${message}`, pod, container };
  }
  if (reason === '' || reason === 'PodInitializing') return { kind: 'waiting', state: 'waiting' };
  if (reason === 'ContainerCreating') return { kind: 'waiting', state: 'being created' };
  return { kind: 'waiting', state: message === '' ? reason : `${reason}: ${message}` };
}

function runningReadiness(
  { ready, started, restartCount: restarts }: ContainerStatusFacts,
  role: ContainerRole,
): PodReadiness {
  const again = restarts === 0 ? '' : ` (${restartedText(restarts)})`;
  if (role === 'init') return { kind: 'waiting', state: `running${again}` };
  // A sidecar delays the pod's other containers until it has started, and counts for the pod's readiness like any
  // other.
  if (ready) return { kind: 'ready', state: `ready${again}` };
  return { kind: 'waiting', state: `running, ${started === false ? 'not started' : 'not ready'} yet${again}` };
}

function terminatedReadiness(
  pod: string,
  container: string,
  status: ContainerStatusFacts,
  role: ContainerRole,
  final: boolean,
): PodReadiness {
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

/** A server's message as one line. */
export function oneLine(text: string | undefined): string {
  return (text ?? '').replace(/\s+/g, ' ').trim();
}

/** Prefixes that the kubelet adds to a message in events but not in a container's state. */
const retold = /^(?:Error|Failed to pull image "[^"]*"): /;

/** Whether a state that is already shown contains the message of an event, without the kubelet's prefix. */
export function isTold(message: string, state: string): boolean {
  return state.toLowerCase().includes(message.replace(retold, '').toLowerCase());
}
