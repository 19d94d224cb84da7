import { crashLimit, Crashes } from '../../readiness/readiness.js';
import type { HealthPatience } from '../objects/workloads/health-patience.js';
import { podContainerReadiness, initRole, type PodReadiness } from './container.js';
import type { DeploymentFacts, JobFacts, PodFacts } from './api-types.js';
import { containersOf } from './pod.js';
import { isSameReason } from './probe.js';
import { deploymentReadiness, jobReadiness, type WorkloadQuestion } from './workload.js';
import type { WatchCache } from './watch-cache.js';

/** An object whose readiness is awaited. */
export interface Awaited {
  kind: 'Deployment' | 'Job';
  name: string;
}

export interface Verdict {
  awaited: Awaited;
  readiness: PodReadiness;
}

export interface JudgeOptions {
  /** Milliseconds for the cluster to make room for a pod: some add nodes automatically, kind never does. */
  schedulingTimeoutMs: number;
  /** How long an object must stay ready, as a server without a probe counts as ready until it crashes. */
  steadyMs: number;
  /** Milliseconds since 1970 when the nodes were started, if that was recently. */
  nodesStartedAt?: number;
  /** Milliseconds since 1970: a container that was restarted since then may be in a crash loop. */
  restartedSince?: number;
  /** By `<Deployment>/<container>`; absent: healthchecks have no time limit. */
  healthPatience?: ReadonlyMap<string, HealthPatience>;
}

/** Judges objects repeatedly, and remembers what a single look does not show. */
export class Judge {
  readonly #options: JudgeOptions;
  readonly #unscheduled = new Map<string, number>();
  #notReadySince: ReadonlyMap<string, number> = new Map();
  readonly #notReady = new Set<string>();
  readonly #readySince = new Map<string, number>();
  readonly #crashes = new Crashes();
  readonly #probes = new Map<string, string>();

  constructor(options: JudgeOptions) {
    this.#options = options;
  }

  /** @param now milliseconds of a monotonic clock */
  look(world: WatchCache, awaited: readonly Awaited[], now: number): Verdict[] {
    // A run of a container that a look does not ask about is ready or gone: its time is forgotten.
    const notReady = new Map<string, number>();
    const question: WorkloadQuestion = {
      world,
      ...this.#options,
      unscheduledMs: ({ metadata: { uid } }) => {
        const since = this.#unscheduled.get(uid) ?? now;
        this.#unscheduled.set(uid, since);
        return now - since;
      },
      notReadyMs: (run) => {
        const since = this.#notReadySince.get(run) ?? now;
        notReady.set(run, since);
        return now - since;
      },
    };
    const seen = awaited.map((one) => ({ awaited: one, readiness: readinessOf(one, world, question) }));
    this.#notReadySince = notReady;
    const steady = seen.map((verdict) =>
      isProbed(verdict.awaited, world) ? verdict : this.#steady(verdict, world, now),
    );
    return steady.map((verdict) => this.#sameWords(this.#patient(verdict, steady, world)));
  }

  /**
   * Keeps the previous probe failure if only numbers changed: addresses, counts and times change with every attempt.
   */
  #sameWords(verdict: Verdict): Verdict {
    const { readiness, awaited } = verdict;
    if (readiness.kind !== 'waiting' || readiness.probe === undefined) return verdict;
    const key = `${awaited.kind}/${awaited.name}`;
    const before = this.#probes.get(key);
    if (before !== undefined && isSameReason(before, readiness.probe))
      return { ...verdict, readiness: { ...readiness, probe: before } };
    this.#probes.set(key, readiness.probe);
    return verdict;
  }

  /** An object that became ready during the wait, or was just restarted, must stay ready for a moment. */
  #steady(verdict: Verdict, world: WatchCache, now: number): Verdict {
    const key = `${verdict.awaited.kind}/${verdict.awaited.name}`;
    if (verdict.readiness.kind !== 'ready') {
      this.#notReady.add(key);
      this.#readySince.delete(key);
      return verdict;
    }
    const { kind, name } = verdict.awaited;
    if (kind === 'Job' || !(this.#notReady.has(key) || this.#isJustRestarted(world.find(kind, name), world)))
      return verdict;
    const since = this.#readySince.get(key);
    this.#readySince.set(key, since ?? now);
    if (since === undefined) this.#crashes.forgive();
    const ready = now - (since ?? now);
    const { steadyMs } = this.#options;
    if (ready >= steadyMs) return verdict;
    return { ...verdict, readiness: { kind: 'waiting', state: verdict.readiness.state, recheckMs: steadyMs - ready } };
  }

  #isJustRestarted(deployment: DeploymentFacts | undefined, world: WatchCache): boolean {
    const { restartedSince = Number.POSITIVE_INFINITY } = this.#options;
    const containers = deployment === undefined ? [] : world.podsOf(deployment).flatMap((pod) => containersOf(pod));
    return containers.some(({ status }) => {
      const startedAt = Date.parse(status?.state?.running?.startedAt ?? '');
      return (status?.restartCount ?? 0) > 0 && startedAt >= restartedSince;
    });
  }

  #patient(verdict: Verdict, all: readonly Verdict[], world: WatchCache): Verdict {
    const { readiness } = verdict;
    if (readiness.kind !== 'looping') return verdict;
    const crashes = this.#crashes.since(`${readiness.pod}/${readiness.container}`, readiness.restarts);
    const others = all.some((one) => one !== verdict && one.readiness.kind === 'waiting');
    const limit = others || siblingsWait(readiness, world) ? crashLimit : 1;
    if (crashes < limit) return verdict;
    const { state, pod, container } = readiness;
    return { ...verdict, readiness: { kind: 'failed', state, pod, container } };
  }
}

/** Whether every container has a readiness probe, so that watching it longer gains nothing. */
function isProbed({ kind, name }: Awaited, world: WatchCache): boolean {
  if (kind !== 'Deployment') return false;
  const found: DeploymentFacts | undefined = world.find(kind, name);
  const containers = found?.spec.template?.spec?.containers ?? [];
  return containers.length > 0 && containers.every(({ readinessProbe }) => readinessProbe !== undefined);
}

function readinessOf({ kind, name }: Awaited, world: WatchCache, question: WorkloadQuestion): PodReadiness {
  const object = world.find(kind, name);
  if (object === undefined) {
    if (world.isGone(kind, name)) return { kind: 'failed', state: 'was deleted by another client' };
    return { kind: 'waiting', state: 'not reported yet' };
  }
  return kind === 'Deployment'
    ? deploymentReadiness(object as DeploymentFacts, question)
    : jobReadiness(object as JobFacts, question);
}

/** Whether other containers of the pod are starting. Those behind a crashing init container wait for it. */
function siblingsWait({ pod: name, container }: { pod: string; container: string }, world: WatchCache): boolean {
  const pod: PodFacts | undefined = world.find('Pod', name);
  if (pod === undefined) return false;
  const all = containersOf(pod);
  if (all.find(({ spec }) => spec.name === container)?.init !== false) return false;
  return all.some(({ spec, status, init }) => {
    const role = init ? initRole(spec) : 'main';
    return spec.name !== container && podContainerReadiness(name, spec.name, status, role, false).kind === 'waiting';
  });
}
