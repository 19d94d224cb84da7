import type { ContainerDetails } from '../../engine/containers.js';

/** Restarts in a row, with nothing else to wait for, after which a container is given up on; see {@link Patience}. */
export const restartLimit = 5;

/** What of an inspected container decides whether it is ready. */
export type ReadinessFacts = Pick<ContainerDetails, 'State' | 'RestartCount'> & {
  HostConfig: Pick<ContainerDetails['HostConfig'], 'RestartPolicy'>;
};

export type Readiness =
  | { kind: 'ready'; state: 'healthy' | 'running' | 'completed' }
  /** `recheckMs`: time alone may change it, without an event. */
  | { kind: 'waiting'; state: string; recheckMs?: number }
  /** It restarts again and again: `waiting` while something it may need is not ready, else `failed`. */
  | { kind: 'looping'; state: string; restarts: number; pausing: boolean }
  | { kind: 'failed'; state: string };

/**
 * Whether one container is ready, may still become so, or never will. Pure.
 * @param runningMs how long it runs since its last start
 * @param steadyMs how long one without a healthcheck has to
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
      // One that crashes before its first check passes must not wait for ever.
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
 * Decides when a container that restarts again and again has failed: after {@link restartLimit} restarts during which
 * no other container became ready. Stacks without `depends_on` conditions rely on restarts until a database accepts
 * connections, so one or two say nothing; the engine doubles its pause each time (0.1 s, 0.2 s, …), so five are over
 * three seconds in which nothing else moved. A container found in such a pause has all restarts of its life counted: it
 * was looping before we came.
 */
export class Patience {
  readonly #baseline = new Map<string, number>();
  readonly #restarts = new Map<string, number>();

  /** Something became ready: what restarts may have waited for it. */
  forgive(): void {
    for (const [id, restarts] of this.#restarts) this.#baseline.set(id, restarts);
  }

  /** True when container `id` has used up its chances. */
  isExhausted(id: string, { restarts, pausing }: { restarts: number; pausing: boolean }): boolean {
    const before = this.#baseline.get(id) ?? (pausing ? 0 : restarts);
    this.#baseline.set(id, before);
    this.#restarts.set(id, restarts);
    return restarts - before >= restartLimit;
  }
}
