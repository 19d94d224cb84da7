import type { HealthPatience } from '../objects/workloads/health-patience.js';
import { oneLine, type PodReadiness } from './container.js';
import { conditionOf, type DeploymentFacts, type JobFacts, type Meta, type PodFacts } from './api-types.js';
import { containersOf, podReadiness, type PodQuestion, rank } from './pod.js';

export interface WorkloadQuestion extends Omit<PodQuestion, 'final' | 'patience'> {
  /** By `<Deployment>/<container>`. */
  healthPatience?: ReadonlyMap<string, HealthPatience>;
}

/**
 * Whether a Deployment runs only its current template everywhere. Pure. Its counts and conditions lag behind: those of
 * an earlier template, or of deleted pods, remain until its controller has run again. So readiness is read from the
 * pods, and failures only from those of the current template.
 */
export function deploymentReadiness(deployment: DeploymentFacts, question: WorkloadQuestion): PodReadiness {
  const { metadata, spec, status = {} } = deployment;
  const desired = spec.replicas ?? 1;
  if (metadata.deletionTimestamp !== undefined) return { kind: 'failed', state: 'is being deleted' };
  if ((status.observedGeneration ?? 0) < (metadata.generation ?? 1)) {
    return { kind: 'waiting', state: 'not processed by the cluster yet' };
  }
  const sets = question.world.setsOf(deployment);
  const late = sets.length === 0 ? undefined : conditionOf(deployment, 'Progressing', 'False');
  const pods = question.world.podsOf(deployment);
  const patience = (container: string): HealthPatience | undefined =>
    question.healthPatience?.get(`${metadata.name}/${container}`);
  const judged = worstFirst(pods, { ...question, final: false, patience });
  const [worst] = judged;
  const counted = (text: string): string =>
    `${status.readyReplicas ?? 0}/${desired} ready${text === '' ? '' : `: ${text}`}`;
  if (worst?.kind === 'failed' || worst?.kind === 'looping') return worst;
  if (late?.reason === 'ProgressDeadlineExceeded') {
    const why = worst === undefined || worst.kind === 'ready' ? oneLine(late.message) : worst.state;
    return { kind: 'failed', state: `made no progress within its deadline: ${why}`, ...podNotReady(pods) };
  }
  const refused = sets.map((set) => conditionOf(set, 'ReplicaFailure')).find((one) => one !== undefined);
  if (refused !== undefined) return refusedPods(deployment, refused.message, question);
  const updated = status.updatedReplicas ?? 0;
  const available = status.availableReplicas ?? 0;
  const total = status.replicas ?? 0;
  const rolledOut = updated >= desired && total <= updated && available >= desired;
  const ready = judged.filter(({ kind }) => kind === 'ready').length;
  if (rolledOut && ready >= desired) return { kind: 'ready', state: counted('') };
  if (worst !== undefined && worst.kind !== 'ready') return { ...worst, state: counted(worst.state) };
  const leaving = question.world.oldPodsOf(deployment).length;
  if (leaving > 0)
    return { kind: 'waiting', state: counted(`${leaving} earlier pod${leaving === 1 ? '' : 's'} to go`) };
  return { kind: 'waiting', state: counted('') };
}

/** Whether a Job has completed. Pure. */
export function jobReadiness(job: JobFacts, question: WorkloadQuestion): PodReadiness {
  if (job.metadata.deletionTimestamp !== undefined) return { kind: 'failed', state: 'is being deleted' };
  if (conditionOf(job, 'Complete') !== undefined) return { kind: 'ready', state: 'completed' };
  const pods = question.world.podsOfJob(job);
  const [worst] = worstFirst(pods, { ...question, final: true });
  const failed = conditionOf(job, 'Failed') ?? conditionOf(job, 'FailureTarget');
  if (failed !== undefined) {
    if (worst?.kind === 'failed') return { ...worst, state: `failed: ${worst.state}` };
    return { kind: 'failed', state: `failed: ${oneLine(failed.message) || (failed.reason ?? 'without a reason')}` };
  }
  const suspended = conditionOf(job, 'Suspended');
  if (suspended !== undefined) return { kind: 'failed', state: 'is suspended: it does not run' };
  if (worst === undefined) {
    const refused = question.world.eventsAbout(job.metadata.uid).find((event) => event.reason === 'FailedCreate');
    if (refused !== undefined) return refusedPods(job, refused.message, question);
    return { kind: 'waiting', state: 'waits for its pod' };
  }
  // A container's failure is the Job's only when the Job reports it: it may retry.
  if (worst.kind === 'failed' && endedWithoutCleanup(pods)) return { kind: 'waiting', state: worst.state };
  if (worst.kind === 'ready') return { kind: 'waiting', state: 'finishing' };
  return worst;
}

/** The cluster creates it in every namespace, a moment after the namespace. */
const unmade = /serviceaccount "[^"]*" not found/;
/** The server was too busy to decide. */
const undecided = /etcdserver: |timed out|timeout|deadline exceeded|connection refused/i;

/**
 * Pods that were refused are rarely admitted later: when the namespace gets its service account; when a quota or a busy
 * server allows it within the time for making room; or when a quota is freed by pods that are ending.
 */
function refusedPods(
  owner: { metadata: Meta },
  message: string | undefined,
  { world, unscheduledMs, schedulingTimeoutMs }: WorkloadQuestion,
): PodReadiness {
  const state = `its pods are refused: ${oneLine(message)}`;
  const quota = state.includes('exceeded quota');
  if (unmade.test(state)) return { kind: 'waiting', state };
  if (!quota && !undecided.test(state)) return { kind: 'failed', state };
  if (quota && world.all('Pod').some(makesRoom)) return { kind: 'waiting', state };
  const since = unscheduledMs(owner);
  return since >= schedulingTimeoutMs
    ? { kind: 'failed', state }
    : { kind: 'waiting', state, recheckMs: schedulingTimeoutMs - since };
}

/** A pod that is being deleted, or that will end with its Job. */
function makesRoom({ metadata, status }: PodFacts): boolean {
  if (metadata.deletionTimestamp !== undefined) return true;
  const ended = status?.phase === 'Succeeded' || status?.phase === 'Failed';
  return !ended && (metadata.ownerReferences ?? []).some(({ kind }) => kind === 'Job');
}

function endedWithoutCleanup(pods: readonly PodFacts[]): boolean {
  return pods.some((pod) => containersOf(pod).some(({ status }) => (status?.state?.terminated?.exitCode ?? 0) !== 0));
}

/** The readiness of each pod, that of the least ready one first. */
function worstFirst(pods: readonly PodFacts[], question: PodQuestion): PodReadiness[] {
  return pods.map((pod) => podReadiness(pod, question)).sort((a, b) => rank(a) - rank(b));
}

function podNotReady(pods: readonly PodFacts[]): { pod?: string; container?: string } {
  const pod = pods.find((one) => conditionOf(one, 'Ready') === undefined);
  if (pod === undefined) return {};
  const container = containersOf(pod).find(({ status, init }) => !init && !status?.ready)?.spec.name;
  return { pod: pod.metadata.name, container };
}
