import { setTimeout as sleep } from 'node:timers/promises';
import type { Engine } from '../../../engine/connect.js';
import { type ContainerEvent, projectEvents } from '../../../engine/events.js';

/** Events that do not affect readiness; most of them come from health checks. */
const irrelevant = /^(exec_|attach|resize|top|copy|archive-path|extract-to-dir|export|commit|update)/;

/** Events that are being collected. */
export interface Watch {
  readonly inbox: Inbox;
  /** Stops collecting. */
  readonly end: () => void;
}

/** Collects events of a project's containers from now on, until it is stopped or `signal` aborts. */
export async function watchProject(engine: Engine, project: string, signal: AbortSignal): Promise<Watch> {
  const controller = new AbortController();
  const either = AbortSignal.any([signal, controller.signal]);
  return { inbox: new Inbox(await projectEvents(engine, project, either)), end: () => controller.abort() };
}

/** The events of a project since the last call, in order. */
export class Inbox {
  #events: ContainerEvent[] = [];
  #ended = false;
  #wake: () => void = () => undefined;
  readonly #filling: Promise<void>;

  constructor(source: AsyncIterable<ContainerEvent>) {
    this.#filling = this.#fill(source).finally(() => {
      this.#ended = true;
      this.#wake();
    });
    // next() rethrows; without a caller, the rejection must not be unhandled.
    this.#filling.catch(() => undefined);
  }

  async #fill(source: AsyncIterable<ContainerEvent>): Promise<void> {
    for await (const event of source) {
      if (event.oneOff || irrelevant.test(event.action)) continue;
      this.#events.push(event);
      this.#wake();
    }
  }

  /**
   * Resolves with new events, or with none after `ms` milliseconds or when the source has ended.
   * @throws what the source threw
   */
  async next(ms: number): Promise<ContainerEvent[]> {
    if (this.#events.length === 0 && !this.#ended) {
      const timer = new AbortController();
      const woken = new Promise<void>((resolve) => (this.#wake = resolve));
      const slept = Number.isFinite(ms) ? sleep(Math.max(1, ms), undefined, { signal: timer.signal }) : woken;
      await Promise.race([woken, slept]);
      timer.abort();
      await slept.catch(() => undefined);
    }
    if (this.#ended) await this.#filling;
    return this.take();
  }

  /** Returns new events without waiting. */
  take(): ContainerEvent[] {
    const events = this.#events;
    this.#events = [];
    return events;
  }
}
