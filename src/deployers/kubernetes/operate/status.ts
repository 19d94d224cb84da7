import type { ContainerStatus } from '../../deployer.js';
import { formatAddress } from '../../status-output.js';
import { describeObject } from '../objects/common/object.js';
import { claimProblem } from '../ready/volume-claim.js';
import { isTold, oneLine, type PodReadiness } from '../ready/container.js';
import { type ClaimFacts, conditionOf, eventTime, type Meta, type PodFacts } from '../ready/api-types.js';
import type { Awaited } from '../ready/judge.js';
import { containersOf, lastingContainersOf } from '../ready/pod.js';
import { deploymentReadiness, jobReadiness, type WorkloadQuestion } from '../ready/workload.js';
import { containerStatuses, troubleOf } from './ps.js';
import type { Snapshot } from './snapshot.js';
import { mapOf } from '../../../system/plain-map.js';

/** A host of the deployment's Ingress. */
export interface HostStatus {
  host: string;
  /** Address of the ingress controller, if it reports one. */
  address?: string;
  /** The state of the certificate. */
  tls: string;
}

export interface ObjectStatus {
  name: string;
  ready: boolean;
  /** `1/1 ready`, or what it waits for, or why it will never be ready. */
  state: string;
  failed: boolean;
}

export interface PodStatus {
  name: string;
  state: string;
  ready: string;
  restarts: number;
  node?: string;
  createdAt?: string;
  deletedAt?: string;
  /** Why containers do not run. */
  reasons: string[];
}

/** `status` as data, printed by `--format json`. */
export interface StatusDocument {
  degraded: boolean;
  /** Objects that should exist and do not: `Deployment x`. */
  missing: string[];
  /** Context and server; absent if the cluster does not exist. */
  cluster?: string;
  namespace: string;
  hosts: HostStatus[];
  deployments: ObjectStatus[];
  jobs: ObjectStatus[];
  volumes: ObjectStatus[];
  pods: PodStatus[];
  /** The latest warnings of the cluster about any of these. */
  warnings: string[];
  containers: ContainerStatus[];
}

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
): StatusDocument {
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
    ...(snapshot.cluster === undefined ? {} : { cluster: snapshot.cluster }),
    namespace: snapshot.namespace,
    hosts,
    deployments,
    jobs,
    volumes: snapshot.claims.map((claim) => claimStatus(claim as unknown as ClaimFacts, snapshot)),
    pods: snapshot.pods.map(podStatus),
    warnings: warnings(snapshot, unwell, [...deployments, ...jobs], now),
    containers: containerStatuses(snapshot),
  };
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

function podStatus(pod: PodFacts): PodStatus {
  const all = containersOf(pod);
  const lasting = lastingContainersOf(pod);
  const { creationTimestamp, deletionTimestamp, name } = pod.metadata;
  return {
    name,
    state: deletionTimestamp === undefined ? (pod.status?.phase ?? 'Unknown') : 'Terminating',
    ready: `${lasting.filter(({ status }) => status?.ready).length}/${lasting.length}`,
    restarts: all.reduce((sum, { status }) => sum + (status?.restartCount ?? 0), 0),
    ...(pod.spec.nodeName === undefined ? {} : { node: pod.spec.nodeName }),
    ...(creationTimestamp === undefined ? {} : { createdAt: creationTimestamp }),
    ...(deletionTimestamp === undefined ? {} : { deletedAt: deletionTimestamp }),
    reasons: all.map(({ status }) => troubleOf(status)).filter((text) => text !== undefined),
  };
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

/**
 * Renders `status` as text, every line ended by a newline; empty if there is nothing. Scripts rely on the blocks
 * `Ingress:` and `Pods:`; a pod's line may continue.
 */
export function renderStatusText(status: StatusDocument): string {
  const blocks = [
    ...status.hosts.map(({ host, address, tls }) => [
      'Ingress:',
      `\tHostname: ${host}`,
      `\tIP: ${address ?? '?'}`,
      `\tTLS: ${tls}`,
    ]),
    block(
      'Deployments:',
      status.deployments.map(({ name, state }) => `\t${name}: ${state}`),
    ),
    block(
      'Jobs:',
      status.jobs.map(({ name, state }) => `\t${name}: ${state}`),
    ),
    block(
      'Volumes:',
      status.volumes.map(({ name, state }) => `\t${name}: ${state}`),
    ),
    block(
      'Pods:',
      status.pods.map((pod) => podLine(status.namespace, pod)),
    ),
    block('Node ports:', nodePortLines(status)),
    block(
      'Warnings:',
      status.warnings.map((text) => `\t${text}`),
    ),
  ].filter((lines) => lines.length > 0);
  if (blocks.length > 0 && status.missing.length > 0) {
    blocks.unshift(
      block(
        'Missing:',
        status.missing.map((text) => `\t${text}`),
      ),
    );
  }
  if (blocks.length > 0 && status.cluster !== undefined) blocks.unshift([`Cluster: ${status.cluster}`]);
  return blocks.map((lines) => lines.map((line) => `${line}\n`).join('')).join('\n');
}

function block(title: string, lines: readonly string[]): string[] {
  return lines.length === 0 ? [] : [title, ...lines];
}

function nodePortLines({ containers }: StatusDocument): string[] {
  const lines = containers.flatMap(({ service, ports }) =>
    ports.flatMap(({ containerPort, protocol, host }) =>
      host === undefined ? [] : [`\t${service}: ${formatAddress(host)}->${containerPort}/${protocol}`],
    ),
  );
  return [...new Set(lines)];
}

function podLine(namespace: string, pod: PodStatus): string {
  const time = pod.deletedAt ?? pod.createdAt ?? '?';
  const facts = [
    ...(pod.deletedAt === undefined ? [`${pod.ready} ready`] : []),
    ...(pod.restarts === 0 ? [] : [pod.restarts === 1 ? '1 restart' : `${pod.restarts} restarts`]),
    ...pod.reasons,
  ];
  return [`\t${namespace}/${pod.name}: ${pod.state} (${time})`, ...facts].join('\t');
}
