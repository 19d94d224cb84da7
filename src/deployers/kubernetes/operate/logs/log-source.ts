import type { Readable } from 'node:stream';
import { pause } from '../../../../system/process/pause.js';
import type { Context } from '../../../../system/context.js';
import type { LogsOptions } from '../../../deployer.js';
import type { ClusterApi } from '../../api/api.js';
import { ClusterError } from '../../api/errors.js';
import type { Identity } from '../../objects/common/identity.js';
import { resourcePath, resources } from '../../api/resources.js';
import type { PodFacts } from '../../ready/api-types.js';
import type { LogQuery } from './log-query.js';
import type { SharedOutput } from './shared-output.js';

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

/**
 * Opens a log with up to three repetitions: just after the API server reported a container as started, the kubelet may
 * answer that it is not, or be unable to provide the log at the moment.
 * @throws ClusterError; InterruptedError if `signal` ends the wait
 */
export async function openPatiently<T>(open: () => Promise<T>, signal: AbortSignal): Promise<T> {
  for (let attempt = 0; ; attempt += 1) {
    try {
      return await open();
    } catch (error) {
      if (!(error instanceof ClusterError) || error.status === undefined || attempt === 3) throw error;
      await pause(500, signal);
    }
  }
}
