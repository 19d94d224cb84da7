import { setTimeout as sleep } from 'node:timers/promises';

/** Collects items of several sources since the last call, in order of arrival. */
export class Inbox<T> {
  #items: T[] = [];
  #failure: { error: unknown } | undefined;
  #wake: () => void = () => undefined;

  /** Collects everything from a source until it ends. */
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

  /** Resolves with the items, or with none after `ms` or when woken. @throws the error of a source */
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
