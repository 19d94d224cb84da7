import type { ContainerDetails } from '../../../engine/containers.js';

/** Consecutive restarts, with nothing else to wait for, after which a container has failed; see {@link Patience}. */
export const restartLimit = 5;

/** The parts of an inspected container that determine readiness. */
export type ReadinessFacts = Pick<ContainerDetails, 'State' | 'RestartCount'> & {
  HostConfig: Pick<ContainerDetails['HostConfig'], 'RestartPolicy'>;
};

export type Readiness =
  | { kind: 'ready'; state: 'healthy' | 'running' | 'completed' }
  /** `recheckMs`: time after which it may change without an event. */
  | { kind: 'waiting'; state: string; recheckMs?: number }
  /** It keeps restarting: counts as `waiting` while something it may need is not ready, else as `failed`. */
  | { kind: 'looping'; state: string; restarts: number; pausing: boolean }
  | { kind: 'failed'; state: string };

/**
 * Whether a container is ready, may still become ready, or never will.
 * @param runningMs how long it has been running since its last start
 * @param steadyMs how long one without a healthcheck must have been running
 */
export function containerReadiness(facts: ReadinessFacts, runningMs: number, steadyMs: number): Readiness {
  const { State: state, RestartCount: restarts } = facts;
  switch (state.Status) {
    case 'running':
      return runningReadiness(facts, runningMs, steadyMs);
    case 'restarting':
      return {
        kind: 'looping',
        state: `restarting after exit code ${state.ExitCode} (${times(restarts)})`,
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
): Readiness {
  switch (state.Health?.Status ?? 'none') {
    case 'healthy':
      return { kind: 'ready', state: 'healthy' };
    case 'unhealthy':
      return { kind: 'failed', state: 'unhealthy' };
    case 'starting':
      // A container that keeps crashing before its first check passes must not wait forever.
      return restarts === 0
        ? { kind: 'waiting', state: 'running, not healthy yet' }
        : { kind: 'looping', state: `running, not healthy yet (${times(restarts)})`, restarts, pausing: false };
    default:
      if (runningMs >= steadyMs) return { kind: 'ready', state: 'running' };
      return { kind: 'waiting', state: 'running', recheckMs: steadyMs - runningMs };
  }
}

function exitedReadiness({ State: state, HostConfig }: ReadinessFacts): Readiness {
  const policy = HostConfig.RestartPolicy?.Name ?? '';
  const stays = policy === '' || policy === 'no' || policy === 'on-failure';
  if (state.ExitCode === 0 && stays) return { kind: 'ready', state: 'completed' };
  if (state.OOMKilled) return { kind: 'failed', state: 'killed: out of memory' };
  const start = state.Error ? ` (${state.Error})` : '';
  if (!stays) return { kind: 'failed', state: `stopped with exit code ${state.ExitCode}${start}` };
  return { kind: 'failed', state: `exited with code ${state.ExitCode}${start}` };
}

function times(restarts: number): string {
  return restarts === 1 ? 'restarted once' : `restarted ${restarts} times`;
}

/**
 * Decides when a container that keeps restarting has failed: after {@link restartLimit} restarts during which no other
 * container became ready. Stacks without `depends_on` conditions rely on restarts until a database accepts connections,
 * so one or two are normal; the engine doubles the delay each time (0.1 s, 0.2 s, …), so five take more than three
 * seconds without any other progress. For a container found in such a delay all its restarts count: it was looping
 * before the wait began.
 */
export class Patience {
  readonly #baseline = new Map<string, number>();
  readonly #restarts = new Map<string, number>();

  /** Something became ready that restarting containers may have waited for. */
  forgive(): void {
    for (const [id, restarts] of this.#restarts) this.#baseline.set(id, restarts);
  }

  /** Whether container `id` has used up its restarts. */
  isExhausted(id: string, { restarts, pausing }: { restarts: number; pausing: boolean }): boolean {
    const before = this.#baseline.get(id) ?? (pausing ? 0 : restarts);
    this.#baseline.set(id, before);
    this.#restarts.set(id, restarts);
    return restarts - before >= restartLimit;
  }
}
