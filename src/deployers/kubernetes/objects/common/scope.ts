import type { ServiceModel } from '../../../../compose/model/types.js';
import type { KeyPath } from '../../../../system/yaml/yaml.js';
import type { Findings, ObjectsInput, PodFileInput } from './input.js';
import type { Names } from './names.js';

/** Everything the workloads of a deployment are built from, looked up once for all. */
export interface Scope {
  readonly input: ObjectsInput;
  readonly names: Names;
  readonly findings: Findings;
  /**
   * The pod file of each service that runs, without jobs. The first one if several files have a service of that name.
   */
  readonly podFileOf: ReadonlyMap<string, PodFileInput>;
  /** Port of the first `http-proxy` route to a service. */
  readonly routedPorts: ReadonlyMap<string, number>;
  /** Which service waits for a service of a pod to complete (`service_completed_successfully`), by the awaited one. */
  readonly awaitedToEnd: ReadonlyMap<string, string>;
}

/** The scope of one pod: of a pod file, or of a job. */
export interface PodScope extends Scope {
  readonly podFile: PodFileInput;
  readonly job: boolean;
  /** The services that run in it, in the order of the file. */
  readonly services: readonly ServiceModel[];
}

/** @param findings receives what cannot be mapped */
export function createScope(input: ObjectsInput, names: Names, findings: Findings): Scope {
  const podFileOf = new Map<string, PodFileInput>();
  const awaitedToEnd = new Map<string, string>();
  for (const podFile of input.podFiles) {
    for (const service of running(podFile)) {
      if (!podFileOf.has(service.name)) podFileOf.set(service.name, podFile);
    }
  }
  const jobs = new Set(input.jobs);
  for (const podFile of [...input.podFiles, ...jobs]) {
    for (const service of running(podFile)) {
      for (const [dependency, { condition }] of service.depends_on) {
        // In a job, its own services take precedence over those of the pods.
        const own = jobs.has(podFile) && podFile.model.services.has(dependency);
        if (condition === 'service_completed_successfully' && !own) awaitedToEnd.set(dependency, service.name);
      }
    }
  }
  const routedPorts = new Map<string, number>();
  for (const { routes } of input.spec.httpProxy) {
    for (const { service, port } of routes) if (!routedPorts.has(service)) routedPorts.set(service, port);
  }
  return { input, names, findings, podFileOf, routedPorts, awaitedToEnd };
}

/**
 * Returns the scope of a pod file, or of a job if `job`: a pod without its disabled services (with them if all are
 * disabled), a job with all of its services.
 */
export function podScope(scope: Scope, podFile: PodFileInput, job: boolean): PodScope {
  const services = job ? [] : running(podFile);
  return { ...scope, podFile, job, services: services.length > 0 ? services : [...podFile.model.services.values()] };
}

/** The services of a pod file without those disabled by `deploy.replicas: 0`; see also replicasOf. */
function running(podFile: PodFileInput): ServiceModel[] {
  return [...podFile.model.services.values()].filter((service) => service.deploy?.replicas !== 0);
}

/** Adds an error at a key of a service. */
export function refuse({ findings, podFile }: PodScope, service: ServiceModel, key: KeyPath, message: string): void {
  findings.errors.push(podFile.model.problem(['services', service.name, ...key], message));
}

/** Adds a warning at a key of a service. */
export function warn({ findings, podFile }: PodScope, service: ServiceModel, key: KeyPath, message: string): void {
  findings.warnings.push(podFile.model.problem(['services', service.name, ...key], message));
}

/** Whether a label of a service is `true`, `1` or `yes`. */
export function isLabelled(service: ServiceModel, label: string): boolean {
  return /^(?:true|1|yes)$/i.test(service.labels.get(label)?.trim() ?? '');
}

/**
 * Removes fields that are undefined or empty lists: the API server drops them, and what it returns should equal what is
 * sent.
 */
export function compact<T extends object>(value: T): T {
  const entries = Object.entries(value).filter(
    ([, field]) => field !== undefined && !(Array.isArray(field) && field.length === 0),
  );
  return Object.fromEntries(entries) as T;
}
