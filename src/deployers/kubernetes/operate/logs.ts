import type { Readable } from 'node:stream';
import type { Context } from '../../../system/context.js';
import { errorCode, InterruptedError, LaconicError } from '../../../system/errors.js';
import { didYouMean } from '../../../system/suggest.js';
import type { LogsOptions } from '../../deployer.js';
import type { ClusterApi } from '../cluster/api.js';
import { ClusterError } from '../cluster/errors.js';
import type { Identity } from '../cluster/identity.js';
import { resourcePath, resources } from '../cluster/resources.js';
import type { PodFacts } from '../ready/facts.js';
import { containersOf } from '../ready/pod.js';
import { containerName, listPods, serviceNames } from './find.js';
import { followLogs } from './follow.js';
import { linesOf, LogLines } from './log-lines.js';
import { type LogQuery, logQuery } from './log-query.js';
import { SharedOutput } from './shared-output.js';

/** The log of one container. */
export interface LogSource {
  pod: PodFacts;
  container: string;
}

export interface LogsRequest {
  api: ClusterApi;
  identity: Identity;
  options: LogsOptions;
  query: LogQuery;
  /** Whether the log of this container is requested. */
  wanted: (pod: PodFacts, container: string) => boolean;
  context: Context;
  output: SharedOutput;
}

/**
 * Streams the output of the containers, each line as `<container>: <line>` (scripts rely on it; see {@link labelOf}):
 * of all pods, including init containers and jobs, or of the named services (or jobs); with `follow` also what is
 * written later. Memory use is bounded; it ends when the output is closed. Scripts wait until neither `Pods not
 * running` nor `No logs available` is in the output.
 * @param output where the lines are written; the program's stdout unless a test sets it
 * @throws UsageError; LaconicError for services without a container in the deployment; InterruptedError after Ctrl-C
 */
export async function showLogs(
  api: ClusterApi,
  identity: Identity,
  options: LogsOptions,
  context: Context,
  output: NodeJS.WritableStream = process.stdout,
): Promise<void> {
  const query = logQuery(options, Date.now());
  const pods = await listPods(api, identity);
  if (pods.length === 0 && !options.follow) {
    context.report.print('******* Pods not running ********');
    return;
  }
  if (pods.length > 0) refuseUnknown(options.services, pods, identity);
  const wanted = wantedLogs(options.services, identity);
  const request: LogsRequest = { api, identity, options, query, wanted, context, output: new SharedOutput(output) };
  if (options.follow) {
    await followLogs(request, pods);
    return;
  }
  let any = false;
  for (const pod of pods) {
    for (const { spec } of containersOf(pod)) {
      if (!wanted(pod, spec.name)) continue;
      const outcome = await showLog({ pod, container: spec.name }, pods, request);
      if (outcome === 'reader left') return;
      any ||= outcome === 'shown';
    }
  }
  if (!any) context.report.print('******* No logs available ********');
}

/** Selects by services and jobs: containers of these names, and all containers of such a job. */
function wantedLogs(services: readonly string[], identity: Identity): LogsRequest['wanted'] {
  if (services.length === 0) return () => true;
  const names = new Set(services.map((service) => containerName(service, identity)));
  const jobs = new Set(services.map((service) => `${identity.app}-job-${service}`));
  return (pod, container) => {
    const owners = pod.metadata.ownerReferences ?? [];
    return names.has(container) || owners.some(({ kind, name }) => kind === 'Job' && jobs.has(name));
  };
}

function refuseUnknown(services: readonly string[], pods: readonly PodFacts[], identity: Identity): void {
  const wanted = (service: string): boolean =>
    pods.some((pod) => containersOf(pod).some(({ spec }) => wantedLogs([service], identity)(pod, spec.name)));
  const unknown = services.filter((service) => !wanted(service));
  if (unknown.length === 0) return;
  const known = serviceNames(pods);
  throw new LaconicError(
    unknown.map((service) => `no container of service ${service}${didYouMean(service, known)}`).join('\n'),
    { hint: `services: ${known.join(', ')}` },
  );
}

/**
 * Returns the prefix of a log's lines: the container's name, which scripts read; if a service has several pods at a
 * time, also the end of the pod's name. Pods that a rollout replaces do not count. Pure.
 */
export function labelOf({ pod, container }: LogSource, pods: Iterable<PodFacts>): string {
  const maker = replicaSetOf(pod);
  const others = [...pods].filter((one) => one.metadata.uid !== pod.metadata.uid && replicaSetOf(one) === maker);
  if (maker === undefined || !others.some(isAlive)) return container;
  return `${container}-${pod.metadata.name.slice(pod.metadata.name.lastIndexOf('-') + 1)}`;
}

function replicaSetOf({ metadata }: PodFacts): string | undefined {
  return metadata.ownerReferences?.find(({ kind }) => kind === 'ReplicaSet')?.uid;
}

/** An evicted pod has been replaced by another one. */
function isAlive({ metadata, status }: PodFacts): boolean {
  return metadata.deletionTimestamp === undefined && status?.phase !== 'Failed' && status?.phase !== 'Succeeded';
}

/** Shows the current log of one container. `nothing`: it has not started, has no earlier run, or its log is gone. */
async function showLog(
  source: LogSource,
  pods: readonly PodFacts[],
  request: LogsRequest,
): Promise<'shown' | 'nothing' | 'reader left'> {
  const { context, output } = request;
  const stream = await openLog(source, request, {}).catch((error: unknown) => {
    if (!(error instanceof ClusterError) || error.status === undefined) throw error;
    // It waits to start, or has no previous run: not an error.
    context.report.verbose(error.message);
    return undefined;
  });
  if (stream === undefined) return 'nothing';
  const lines = new LogLines(() => labelOf(source, pods), request.query);
  try {
    await output.take(linesOf(stream, lines));
    return lines.lost ? 'nothing' : 'shown';
  } catch (error) {
    if (context.signal.aborted) throw new InterruptedError();
    if (errorCode(error) === 'EPIPE') return 'reader left';
    throw error;
  }
}

/** Streams the log of a container. @throws ClusterError */
export async function openLog(
  { pod, container }: LogSource,
  { api, identity, query, context }: Pick<LogsRequest, 'api' | 'identity' | 'query' | 'context'>,
  more: Record<string, string>,
  signal: AbortSignal = context.signal,
): Promise<Readable> {
  const path = `${resourcePath(resources.Pod, identity.namespace, pod.metadata.name)}/log`;
  return api.stream(path, { container, ...query.parameters, ...more }, signal);
}
