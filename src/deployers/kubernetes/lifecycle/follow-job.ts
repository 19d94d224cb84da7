import type { Readable } from 'node:stream';
import type { Context } from '../../../system/context.js';
import { errorCode, errorMessage, InterruptedError, LaconicError } from '../../../system/errors.js';
import type { ClusterApi, LiveObject, WatchEvent } from '../api/api.js';
import { type Need, needs } from '../api/permissions.js';
import { resourcePath, resources } from '../api/resources.js';
import { explainObjects } from '../ready/explain.js';
import type { ContainerStatusFacts, PodFacts } from '../ready/api-types.js';
import { Inbox } from '../../readiness/inbox.js';
import { Judge } from '../ready/judge.js';
import { containersOf } from '../ready/pod.js';
import { WatchCache } from '../ready/watch-cache.js';
import { linesOf, LogLines } from '../operate/logs/log-lines.js';
import { openPatiently } from '../operate/logs/log-source.js';
import type { SharedOutput } from '../operate/logs/shared-output.js';

/** On a Job created by `run-job`: a user's work, which `stop` does not end without `--force`. */
export const runJobAnnotation = 'laconic.com/run-job';

export interface JobRun {
  api: ClusterApi;
  /** The Job as created. */
  job: LiveObject;
  /** The container whose exit code takes precedence: the service with the job's name. */
  main: string;
  schedulingTimeoutMs: number;
  context: Context;
  output: SharedOutput;
}

const followed = [resources.Job, resources.Pod, resources.PersistentVolumeClaim, resources.Event];

/** Permissions for `run-job`, in addition to those of what it applies. */
export const needsOfJob: readonly Need[] = [
  ...needs(followed, 'list', 'watch'),
  ...needs([resources.Job], 'create', 'delete'),
];

/** A container that writes or has written output. */
interface Running {
  pod: string;
  container: string;
}

/**
 * Follows a Job to its end and streams its containers' output to stdout, with `<container>: ` before each line if there
 * are several. Resolves to the exit code.
 * @throws LaconicError if it cannot run at all; InterruptedError
 */
export async function followJob(run: JobRun): Promise<number> {
  const { api, job, context } = run;
  const namespace = job.metadata.namespace ?? '';
  const ended = new AbortController();
  const inbox = new Inbox<WatchEvent>();
  const wake = (): void => inbox.wake();
  context.signal.addEventListener('abort', wake, { once: true });
  try {
    for (const type of followed) {
      inbox.fill(api.watch(type, { namespace }, ended.signal));
    }
    return await follow(run, inbox);
  } finally {
    ended.abort();
    context.signal.removeEventListener('abort', wake);
  }
}

async function follow(run: JobRun, inbox: Inbox<WatchEvent>): Promise<number> {
  const { job, api, context } = run;
  const { name, namespace = '', uid } = job.metadata;
  const world = new WatchCache();
  const judge = new Judge({ schedulingTimeoutMs: run.schedulingTimeoutMs, steadyMs: 0 });
  const awaited = { kind: 'Job' as const, name };
  const logs = new Map<string, Promise<void>>();
  const showLogs = (pods: readonly PodFacts[]): void => {
    for (const source of pods.flatMap(writing)) {
      const key = `${source.pod}/${source.container}`;
      if (!logs.has(key)) logs.set(key, showLog(source, run, pods));
    }
  };
  for (let recheck = Number.POSITIVE_INFINITY; ; ) {
    for (const event of await inbox.next(recheck)) world.note(event);
    if (context.signal.aborted) throw new InterruptedError();
    const now = world.find('Job', name);
    if (now === undefined && !world.isGone('Job', name)) continue;
    if (now?.metadata.uid !== uid) throw new LaconicError(`Job ${name} was deleted by another client while it ran`);
    showLogs(world.podsOfJob(now));
    let [verdict] = judge.look(world, [awaited], performance.now());
    if (verdict !== undefined && verdict.readiness.kind !== 'waiting') {
      // The Job may be reported before its pods: they are listed again for their final state.
      world.noteAll('Pod', await api.list(resources.Pod, { namespace }));
      showLogs(world.podsOfJob(now));
      [verdict] = judge.look(world, [awaited], performance.now());
    }
    if (verdict === undefined) continue;
    const pods = world.podsOfJob(now);
    const { readiness } = verdict;
    if (readiness.kind === 'waiting') {
      if (logs.size === 0) context.report.progress(`Job ${name}`, readiness.state);
      recheck = readiness.recheckMs ?? Number.POSITIVE_INFINITY;
      continue;
    }
    context.report.endProgress();
    await Promise.all(logs.values());
    if (readiness.kind === 'ready') return 0;
    const code = exitCode(pods, run.main);
    if (code !== undefined) return code;
    throw new LaconicError(`the job did not run\n${await explainObjects([verdict], world, { api, namespace })}`);
  }
}

function writing(pod: PodFacts): Running[] {
  const started = (status: ContainerStatusFacts | undefined): boolean =>
    status?.state?.running !== undefined || status?.state?.terminated !== undefined;
  return containersOf(pod)
    .filter(({ status }) => started(status))
    .map(({ spec }) => ({ pod: pod.metadata.name, container: spec.name }));
}

/** The exit code of the main container if it failed, else of the first one that failed. */
function exitCode(pods: readonly PodFacts[], main: string): number | undefined {
  const all = pods.flatMap(containersOf);
  const codes = all
    .sort((a, b) => Number(b.spec.name === main) - Number(a.spec.name === main))
    .map(({ status }) => status?.state?.terminated?.exitCode);
  return codes.find((code) => code !== undefined && code !== 0);
}

/** Never rejects: the result of the job does not depend on whether its output can be shown. */
async function showLog(source: Running, run: JobRun, pods: readonly PodFacts[]): Promise<void> {
  const { api, job, context, output } = run;
  const path = `${resourcePath(resources.Pod, job.metadata.namespace, source.pod)}/log`;
  const several = pods.some((pod) => containersOf(pod).length > 1);
  context.report.endProgress();
  try {
    const open = () => api.stream(path, { container: source.container, follow: 'true' }, context.signal);
    const log = await openPatiently(open, context.signal);
    await copy(log, several ? source.container : undefined, output);
  } catch (error) {
    // A closed output (`| head`) is not an error.
    if (context.signal.aborted || errorCode(error) === 'EPIPE') return;
    context.report.warn(`the output of ${source.container} is missing or incomplete: ${errorMessage(error)}`);
  }
}

async function copy(log: Readable, container: string | undefined, output: SharedOutput): Promise<void> {
  const lines = container === undefined ? log : linesOf(log, new LogLines(() => container, { timestamps: false }));
  await output.take(lines);
}
