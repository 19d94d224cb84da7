import type { ContainerDetails } from '../../../engine/containers.js';
import { type Readiness, restartedText } from '../../readiness/readiness.js';

/** The parts of an inspected container that determine readiness. */
export type ReadinessFacts = Pick<ContainerDetails, 'State' | 'RestartCount'> & {
  HostConfig: Pick<ContainerDetails['HostConfig'], 'RestartPolicy'>;
};

/** `pausing`: the engine waits before it starts a container that crashed again. */
export type ContainerReadiness = Readiness<{ pausing: boolean }>;

/**
 * Whether a container is ready, may still become ready, or never will.
 * @param runningMs how long it has been running since its last start
 * @param steadyMs how long one without a healthcheck must have been running
 */
export function containerReadiness(facts: ReadinessFacts, runningMs: number, steadyMs: number): ContainerReadiness {
  const { State: state, RestartCount: restarts } = facts;
  switch (state.Status) {
    case 'running':
      return runningReadiness(facts, runningMs, steadyMs);
    case 'restarting':
      return {
        kind: 'looping',
        state: `restarting after exit code ${state.ExitCode} (${restartedText(restarts)})`,
        restarts,
        pausing: true,
      };
    case 'exited':
      return exitedReadiness(facts);
    case 'created':
      return { kind: 'waiting', state: 'created' };
    case 'removing':
      return { kind: 'waiting', state: 'being removed' };
    case 'paused':
      return { kind: 'failed', state: 'paused (docker unpause continues it)' };
    default:
      return { kind: 'failed', state: state.Status };
  }
}

function runningReadiness(
  { State: state, RestartCount: restarts }: ReadinessFacts,
  runningMs: number,
  steadyMs: number,
): ContainerReadiness {
  switch (state.Health?.Status ?? 'none') {
    case 'healthy':
      return { kind: 'ready', state: 'healthy' };
    case 'unhealthy':
      return { kind: 'failed', state: 'unhealthy' };
    case 'starting':
      // A container that keeps crashing before its first check passes must not wait forever.
      return restarts === 0
        ? { kind: 'waiting', state: 'running, not healthy yet' }
        : { kind: 'looping', state: `running, not healthy yet (${restartedText(restarts)})`, restarts, pausing: false };
    default:
      if (runningMs >= steadyMs) return { kind: 'ready', state: 'running' };
      return { kind: 'waiting', state: 'running', recheckMs: steadyMs - runningMs };
  }
}

function exitedReadiness({ State: state, HostConfig }: ReadinessFacts): ContainerReadiness {
  const policy = HostConfig.RestartPolicy?.Name ?? '';
  const stays = policy === '' || policy === 'no' || policy === 'on-failure';
  if (state.ExitCode === 0 && stays) return { kind: 'ready', state: 'completed' };
  if (state.OOMKilled) return { kind: 'failed', state: 'killed: out of memory' };
  const start = state.Error ? ` (${state.Error})` : '';
  if (!stays) return { kind: 'failed', state: `stopped with exit code ${state.ExitCode}${start}` };
  return { kind: 'failed', state: `exited with code ${state.ExitCode}${start}` };
}
