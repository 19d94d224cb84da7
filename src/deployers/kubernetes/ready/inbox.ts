import { setTimeout as sleep } from 'node:timers/promises';

/** What several sources gave since the last look, in the order it came. */
export class Inbox<T> {
  #items: T[] = [];
  #failure: { error: unknown } | undefined;
  #wake: () => void = () => undefined;

  /** Takes over all that a source gives, until it ends. */
  fill(source: AsyncIterable<T>): void {
    this.#fill(source).catch((error: unknown) => {
      this.#failure ??= { error };
      this.#wake();
    });
  }

  async #fill(source: AsyncIterable<T>): Promise<void> {
    for await (const item of source) {
      this.#items.push(item);
      this.#wake();
    }
  }

  /** Resolves with what came, or with nothing after `ms` or when woken. @throws what a source threw */
  async next(ms: number): Promise<T[]> {
    if (this.#items.length === 0 && this.#failure === undefined) {
      const timer = new AbortController();
      const woken = new Promise<void>((resolve) => (this.#wake = resolve));
      const slept = Number.isFinite(ms) ? sleep(Math.max(1, ms), undefined, { signal: timer.signal }) : woken;
      await Promise.race([woken, slept]).catch(() => undefined);
      timer.abort();
      await slept.catch(() => undefined);
    }
    if (this.#failure !== undefined) throw this.#failure.error;
    const items = this.#items;
    this.#items = [];
    return items;
  }

  wake(): void {
    this.#wake();
  }
}
