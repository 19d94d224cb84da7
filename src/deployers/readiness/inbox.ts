import { setTimeout as sleep } from 'node:timers/promises';

/** Collects items of several sources since the last call, in order of arrival. */
export class Inbox<T> {
  #items: T[] = [];
  #failure: { error: unknown } | undefined;
  #open = 0;
  #ended = false;
  #wake: () => void = () => undefined;

  /** Collects everything from a source until it ends. */
  fill(source: AsyncIterable<T>): void {
    this.#open += 1;
    this.#fill(source)
      .catch((error: unknown) => (this.#failure ??= { error }))
      .finally(() => {
        this.#open -= 1;
        this.#ended = this.#open === 0;
        this.#wake();
      });
  }

  async #fill(source: AsyncIterable<T>): Promise<void> {
    for await (const item of source) {
      this.#items.push(item);
      this.#wake();
    }
  }

  /**
   * Resolves with new items, or with none after `ms` milliseconds, when woken, or when all sources have ended.
   * @throws the error of a source
   */
  async next(ms: number): Promise<T[]> {
    if (this.#items.length === 0 && !this.#ended && this.#failure === undefined) {
      const timer = new AbortController();
      const woken = new Promise<void>((resolve) => (this.#wake = resolve));
      const slept = Number.isFinite(ms) ? sleep(Math.max(1, ms), undefined, { signal: timer.signal }) : woken;
      await Promise.race([woken, slept]);
      timer.abort();
      await slept.catch(() => undefined);
    }
    if (this.#failure !== undefined) throw this.#failure.error;
    return this.take();
  }

  /** Returns new items without waiting. */
  take(): T[] {
    const items = this.#items;
    this.#items = [];
    return items;
  }

  /** Ends a wait in {@link next}. */
  wake(): void {
    this.#wake();
  }
}
