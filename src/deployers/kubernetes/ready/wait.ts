import type { Context } from '../../../system/context.js';
import { InterruptedError, type LaconicError } from '../../../system/errors.js';
import type { Deadline } from '../../readiness/wait-timeout.js';
import { steadyTime } from '../../readiness/steady.js';
import { markOf, neverReady, recheckAfter } from '../../readiness/readiness.js';
import type { ClusterApi, WatchEvent } from '../api/api.js';
import { hiddenIfForbidden } from '../api/errors.js';
import { type Need, needs } from '../api/permissions.js';
import { resources } from '../api/resources.js';
import type { HealthPatience } from '../objects/workloads/health-patience.js';
import { describeObject } from '../objects/common/object.js';
import { explainObjects } from './explain.js';
import type { PodReadiness } from './container.js';
import { Inbox } from '../../readiness/inbox.js';
import { type Awaited, Judge, type Verdict } from './judge.js';
import { WatchCache, watchedResources } from './watch-cache.js';

export interface ObjectWait {
  api: ClusterApi;
  namespace: string;
  awaited: readonly Awaited[];
  deadline: Deadline;
  /** See JudgeOptions. */
  schedulingTimeoutMs: number;
  /** `--steady`; see steadyTime. */
  steadySeconds?: number | undefined;
  /** See JudgeOptions. */
  healthPatience?: ReadonlyMap<string, HealthPatience>;
  /** Milliseconds since 1970 when the cluster's nodes were last started, if known. */
  nodesStartedAt?: number;
  context: Context;
}

/** Milliseconds after which every node has reported its pods after a restart, or is known to be lost. */
const reportedMs = 600_000;

/** How recently a container in a crash loop was started at most: more than the clocks of nodes and this host differ. */
const crashLoopMs = 60_000;

/** The permissions for {@link waitUntilReady}. */
export const needsOfWaiting: readonly Need[] = needs(watchedResources, 'list', 'watch');

/**
 * Waits by watching until the objects are ready: Deployments run their current template, Jobs have completed. Shows
 * each one's state as progress; fails, with the reasons, at the deadline or as soon as one can no longer become ready.
 * @throws LaconicError; ClusterError if the API server stays unreachable; InterruptedError
 */
export async function waitUntilReady(request: ObjectWait): Promise<void> {
  if (request.awaited.length === 0) return;
  const { schedulingTimeoutMs, nodesStartedAt = 0, healthPatience } = request;
  const restarted = Date.now() - nodesStartedAt < reportedMs;
  const judge = new Judge({
    schedulingTimeoutMs,
    steadyMs: steadyTime(request.steadySeconds, request.context.env),
    ...(restarted ? { nodesStartedAt } : {}),
    restartedSince: Date.now() - crashLoopMs,
    healthPatience,
  });
  const world = new WatchCache();
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
    for (const type of watchedResources)
      inbox.fill(request.api.watch(type, { namespace: request.namespace }, ended.signal));
    await follow(request, judge, world, inbox);
  } finally {
    endPulse();
    ended.abort();
    request.context.signal.removeEventListener('abort', wake);
    request.deadline.signal.removeEventListener('abort', wake);
  }
}

/** The interval of liveness requests to the server, in milliseconds. */
const pulseMs = 5_000;

/**
 * A watch may be silent because nothing happens. Regular requests detect and report a server that no longer answers.
 * @returns a function that ends them
 */
function beginPulse(api: ClusterApi): () => void {
  let asked = false;
  const timer = setInterval(() => {
    if (asked) return;
    asked = true;
    // Any answer counts; if following is no longer possible, it fails by itself.
    void api
      .text('/version')
      .catch(() => undefined)
      .finally(() => (asked = false));
  }, pulseMs);
  return () => clearInterval(timer);
}

/** The kinds about pods that are read, in addition to their owners. */
const podKinds = ['ReplicaSet', 'Pod'] as const;

/** Reads the current state. For objects that are ready, nothing else needs to be read. */
async function look({ api, namespace, awaited }: ObjectWait, world: WatchCache): Promise<void> {
  const kinds = [...new Set([...awaited.map((one) => one.kind), ...podKinds])];
  const lists = await Promise.all(kinds.map((kind) => api.list(resources[kind], { namespace })));
  kinds.forEach((kind, at) => world.noteAll(kind, lists[at] ?? []));
  for (const { kind, name } of awaited) if (world.find(kind, name) === undefined) world.noteMissing(kind, name);
}

async function follow(request: ObjectWait, judge: Judge, world: WatchCache, inbox: Inbox<WatchEvent>): Promise<void> {
  const { context, deadline } = request;
  for (let recheck = Number.POSITIVE_INFINITY; ; ) {
    const events = await inbox.next(Math.min(recheck, deadline.remainingMs()));
    if (context.signal.aborted) throw new InterruptedError();
    for (const event of events) world.note(event);
    await findVolumes(request, world);
    let verdicts = judge.look(world, request.awaited, performance.now());
    if (verdicts.some(hasFailed)) {
      // Kinds are reported separately, with different delays, and not at all while a watch is interrupted.
      await look(request, world);
      verdicts = judge.look(world, request.awaited, performance.now());
    }
    show(request, verdicts);
    const failed = verdicts.filter(hasFailed);
    if (failed.length > 0) throw await failure(request, world, verdicts, failed);
    if (verdicts.every((one) => one.readiness.kind === 'ready')) return;
    if (deadline.passed()) throw await timeout(request, world, verdicts);
    recheck = recheckAfter(verdicts.map(({ readiness }) => readiness));
  }
}

function hasFailed({ readiness }: Verdict): boolean {
  return readiness.kind === 'failed';
}

/** Reads the volumes of waiting claims: they are cluster-scoped, so each one is requested. */
async function findVolumes({ api }: ObjectWait, world: WatchCache): Promise<void> {
  const waiting = world
    .all('PersistentVolumeClaim')
    .filter(({ spec, status }) => status?.phase !== 'Bound' && spec.volumeName);
  for (const name of new Set(waiting.map(({ spec }) => spec.volumeName ?? ''))) {
    // Volumes are cluster-scoped: not every account may read them.
    const object = await api.get(resources.PersistentVolume, name).catch(hiddenIfForbidden);
    if (object === 'hidden') continue;
    if (object === undefined) world.noteMissing('PersistentVolume', name);
    else world.note({ type: 'MODIFIED', object: { ...object, kind: 'PersistentVolume' } });
  }
}

function show({ context }: ObjectWait, verdicts: readonly Verdict[]): void {
  for (const { awaited, readiness } of verdicts) {
    context.report.progress(describe(awaited), stateText(readiness), markOf(readiness));
  }
}

/** The state and its reason. */
function stateText(readiness: PodReadiness): string {
  const probe = readiness.kind === 'waiting' ? readiness.probe : undefined;
  return probe === undefined ? readiness.state : `${readiness.state}: ${probe}`;
}

function describe({ kind, name }: Awaited): string {
  return describeObject({ kind, metadata: { name } });
}

async function failure(
  request: ObjectWait,
  world: WatchCache,
  all: readonly Verdict[],
  failed: readonly Verdict[],
): Promise<LaconicError> {
  request.context.report.endProgress();
  const named = all.map(({ awaited, readiness }) => ({ name: describe(awaited), readiness }));
  const explained = await explainObjects(failed, world, request);
  return neverReady(named, 'object', explained, `${afterFailure}: fix the cause and start again`);
}

async function timeout(request: ObjectWait, world: WatchCache, all: readonly Verdict[]): Promise<LaconicError> {
  request.context.report.endProgress();
  const open = all.filter(({ readiness }) => readiness.kind !== 'ready');
  const explained = await explainObjects(open, world, request);
  return request.deadline.error(
    open.map(({ awaited }) => describe(awaited)),
    explained,
    afterFailure,
  );
}

const afterFailure = 'everything was left as it is';
