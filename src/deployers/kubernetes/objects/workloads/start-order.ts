import type { ServiceModel } from '../../../../compose/model/types.js';
import type { ObjectsInput, PodFileInput } from '../common/input.js';
import { createNames, type Names } from '../common/names.js';
import { hasTest } from './container-roles.js';
import type { Scope } from '../common/scope.js';

/** A Deployment or Job, as start applies it. */
export interface Workload {
  kind: 'Deployment' | 'Job';
  name: string;
}

/**
 * The condition for applying a workload: another one is applied (`started`), or all of its pods are ready (`ready`: its
 * services are healthy, and those that run to their end have completed).
 */
export interface StartCondition {
  workload: Workload;
  condition: 'started' | 'ready';
}

export interface StartStep {
  workload: Workload;
  after: readonly StartCondition[];
}

interface Edge {
  from: PodFileInput;
  to: PodFileInput;
  service: ServiceModel;
  dependency: string;
  condition: StartCondition['condition'];
}

/**
 * Returns the order in which start applies the workloads, by `depends_on` between pods. Every workload is listed once,
 * after all that it waits for. Jobs wait only for their own dependencies. Circular dependencies are not awaited; see
 * {@link reportOrder}.
 */
export function startOrder(input: ObjectsInput, names: Names = createNames(input)): StartStep[] {
  const { kept } = edgesOf(input);
  const jobs = new Set(input.jobs);
  const workloadOf = (podFile: PodFileInput): Workload =>
    jobs.has(podFile)
      ? { kind: 'Job', name: names.job(podFile.name) }
      : { kind: 'Deployment', name: names.deployment(podFile.name) };
  const steps: StartStep[] = [];
  const visited = new Set<PodFileInput>();
  const visit = (podFile: PodFileInput): void => {
    if (visited.has(podFile)) return;
    visited.add(podFile);
    const conditions = new Map<PodFileInput, StartCondition['condition']>();
    for (const { to, condition } of kept.get(podFile) ?? []) {
      visit(to);
      if (conditions.get(to) !== 'ready') conditions.set(to, condition);
    }
    const after = [...conditions].map(([to, condition]) => ({ workload: workloadOf(to), condition }));
    steps.push({ workload: workloadOf(podFile), after });
  };
  for (const podFile of [...input.podFiles, ...input.jobs]) if (podFile.model.services.size > 0) visit(podFile);
  return steps;
}

/** Reports dependencies between pods that cannot be kept: missing services, circles, missing healthchecks. */
export function reportOrder({ input, findings }: Scope): void {
  const { circles, unknown, unchecked } = edgesOf(input);
  for (const { podFile, service, dependency } of unknown) {
    const message = `there is no service ${dependency} in the stack (or its profile is not active): name another, or remove it`;
    findings.errors.push(podFile.model.problem(['services', service.name, 'depends_on', dependency], message));
  }
  for (const { from, to, service, dependency } of circles) {
    const message = `${dependency} is in the pod ${to.name}, which also waits for the pod ${from.name}: this dependency is not awaited`;
    findings.warnings.push(from.model.problem(['services', service.name, 'depends_on', dependency], message));
  }
  for (const { from, service, dependency } of unchecked) {
    const message = `${dependency} has no healthcheck in the compose file, and Kubernetes does not use the one of its image: it is awaited until it runs; give it a healthcheck`;
    findings.warnings.push(from.model.problem(['services', service.name, 'depends_on', dependency], message));
  }
}

interface Edges {
  kept: Map<PodFileInput, Edge[]>;
  circles: Edge[];
  unchecked: Edge[];
  unknown: { podFile: PodFileInput; service: ServiceModel; dependency: string }[];
}

function edgesOf(input: ObjectsInput): Edges {
  const podFileOf = new Map<string, PodFileInput>();
  for (const podFile of [...input.podFiles, ...input.jobs.filter(({ oneShot }) => oneShot)]) {
    for (const name of podFile.model.services.keys()) if (!podFileOf.has(name)) podFileOf.set(name, podFile);
  }
  const edges: Edges = { kept: new Map(), circles: [], unchecked: [], unknown: [] };
  const all = new Map<PodFileInput, Edge[]>();
  for (const from of [...input.podFiles, ...input.jobs]) {
    const own: Edge[] = [];
    all.set(from, own);
    for (const service of from.model.services.values()) {
      for (const [dependency, { condition, required }] of service.depends_on) {
        if (from.model.services.has(dependency)) continue;
        const to = podFileOf.get(dependency);
        if (to === undefined) {
          if (required) edges.unknown.push({ podFile: from, service, dependency });
          continue;
        }
        const edge: Edge = {
          from,
          to,
          service,
          dependency,
          condition: condition === 'service_started' ? 'started' : 'ready',
        };
        const target = to.model.services.get(dependency);
        if (condition === 'service_healthy' && target !== undefined && !hasTest(target)) edges.unchecked.push(edge);
        own.push(edge);
      }
    }
  }
  dropCircles(all, edges);
  return edges;
}

/** Walks the pods in order; an edge to a pod that is still being visited closes a circle. */
function dropCircles(all: ReadonlyMap<PodFileInput, Edge[]>, edges: Edges): void {
  const open = new Set<PodFileInput>();
  const visit = (podFile: PodFileInput): void => {
    if (edges.kept.has(podFile)) return;
    const kept: Edge[] = [];
    edges.kept.set(podFile, kept);
    open.add(podFile);
    for (const edge of all.get(podFile) ?? []) {
      if (open.has(edge.to)) edges.circles.push(edge);
      else {
        visit(edge.to);
        kept.push(edge);
      }
    }
    open.delete(podFile);
  };
  for (const podFile of all.keys()) visit(podFile);
}
