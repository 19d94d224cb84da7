import type { Workload, StartStep } from '../objects/workloads/start-order.js';
import type { Action } from './actions.js';

/**
 * The stages of a plan, in order of execution. The order within one stage does not matter, except that of the
 * workloads. Volumes come before the claims that name them: a claim without its volume is checked again only after 15
 * seconds.
 */
type Stage = 'namespace' | 'volumes' | 'configuration' | 'services' | 'workloads' | 'ingress';

/** All other kinds are configuration. */
const stageOfKind: Readonly<Record<string, Stage>> = {
  Namespace: 'namespace',
  PersistentVolume: 'volumes',
  Service: 'services',
  EndpointSlice: 'services',
  Deployment: 'workloads',
  StatefulSet: 'workloads',
  Job: 'workloads',
  Ingress: 'ingress',
};

/** Returns the actions of a stage. */
export function actionsOf(stage: Stage, actions: readonly Action[]): Action[] {
  return actions.filter(({ object }) => (stageOfKind[object.kind] ?? 'configuration') === stage);
}

/** Workloads to apply now, or those that must be ready before more are applied; undefined when all are applied. */
export type NextWorkloads = { apply: readonly Workload[] } | { await: readonly Workload[] } | undefined;

/**
 * Returns the next step through the workloads in their order.
 * @param applied keys (`Deployment/x`) of those that are applied
 * @param ready keys of those that were awaited
 */
export function nextWorkloads(
  order: readonly StartStep[],
  applied: ReadonlySet<string>,
  ready: ReadonlySet<string>,
): NextWorkloads {
  const known = new Set(order.map(({ workload }) => workloadKey(workload)));
  const left = order.filter(({ workload }) => !applied.has(workloadKey(workload)));
  const met = ({ workload, condition }: StartStep['after'][number]): boolean => {
    const key = workloadKey(workload);
    return !known.has(key) || (condition === 'ready' ? ready.has(key) : applied.has(key));
  };
  const startable = left.filter(({ after }) => after.every(met));
  if (startable.length > 0) return { apply: startable.map(({ workload }) => workload) };
  const [first] = left;
  if (first === undefined) return undefined;
  // The first remaining one waits only for earlier ones, which are all applied.
  return { await: first.after.filter((each) => !met(each)).map(({ workload }) => workload) };
}

/** `Deployment/x`: identifies a workload within its deployment. */
export function workloadKey({ kind, name }: Workload): string {
  return `${kind}/${name}`;
}
