import type { Engine } from '../../../engine/connect.js';
import { type ContainerEvent, projectEvents } from '../../../engine/events.js';
import { Inbox } from '../../readiness/inbox.js';

/** Events that do not affect readiness; most of them come from health checks. */
const irrelevant = /^(exec_|attach|resize|top|copy|archive-path|extract-to-dir|export|commit|update)/;

/** Events that are being collected. */
export interface Watch {
  readonly inbox: Inbox<ContainerEvent>;
  /** Stops collecting. */
  readonly end: () => void;
}

/** Collects events of a project's containers from now on, until it is stopped or `signal` aborts. */
export async function watchProject(engine: Engine, project: string, signal: AbortSignal): Promise<Watch> {
  const controller = new AbortController();
  const either = AbortSignal.any([signal, controller.signal]);
  const inbox = new Inbox<ContainerEvent>();
  inbox.fill(relevant(await projectEvents(engine, project, either)));
  return { inbox, end: () => controller.abort() };
}

async function* relevant(events: AsyncIterable<ContainerEvent>): AsyncGenerator<ContainerEvent> {
  for await (const event of events) if (!event.oneOff && !irrelevant.test(event.action)) yield event;
}
