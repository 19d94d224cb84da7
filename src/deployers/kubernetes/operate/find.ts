import type { ClusterApi } from '../api/api.js';
import { LaconicError } from '../../../system/errors.js';
import { didYouMean } from '../../../system/suggest.js';
import type { Identity } from '../objects/common/identity.js';
import { resources } from '../api/resources.js';
import { createNames } from '../objects/common/names.js';
import type { PodFacts } from '../ready/api-types.js';
import { containersOf } from '../ready/pod.js';
import { podState } from '../../pod-state.js';
import { podStatuses } from './ps.js';
import { isJobPod, isOwnPod } from './snapshot.js';

/** A running container and its pod. */
export interface FoundContainer {
  pod: PodFacts;
  container: string;
}

/** Returns the deployment's current pods including those of Jobs, oldest first. */
export async function listPods(api: ClusterApi, identity: Identity): Promise<PodFacts[]> {
  const objects = await api.list(resources.Pod, { namespace: identity.namespace });
  const pods = (objects as unknown as PodFacts[]).filter((pod) => isOwnPod(pod, identity));
  return pods.sort((a, b) => ageKey(a).localeCompare(ageKey(b)));
}

function ageKey({ metadata }: PodFacts): string {
  return `${metadata.creationTimestamp ?? ''} ${metadata.name}`;
}

/** Returns the name of a service's container; Kubernetes does not allow every name of Compose. */
export function containerName(service: string, { deploymentId }: Identity): string {
  return createNames({ deploymentId, podFiles: [], jobs: [] }).container(service);
}

/**
 * Returns the running container of a service, of the `index`-th pod if there are several, oldest first.
 * @throws LaconicError if the service is unknown, does not run, or has fewer containers
 */
export async function runningPodContainer(
  api: ClusterApi,
  identity: Identity,
  { service, index }: { service: string; index: number },
): Promise<FoundContainer> {
  const container = containerName(service, identity);
  const pods = (await listPods(api, identity)).filter((pod) => !isJobPod(pod));
  const having = pods.filter((pod) => containersOf(pod).some(({ spec }) => spec.name === container));
  if (having.length === 0) throw noSuchService(service, containerNames(pods));
  const present = having.filter((pod) =>
    containersOf(pod).some(({ spec, status }) => spec.name === container && status?.state?.running !== undefined),
  );
  // After a rollout the old pod may still be terminating: it counts only if there are no others.
  const staying = present.filter(({ metadata }) => metadata.deletionTimestamp === undefined);
  const running = staying.length > 0 ? staying : present;
  const pod = running[index - 1];
  if (pod !== undefined) return { pod, container };
  if (running.length === 0) {
    const states = podStatuses({ pods: having, services: [] })
      .map((one) => `${one.name}: ${podState(one)}`)
      .join(', ');
    throw new LaconicError(`service "${service}" is not running (${states})`, { hint: 'status shows more' });
  }
  const count = running.length === 1 ? '1 container' : `${running.length} containers`;
  throw new LaconicError(`service "${service}" has ${count}: there is no container with index ${index}`);
}

/** Returns the names of the pods' containers, without duplicates, sorted. */
export function containerNames(pods: readonly PodFacts[]): string[] {
  return [...new Set(pods.flatMap((pod) => containersOf(pod).map(({ spec }) => spec.name)))].sort();
}

function noSuchService(service: string, services: readonly string[]): LaconicError {
  if (services.length === 0) {
    return new LaconicError(`service "${service}" is not running: the deployment has no pods`, {
      hint: 'start it first',
    });
  }
  return new LaconicError(`no container of service ${service}${didYouMean(service, services)}`, {
    hint: `services: ${services.join(', ')}`,
  });
}
