import type { DeploymentStatus, HostStatus, ObjectStatus } from '../../status.js';
import { describeObject } from '../objects/common/object.js';
import { claimProblem } from '../ready/volume-claim.js';
import { isTold, oneLine, type PodReadiness } from '../ready/container.js';
import { type ClaimFacts, conditionOf, eventTime, type Meta } from '../ready/api-types.js';
import type { Awaited } from '../ready/judge.js';
import { deploymentReadiness, jobReadiness, type WorkloadQuestion } from '../ready/workload.js';
import { containerStatuses, podStatuses } from './ps.js';
import type { ServiceFacts } from './published.js';
import type { Snapshot } from './snapshot.js';
import { addressesAnnotation } from '../objects/network/external-services.js';
import { mapOf } from '../../../system/plain-map.js';

/** How many warnings are shown, and their maximum age (milliseconds). */
const warningsShown = 5;
const warningAge = 15 * 60_000;

/**
 * Describes the objects of a deployment and their state. Pure.
 * @param expected workloads that should exist; empty if nobody asks
 * @param now milliseconds since the epoch
 */
export function describeStatus(
  snapshot: Snapshot,
  hosts: HostStatus[],
  expected: readonly Awaited[],
  now: number,
): DeploymentStatus {
  const { world } = snapshot;
  const question: WorkloadQuestion = {
    world,
    unscheduledMs: () => 0,
    notReadyMs: () => 0,
    schedulingTimeoutMs: Number.POSITIVE_INFINITY,
  };
  const deployments = snapshot.deployments.map((one) => objectStatus(one, deploymentReadiness(one, question)));
  const jobs = snapshot.jobs.map((one) => objectStatus(one, jobReadiness(one, question)));
  const unwell = [
    ...snapshot.deployments.filter((_, at) => deployments[at]?.ready === false),
    ...snapshot.jobs.filter((_, at) => jobs[at]?.ready === false),
    ...snapshot.pods.filter((pod) => conditionOf(pod, 'Ready') === undefined && pod.status?.phase !== 'Succeeded'),
    ...snapshot.claims.filter(({ status }) => mapOf(status).phase !== 'Bound'),
  ];
  const present = new Set([
    ...snapshot.deployments.map(({ metadata }) => `Deployment/${metadata.name}`),
    ...snapshot.jobs.map(({ metadata }) => `Job/${metadata.name}`),
  ]);
  const missing = expected
    .filter(({ kind, name }) => !present.has(`${kind}/${name}`))
    .map(({ kind, name }) => describeObject({ kind, metadata: { name } }));
  return {
    degraded: missing.length > 0 || deployments.some(({ ready }) => !ready) || jobs.some(({ failed }) => failed),
    missing,
    behind: [],
    warnings: warnings(snapshot, unwell, [...deployments, ...jobs], now),
    containers: containerStatuses(snapshot),
    kubernetes: {
      cluster: snapshot.cluster,
      namespace: snapshot.namespace,
      hosts,
      externalServices: snapshot.services.flatMap(externalService),
      deployments,
      jobs,
      volumes: snapshot.claims.map((claim) => claimStatus(claim as unknown as ClaimFacts, snapshot)),
      pods: podStatuses(snapshot),
    },
  };
}

function externalService({ metadata, spec }: ServiceFacts): { name: string; target: string }[] {
  const target = spec.externalName ?? metadata.annotations?.[addressesAnnotation];
  return target === undefined ? [] : [{ name: metadata.name, target }];
}

function objectStatus({ metadata }: { metadata: { name: string } }, readiness: PodReadiness): ObjectStatus {
  return {
    name: metadata.name,
    ready: readiness.kind === 'ready',
    state: readiness.state,
    failed: readiness.kind === 'failed' || readiness.kind === 'looping',
  };
}

function claimStatus(claim: ClaimFacts, { world }: Snapshot): ObjectStatus {
  const problem = claimProblem(claim, world);
  const { name } = claim.metadata;
  if (problem !== undefined) return { name, ready: false, state: problem.state, failed: problem.never };
  const size = claim.status?.capacity?.storage;
  return { name, ready: true, state: size === undefined ? 'Bound' : `Bound, ${size}`, failed: false };
}

/** The latest warnings about objects in trouble, without duplicates and those that a state already contains. */
function warnings(
  { world, ingresses }: Snapshot,
  unwell: readonly { metadata: Meta }[],
  shown: readonly ObjectStatus[],
  now: number,
): string[] {
  const own = new Set([...unwell, ...ingresses].map(({ metadata }) => metadata.uid));
  const recent = world
    .warningsAbout(own)
    .filter((event) => now - eventTime(event) < warningAge)
    .filter((event) => !shown.some(({ state }) => isTold(oneLine(event.message), state)));
  const texts = recent.map(({ involvedObject: about, reason, message }) => {
    return `${about.kind ?? ''} ${about.name ?? ''}: ${reason ?? ''}: ${oneLine(message)}`;
  });
  return [...new Set(texts)].slice(0, warningsShown);
}
