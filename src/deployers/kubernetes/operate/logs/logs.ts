import type { Context } from '../../../../system/context.js';
import { errorCode, InterruptedError, LaconicError } from '../../../../system/errors.js';
import { didYouMean } from '../../../../system/suggest.js';
import type { LogsOptions } from '../../../deployer.js';
import type { ClusterApi } from '../../api/api.js';
import { ClusterError } from '../../api/errors.js';
import type { Identity } from '../../objects/common/identity.js';
import type { PodFacts } from '../../ready/api-types.js';
import { containersOf } from '../../ready/pod.js';
import { containerName, listPods, containerNames } from '../find.js';
import { followLogs } from './follow.js';
import { linesOf, LogLines } from './log-lines.js';
import { logQuery } from './log-query.js';
import { labelOf, type LogSource, type LogsRequest, openLog } from './log-source.js';
import { SharedOutput } from './shared-output.js';

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
  const jobs = new Set(services.map((service) => `${identity.deploymentId}-job-${service}`));
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
  const known = containerNames(pods);
  throw new LaconicError(
    unknown.map((service) => `no container of service ${service}${didYouMean(service, known)}`).join('\n'),
    { hint: `services: ${known.join(', ')}` },
  );
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
