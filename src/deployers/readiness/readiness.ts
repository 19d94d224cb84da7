import { LaconicError } from '../../system/errors.js';

/**
 * The readiness of a container, a service or an object of a cluster.
 * - `waiting`: it may become ready. `probe`: the last failure of the awaited probe. `recheckMs`: the time after which
 *   it may change without an event
 * - `looping`: it keeps crashing, which is a failure unless something that it may need is still starting
 * - `failed`: it will not become ready
 * @typeParam Crash what a target knows about one that crashes
 */
export type Readiness<Crash = object> =
  | { kind: 'ready'; state: string }
  | { kind: 'waiting'; state: string; probe?: string; recheckMs?: number }
  | ({ kind: 'looping'; state: string; restarts: number } & Crash)
  | ({ kind: 'failed'; state: string } & Partial<Crash>);

/** How progress marks a state. */
export function markOf({ kind }: Readiness): 'working' | 'done' | 'failed' {
  if (kind === 'ready') return 'done';
  return kind === 'failed' ? 'failed' : 'working';
}

/** Milliseconds after which one of these may have changed without an event. */
export function recheckAfter(all: readonly Readiness[]): number {
  return Math.min(
    ...all.flatMap((one) => (one.kind === 'waiting' ? (one.recheckMs ?? []) : [])),
    Number.POSITIVE_INFINITY,
  );
}

/** `restarted once`, `restarted 3 times`. */
export function restartedText(restarts: number): string {
  return restarts === 1 ? 'restarted once' : `restarted ${restarts} times`;
}

/**
 * Crashes after which a container has failed although something that it may need is not ready yet. Stacks without an
 * order rely on restarts until a database accepts connections, so one or two are normal; engine and kubelet double the
 * delay each time, so five take more than three seconds without any other progress.
 */
export const crashLimit = 5;

/** Counts a container's crashes since something last became ready. */
export class Crashes {
  readonly #baseline = new Map<string, number>();
  readonly #restarts = new Map<string, number>();

  /**
   * Crashes of a container since {@link forgive}.
   * @param before restarts that do not count at the first look; by default all count
   */
  since(container: string, restarts: number, before = 0): number {
    const baseline = this.#baseline.get(container) ?? before;
    this.#baseline.set(container, baseline);
    this.#restarts.set(container, restarts);
    return restarts - baseline;
  }

  /** Something became ready that crashing containers may have waited for. */
  forgive(): void {
    for (const [container, restarts] of this.#restarts) this.#baseline.set(container, restarts);
  }
}

/** The named parts of a start, with their readiness. */
type Named = readonly { name: string; readiness: Readiness }[];

/**
 * The error for parts that will not become ready.
 * @param all includes `failed`; those that may still become ready are named
 * @param noun `service`, `object`
 * @param explained why, see explainEach
 */
export function neverReady(all: Named, noun: string, explained: string, hint: string): LaconicError {
  const failed = all.filter(({ readiness }) => readiness.kind === 'failed').length;
  const open = all.filter(({ readiness }) => readiness.kind === 'waiting' || readiness.kind === 'looping');
  const rest = open.length === 0 ? '' : `\nnot ready yet: ${open.map(({ name }) => name).join(', ')}`;
  const count = failed === 1 ? `1 ${noun}` : `${failed} ${noun}s`;
  return new LaconicError(`${count} did not become ready\n${explained}${rest}`, { hint });
}
