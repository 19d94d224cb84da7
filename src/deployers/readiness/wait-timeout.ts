import { LaconicError } from '../../system/errors.js';
import { longestTimer } from '../../system/process/limit.js';

/**
 * `--wait-timeout` for readiness, counted from the start of the first container, so that pulling images and creating
 * containers do not use it up. What else a start waits for (scripts, hooks, transfers, deletions, answers) has the same
 * number of seconds each.
 */
export class Deadline {
  readonly #seconds: number | undefined;
  readonly #controller = new AbortController();
  #end = Number.POSITIVE_INFINITY;

  constructor(seconds: number | undefined) {
    this.#seconds = seconds;
  }

  /** Aborted at the deadline. */
  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  /** Starts the clock; later calls have no effect. */
  begin(): void {
    if (this.#seconds === undefined || Number.isFinite(this.#end)) return;
    const ms = Math.min(this.#seconds * 1000, longestTimer);
    this.#end = performance.now() + ms;
    setTimeout(() => this.#controller.abort(), ms).unref();
  }

  /** Milliseconds left; infinite without a limit. */
  remainingMs(): number {
    return Math.max(0, this.#end - performance.now());
  }

  passed(): boolean {
    return performance.now() >= this.#end;
  }

  /**
   * The error at the deadline.
   * @param awaited names of what is not ready
   * @param explained why, see explainEach
   * @param left what became of it: `the containers were left as they are`
   */
  error(awaited: readonly string[], explained: string, left: string): LaconicError {
    return new LaconicError(`not ready after ${this.#seconds ?? 0} seconds: ${awaited.join(', ')}\n${explained}`, {
      hint: `${left}; --wait-timeout sets how long to wait`,
    });
  }
}
