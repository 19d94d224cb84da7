import type { Context } from '../../../system/context.js';
import { InterruptedError, LaconicError } from '../../../system/errors.js';
import type { Deadline } from '../../compose/deadline.js';
import { steadyTime } from '../../steady.js';
import type { ClusterApi, WatchEvent } from '../cluster/api.js';
import { isForbidden } from '../cluster/errors.js';
import { type Need, needs } from '../cluster/permissions.js';
import { resources } from '../cluster/resources.js';
import type { HealthPatience } from '../objects/health-patience.js';
import { describeObject } from '../objects/object.js';
import { explainNotReady } from './explain.js';
import type { Readiness } from './container.js';
import { Inbox } from './inbox.js';
import { type Awaited, Judge, type Verdict } from './judge.js';
import { World } from './world.js';

export interface WaitRequest {
  api: ClusterApi;
  namespace: string;
  awaited: readonly Awaited[];
  deadline: Deadline;
  /** See JudgeOptions. */
  roomMs: number;
  /** `--steady`; see steadyTime. */
  steadySeconds?: number | undefined;
  /** See JudgeOptions. */
  healthPatience?: ReadonlyMap<string, HealthPatience>;
  /** Milliseconds since 1970 at which the cluster's nodes were last started, when that is known. */
  nodesStartedAt?: number;
  context: Context;
}

/** Milliseconds after which every node has reported its pods since it was started, or is known to be lost. */
const reportedMs = 600_000;

/** What is followed while waiting: readiness stands in some, the reasons for its absence in the others. */
const followed = [
  resources.Deployment,
  resources.ReplicaSet,
  resources.Pod,
  resources.Job,
  resources.PersistentVolumeClaim,
  resources.Event,
];

/** How long ago a container in a crash loop was started at most: more than clocks of nodes and of this host differ. */
const crashLoopMs = 60_000;

/** What {@link waitUntilReady} asks for. */
export const needsOfWaiting: readonly Need[] = needs(followed, 'list', 'watch');

/**
 * Waits by watching until the objects are ready: Deployments run their present template, Jobs have done their work.
 * Shows each one's state as progress; fails at once when one can no longer become ready, and at the deadline, with the
 * reasons.
 * @throws LaconicError; ClusterError when the API server stays away; InterruptedError
 */
export async function waitUntilReady(request: WaitRequest): Promise<void> {
  if (request.awaited.length === 0) return;
  const { roomMs, nodesStartedAt = 0, healthPatience } = request;
  const restarted = Date.now() - nodesStartedAt < reportedMs;
  const judge = new Judge({
    roomMs,
    steadyMs: steadyTime(request.steadySeconds, request.context.env),
    ...(restarted ? { nodesStartedAt } : {}),
    restartedSince: Date.now() - crashLoopMs,
    ...(healthPatience === undefined ? {} : { healthPatience }),
  });
  const world = new World();
  await look(request, world);
  const first = judge.look(world, request.awaited, performance.now());
  show(request, first);
  if (first.every((one) => one.readiness.kind === 'ready')) return;
  const ended = new AbortController();
  const inbox = new Inbox<WatchEvent>();
  const wake = (): void => inbox.wake();
  const endPulse = beginPulse(request.api);
  request.context.signal.addEventListener('abort', wake, { once: true });
  request.deadline.signal.addEventListener('abort', wake, { once: true });
  try {
    for (const type of followed) inbox.fill(request.api.watch(type, { namespace: request.namespace }, ended.signal));
    await follow(request, judge, world, inbox);
  } finally {
    endPulse();
    ended.abort();
    request.context.signal.removeEventListener('abort', wake);
    request.deadline.signal.removeEventListener('abort', wake);
  }
}

/** How often a server is asked for a sign of life, in milliseconds. */
const pulseMs = 5_000;

/**
 * What is followed may be silent because nothing happens. The server is asked something from time to time, so that one
 * that has fallen silent is reported, as with any question.
 * @returns ends it
 */
function beginPulse(api: ClusterApi): () => void {
  let asked = false;
  const timer = setInterval(() => {
    if (asked) return;
    asked = true;
    // Whatever the answer is, it is one; what cannot be followed any more fails by itself.
    void api
      .text('/version')
      .catch(() => undefined)
      .finally(() => (asked = false));
  }, pulseMs);
  return () => clearInterval(timer);
}

/** What has to be known of pods, beside their owners. */
const podKinds = ['ReplicaSet', 'Pod'] as const;

/** What is so at this moment. Of what is ready already nothing more is asked. */
async function look({ api, namespace, awaited }: WaitRequest, world: World): Promise<void> {
  const kinds = [...new Set([...awaited.map((one) => one.kind), ...podKinds])];
  const lists = await Promise.all(kinds.map((kind) => api.list(resources[kind], { namespace })));
  kinds.forEach((kind, at) => world.noteAll(kind, lists[at] ?? []));
  for (const { kind, name } of awaited) if (world.find(kind, name) === undefined) world.noteMissing(kind, name);
}

async function follow(request: WaitRequest, judge: Judge, world: World, inbox: Inbox<WatchEvent>): Promise<void> {
  const { context, deadline } = request;
  for (let recheck = Number.POSITIVE_INFINITY; ; ) {
    const events = await inbox.next(Math.min(recheck, deadline.remainingMs()));
    if (context.signal.aborted) throw new InterruptedError();
    for (const event of events) world.note(event);
    await findVolumes(request, world);
    let verdicts = judge.look(world, request.awaited, performance.now());
    if (verdicts.some(hasFailed)) {
      // Each kind is reported for itself, one later than the other, and nothing is while a watch is broken off.
      await look(request, world);
      verdicts = judge.look(world, request.awaited, performance.now());
    }
    show(request, verdicts);
    const failed = verdicts.filter(hasFailed);
    if (failed.length > 0) throw await failure(request, world, verdicts, failed);
    if (verdicts.every((one) => one.readiness.kind === 'ready')) return;
    if (deadline.passed()) throw await timeout(request, world, verdicts);
    recheck = recheckAfter(verdicts);
  }
}

function hasFailed({ readiness }: Verdict): boolean {
  return readiness.kind === 'failed';
}

/** The volumes that claims name and wait for: they belong to no namespace, so they are asked for one by one. */
async function findVolumes({ api }: WaitRequest, world: World): Promise<void> {
  const waiting = world
    .all('PersistentVolumeClaim')
    .filter(({ spec, status }) => status?.phase !== 'Bound' && spec.volumeName);
  for (const name of new Set(waiting.map(({ spec }) => spec.volumeName ?? ''))) {
    const object = await api.get(resources.PersistentVolume, name).catch((error: unknown) => {
      // Volumes are the cluster's: not every account may look at them.
      if (isForbidden(error)) return 'hidden' as const;
      throw error;
    });
    if (object === 'hidden') continue;
    if (object === undefined) world.noteMissing('PersistentVolume', name);
    else world.note({ type: 'MODIFIED', object: { ...object, kind: 'PersistentVolume' } });
  }
}

function show({ context }: WaitRequest, verdicts: readonly Verdict[]): void {
  for (const { awaited, readiness } of verdicts) {
    context.report.progress(describe(awaited), told(readiness), outcome(readiness));
  }
}

/** Its state, and what keeps it there. */
function told(readiness: Readiness): string {
  const probe = readiness.kind === 'waiting' ? readiness.probe : undefined;
  return probe === undefined ? readiness.state : `${readiness.state}: ${probe}`;
}

function describe({ kind, name }: Awaited): string {
  return describeObject({ kind, metadata: { name } });
}

function outcome({ kind }: Readiness): 'working' | 'done' | 'failed' {
  if (kind === 'ready') return 'done';
  return kind === 'failed' ? 'failed' : 'working';
}

/** Milliseconds after which time alone may have changed a verdict. */
function recheckAfter(verdicts: readonly Verdict[]): number {
  const times = verdicts.flatMap(({ readiness }) => (readiness.kind === 'waiting' ? (readiness.recheckMs ?? []) : []));
  return Math.min(...times, Number.POSITIVE_INFINITY);
}

async function failure(
  request: WaitRequest,
  world: World,
  all: readonly Verdict[],
  failed: readonly Verdict[],
): Promise<LaconicError> {
  request.context.report.endProgress();
  const open = all.filter(({ readiness }) => readiness.kind === 'waiting' || readiness.kind === 'looping');
  const rest = open.length === 0 ? '' : `\nnot ready yet: ${open.map(({ awaited }) => describe(awaited)).join(', ')}`;
  const count = failed.length === 1 ? '1 object' : `${failed.length} objects`;
  return new LaconicError(`${count} did not become ready\n${await explainNotReady(failed, world, request)}${rest}`, {
    hint: 'everything was left as it is: correct the cause and start again',
  });
}

async function timeout(request: WaitRequest, world: World, all: readonly Verdict[]): Promise<LaconicError> {
  request.context.report.endProgress();
  const open = all.filter(({ readiness }) => readiness.kind !== 'ready');
  const explained = await explainNotReady(open, world, request);
  return request.deadline.error(
    open.map(({ awaited }) => describe(awaited)),
    explained,
  );
}
