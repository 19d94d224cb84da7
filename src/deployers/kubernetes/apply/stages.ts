import type { Workload, StartStep } from '../objects/workloads/start-order.js';
import type { Action } from './actions.js';

const volumes = 1;
const configuration = 2;
const services = 3;
const workloads = 4;
const ingress = 5;

/** The order of kinds: configuration and volumes, then names, then workloads, then ingress. */
const stageOfKind: Readonly<Record<string, number>> = {
  Namespace: 0,
  PersistentVolume: volumes,
  Service: services,
  EndpointSlice: services,
  Deployment: workloads,
  StatefulSet: workloads,
  Job: workloads,
  Ingress: ingress,
};

/**
 * The actions of a plan in order of execution. The order within one stage does not matter, except that of the
 * workloads.
 */
export interface Stages {
  readonly namespace: readonly Action[];
  /** Before the claims that name them: a claim without its volume is checked again only after 15 seconds. */
  readonly volumes: readonly Action[];
  readonly configuration: readonly Action[];
  readonly services: readonly Action[];
  readonly workloads: readonly Action[];
  readonly ingress: readonly Action[];
}

export function stagesOf(actions: readonly Action[]): Stages {
  const at = (stage: number): Action[] =>
    actions.filter((action) => (stageOfKind[action.object.kind] ?? configuration) === stage);
  return {
    namespace: at(0),
    volumes: at(volumes),
    configuration: at(configuration),
    services: at(services),
    workloads: at(workloads),
    ingress: at(ingress),
  };
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

export function workloadKey({ kind, name }: Workload): string {
  return `${kind}/${name}`;
}
