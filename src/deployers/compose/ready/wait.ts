import type { Engine } from '../../../engine/connect.js';
import { inspectContainer } from '../../../engine/containers.js';
import type { ContainerEvent } from '../../../engine/events.js';
import type { Context } from '../../../system/context.js';
import { InterruptedError, type LaconicError } from '../../../system/errors.js';
import type { Deadline } from '../../readiness/wait-timeout.js';
import type { Inbox } from '../../readiness/inbox.js';
import { crashLimit, Crashes, markOf, neverReady, recheckAfter } from '../../readiness/readiness.js';
import { explainContainers, type NotReady } from './explain.js';
import { type Watch, watchProject } from './watch-project.js';
import { type ObservedContainer, observeContainers } from '../resources/observe.js';
import { type ContainerReadiness, containerReadiness } from './container-readiness.js';

export interface ServiceWait {
  project: string;
  /** Number of containers of each awaited service. */
  services: ReadonlyMap<string, number>;
  /**
   * `started`: until every container was started, whatever its state is then. `ready`: as `start` waits, see
   * docs/decisions.md#start-waits-by-events-not-with---wait.
   */
  until: 'started' | 'ready';
  deadline: Deadline;
  /** How long a container without a healthcheck must run, in milliseconds. */
  steadyMs: number;
  /** Nothing was started: containers that run and never restarted were ready before. */
  unchanged?: boolean;
  engine: Engine;
  context: Context;
  /** Provides events from before the wait, and is ended with it. Absent: there are none. */
  watch?: Watch | undefined;
  /** Called, however the wait ends, for each container that exited with 0 on its own. */
  onEnded?: (container: ObservedContainer) => void;
}

interface Verdict {
  service: string;
  readiness: ContainerReadiness;
  observed: ObservedContainer | undefined;
}

const changesList = new Set(['create', 'destroy', 'rename']);

/**
 * Waits, driven by events, until the services are ready, showing their states as progress. Fails at once if one can no
 * longer become ready, or at the deadline, with an explanation for each service that is not ready.
 * @throws LaconicError; InterruptedError
 */
export async function waitForServices(request: ServiceWait): Promise<void> {
  const { engine, context, project } = request;
  const watch = request.watch ?? (await watchProject(engine, project, context.signal));
  try {
    await untilReady(request, watch.inbox);
  } finally {
    watch.end();
  }
}

async function untilReady(request: ServiceWait, inbox: Inbox<ContainerEvent>): Promise<void> {
  const { engine, context, project, deadline } = request;
  const seen = new SeenEvents(engine.local);
  let containers = await observeContainers(engine, project);
  const follow = async (events: readonly ContainerEvent[]): Promise<void> => {
    seen.hear(events);
    containers = await refreshed(containers, events, request);
  };
  try {
    for (let confirmed = false; ; ) {
      // Events during an inspection are processed too: there may be no later ones for a container.
      for (let events = inbox.take(); events.length > 0; events = inbox.take()) await follow(events);
      const verdicts = judge(request, containers, seen);
      // Attached, the terminal belongs to the containers' output.
      for (const { service, readiness } of request.until === 'ready' ? verdicts : []) {
        context.report.progress(service, readiness.state, markOf(readiness));
      }
      const failed = verdicts.filter((one) => one.readiness.kind === 'failed');
      if (failed.length > 0) throw await failure(request, verdicts, failed);
      if (verdicts.every((one) => one.readiness.kind === 'ready')) {
        // Those that were ready first must still be ready now: inspect all of them once more at the same time.
        if (confirmed) return;
        containers = await observeContainers(engine, project);
        confirmed = true;
        continue;
      }
      confirmed = false;
      if (deadline.passed()) throw await timeout(request, verdicts);
      const events = await inbox.next(
        Math.min(recheckAfter(verdicts.map(({ readiness }) => readiness)), deadline.remainingMs()),
      );
      if (context.signal.aborted) throw new InterruptedError();
      await follow(events);
    }
  } finally {
    seen.hear(inbox.take());
    reportEnded(request, containers, seen);
  }
}

function reportEnded(request: ServiceWait, containers: readonly ObservedContainer[], seen: SeenEvents): void {
  for (const observed of containers) {
    const readiness = readinessOf(request, observed, seen);
    if (readiness.kind === 'ready' && readiness.state === 'completed') request.onEnded?.(observed);
  }
}

/** Keeps what a single inspection does not show. */
class SeenEvents {
  readonly crashes = new Crashes();
  readonly #local: boolean;
  readonly #firstSeen = new Map<string, number>();
  readonly #everReady = new Set<string>();
  readonly #signalled = new Set<string>();
  #looks = 0;

  constructor(local: boolean) {
    this.#local = local;
  }

  /**
   * How long a container has been running since its last start, in milliseconds. Clocks of other machines are not used.
   */
  runningMs({ details }: ObservedContainer): number {
    const start = `${details.Id} ${details.State.StartedAt}`;
    const seen = this.#firstSeen.get(start) ?? performance.now();
    this.#firstSeen.set(start, seen);
    const byEngine = this.#local ? Date.now() - Date.parse(details.State.StartedAt) : 0;
    return Math.max(byEngine, performance.now() - seen);
  }

  /** Notes which containers receive a signal, as from `docker stop` or when the engine shuts down. */
  hear(events: readonly ContainerEvent[]): void {
    for (const { id, action } of events) {
      if (action === 'kill') this.#signalled.add(id);
      if (action === 'start') this.#signalled.delete(id);
    }
  }

  /** Whether the container received a signal since its last start, as far as observed. */
  wasSignalled({ container }: ObservedContainer): boolean {
    return this.#signalled.has(container.id);
  }

  /** A service that becomes ready during the wait, not before, gives restarting ones new chances. */
  note(verdicts: readonly Verdict[]): void {
    for (const { service, readiness } of verdicts) {
      if (readiness.kind !== 'ready' || this.#everReady.has(service)) continue;
      this.#everReady.add(service);
      if (this.#looks > 0) this.crashes.forgive();
    }
    this.#looks += 1;
  }
}

function judge(request: ServiceWait, containers: readonly ObservedContainer[], seen: SeenEvents): Verdict[] {
  const verdicts = [...request.services].map(([service, count]) => {
    const own = containers.filter((one) => one.container.service === service);
    const each = own.map((observed) => ({ service, observed, readiness: readinessOf(request, observed, seen) }));
    const worst = each.sort((a, b) => rank(a.readiness) - rank(b.readiness)).at(0);
    if (own.length >= count && worst !== undefined && worst.readiness.kind !== 'ready') return worst;
    if (own.length >= count) return worst ?? { service, observed: undefined, readiness: ready };
    const absent: ContainerReadiness =
      request.until === 'started'
        ? { kind: 'waiting', state: 'no container yet' }
        : { kind: 'failed', state: `it has ${own.length} of ${count} containers: another program removed one` };
    return { service, observed: undefined, readiness: absent };
  });
  seen.note(verdicts);
  const pending = verdicts.some((one) => one.readiness.kind === 'waiting');
  return verdicts.map((verdict) => {
    const { readiness, observed } = verdict;
    if (readiness.kind !== 'looping' || observed === undefined) return verdict;
    const { restarts, pausing } = readiness;
    // A container found waiting for its restart was looping before the wait began.
    const exhausted = seen.crashes.since(observed.container.id, restarts, pausing ? 0 : restarts) >= crashLimit;
    return exhausted && !pending ? { ...verdict, readiness: { kind: 'failed', state: readiness.state } } : verdict;
  });
}

const ready: ContainerReadiness = { kind: 'ready', state: 'running' };

function readinessOf(request: ServiceWait, observed: ObservedContainer, seen: SeenEvents): ContainerReadiness {
  const { details } = observed;
  if (request.until === 'started') {
    return details.State.Status === 'created' ? { kind: 'waiting', state: 'created' } : ready;
  }
  const steadyMs = request.unchanged === true && details.RestartCount === 0 ? 0 : request.steadyMs;
  const readiness = containerReadiness(details, seen.runningMs(observed), steadyMs);
  const ended = readiness.kind === 'ready' && readiness.state === 'completed';
  return ended && seen.wasSignalled(observed) ? { kind: 'failed', state: 'stopped by another program' } : readiness;
}

function rank(readiness: ContainerReadiness): number {
  return ['failed', 'looping', 'waiting', 'ready'].indexOf(readiness.kind);
}

async function refreshed(
  containers: readonly ObservedContainer[],
  events: readonly ContainerEvent[],
  { engine, project }: ServiceWait,
): Promise<ObservedContainer[]> {
  if (events.some((event) => changesList.has(event.action))) return observeContainers(engine, project);
  const touched = new Set(events.map((event) => event.id));
  const looked = await Promise.all(
    containers.map(async (one) => {
      if (!touched.has(one.container.id)) return one;
      const details = await inspectContainer(engine, one.container.id);
      return details && { ...one, details };
    }),
  );
  return looked.filter((one) => one !== undefined);
}

async function failure(
  { engine, context }: ServiceWait,
  all: readonly Verdict[],
  failed: readonly Verdict[],
): Promise<LaconicError> {
  context.report.endProgress();
  const named = all.map(({ service, readiness }) => ({ name: service, readiness }));
  return neverReady(named, 'service', await explainContainers(engine, causes(failed)), afterFailure);
}

async function timeout({ engine, context, deadline }: ServiceWait, all: readonly Verdict[]): Promise<LaconicError> {
  context.report.endProgress();
  const open = all.filter((one) => one.readiness.kind !== 'ready');
  const explained = await explainContainers(engine, causes(open));
  return deadline.error(
    open.map((one) => one.service),
    explained,
    afterFailure,
  );
}

/** What becomes of containers after a failed start, for the error. */
export const afterFailure = 'the containers were left as they are';

function causes(verdicts: readonly Verdict[]): NotReady[] {
  return verdicts.map(({ service, readiness, observed }) => ({ service, state: readiness.state, observed }));
}

/** Containers of these services that have failed for good, in their present state. */
export async function failedContainers(
  request: Omit<ServiceWait, 'until' | 'deadline' | 'steadyMs'>,
): Promise<NotReady[]> {
  const containers = await observeContainers(request.engine, request.project);
  return containers.flatMap((observed) => {
    const readiness = containerReadiness(observed.details, 0, 0);
    const { service } = observed.container;
    if (!request.services.has(service)) return [];
    return readiness.kind === 'failed' || readiness.kind === 'looping'
      ? [{ service, state: readiness.state, observed }]
      : [];
  });
}
