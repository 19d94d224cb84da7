import type { Readable } from 'node:stream';
import { errorCode, InterruptedError } from '../../../../system/errors.js';
import { ClusterError } from '../../api/errors.js';
import { resources } from '../../api/resources.js';
import type { ContainerStatusFacts, PodFacts } from '../../ready/api-types.js';
import { containersOf } from '../../ready/pod.js';
import { Inbox } from '../../../readiness/inbox.js';
import type { WatchEvent } from '../../api/api.js';
import { isOwnPod } from '../snapshot.js';
import { isOurs, ownerOf } from '../../apply/ownership.js';
import { linesOf, LogLines } from './log-lines.js';
import { labelOf, type LogSource, type LogsRequest, openLog, openPatiently } from './log-source.js';
import type { SharedOutput } from './shared-output.js';

/**
 * Follows the logs of the deployment's containers, including those that start later (a restart, another job), until
 * nothing is left that could write, Ctrl-C, or the output is closed.
 * @param known the existing pods
 */
export async function followLogs(request: LogsRequest, known: readonly PodFacts[]): Promise<void> {
  const { api, identity, context } = request;
  const ended = new AbortController();
  const signal = AbortSignal.any([ended.signal, context.signal]);
  const inbox = new Inbox<WatchEvent>();
  const wake = (): void => inbox.wake();
  signal.addEventListener('abort', wake, { once: true });
  const pods = new Map(known.map((pod) => [pod.metadata.uid, pod]));
  const follower = new Follower(request, pods, signal, () => ended.abort(), wake);
  try {
    inbox.fill(api.watch(resources.Pod, { namespace: identity.namespace }, signal));
    for (let first = true; ; first = false) {
      for (const { type, object } of await inbox.next(first ? 1_000 : Number.POSITIVE_INFINITY)) {
        const pod = object as unknown as PodFacts;
        if (!isOwnPod(pod, identity)) continue;
        if (type === 'DELETED') pods.delete(pod.metadata.uid);
        else pods.set(pod.metadata.uid, pod);
        follower.look(pod);
      }
      if (context.signal.aborted) throw new InterruptedError();
      if (ended.signal.aborted) return;
      follower.throwFailure();
      if (follower.open === 0 && [...pods.values()].every(hasEnded) && !(await mayComeBack(request))) return;
    }
  } finally {
    ended.abort();
    await follower.settled();
  }
}

function hasEnded({ status }: PodFacts): boolean {
  return status?.phase === 'Succeeded' || status?.phase === 'Failed';
}

/** Whether a Deployment may create new pods. */
async function mayComeBack({ api, identity }: LogsRequest): Promise<boolean> {
  const objects = await api.list(resources.Deployment, { namespace: identity.namespace });
  return objects.some((object) => isOurs(ownerOf(object, identity)));
}

/** Opens one log for each run of each container, each only once. */
class Follower {
  readonly #request: LogsRequest;
  readonly #pods: ReadonlyMap<string, PodFacts>;
  readonly #signal: AbortSignal;
  readonly #readerLeft: () => void;
  readonly #wake: () => void;
  readonly #output: SharedOutput;
  readonly #seen = new Map<string, string>();
  readonly #running = new Set<Promise<void>>();
  #failure: { error: unknown } | undefined;

  /** @param pods returns the current pods */
  constructor(
    request: LogsRequest,
    pods: ReadonlyMap<string, PodFacts>,
    signal: AbortSignal,
    readerLeft: () => void,
    wake: () => void,
  ) {
    this.#request = request;
    this.#pods = pods;
    this.#output = request.output;
    this.#signal = signal;
    this.#readerLeft = readerLeft;
    this.#wake = wake;
  }

  /** The number of logs being followed. */
  get open(): number {
    return this.#running.size;
  }

  throwFailure(): void {
    if (this.#failure !== undefined) throw this.#failure.error;
  }

  async settled(): Promise<void> {
    await Promise.all(this.#running);
  }

  look(pod: PodFacts): void {
    for (const { spec, status } of containersOf(pod)) {
      if (!this.#request.wanted(pod, spec.name) || status === undefined || !hasLog(status)) continue;
      const key = `${pod.metadata.uid}/${spec.name}`;
      const run = `${status.restartCount}`;
      const before = this.#seen.get(key);
      if (before === run) continue;
      this.#seen.set(key, run);
      this.#start({ pod, container: spec.name }, before !== undefined);
    }
  }

  /** @param again an earlier run was followed: of this one everything is shown */
  #start(source: LogSource, again: boolean): void {
    const work = this.#follow(source, again)
      .catch((error: unknown) => {
        if (this.#signal.aborted) return;
        if (errorCode(error) === 'EPIPE') this.#readerLeft();
        else this.#failure ??= { error };
      })
      .finally(() => {
        this.#running.delete(work);
        this.#wake();
      });
    this.#running.add(work);
  }

  async #follow(source: LogSource, again: boolean): Promise<void> {
    const { query } = this.#request;
    const parameters = { ...query.parameters };
    if (again) delete parameters.tailLines;
    const own = { ...this.#request, query: { ...query, parameters } };
    const open = (): Promise<Readable | undefined> =>
      openLog(source, own, { follow: 'true' }, this.#signal).catch(undefinedIfGone);
    const stream = await openPatiently(open, this.#signal);
    if (stream === undefined) return;
    const label = (): string => labelOf(source, this.#pods.values());
    await this.#output.take(linesOf(stream, new LogLines(label, query)));
  }
}

/** A pod may be gone by the time its log is opened. */
function undefinedIfGone(error: unknown): undefined {
  if (!(error instanceof ClusterError) || error.status !== 404) throw error;
}

function hasLog({ state }: ContainerStatusFacts): boolean {
  return state?.running !== undefined || state?.terminated !== undefined;
}
