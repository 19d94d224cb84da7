import type { ServiceModel } from '../../../../compose/model/types.js';
import { isLabelled, type PodScope, refuse, warn } from '../common/scope.js';

/** The label that makes a service an init container. */
export const initContainerLabel = 'laconic.init-container';

/**
 * The role of a service in its pod. `init`: it ends before the others start; `sidecar`: it starts before others and
 * keeps running (an init container with restart policy `Always`); `main`: an ordinary container.
 */
export type Role = 'init' | 'sidecar' | 'main';

export interface PlacedService {
  service: ServiceModel;
  role: Role;
  /** Others start only after its healthcheck has succeeded. */
  awaitedHealthy: boolean;
}

/**
 * Returns the services of a pod in start order, each with its role, so that `depends_on` holds inside the pod: a
 * service awaited as healthy becomes a sidecar, one awaited to its end an init container, and their dependencies start
 * before them. Init containers by label come first; otherwise the order of the file is kept.
 */
export function placeServices(scope: PodScope): PlacedService[] {
  const byName = new Map(scope.services.map((service) => [service.name, service]));
  const healthy = new Set<string>();
  const init = endingServices(scope.services);
  for (const service of scope.services) {
    if (!scope.job && scope.awaitedToEnd.has(service.name)) init.add(service.name);
    for (const [name, { condition }] of service.depends_on) {
      const dependency = byName.get(name);
      if (dependency === undefined) continue;
      if (condition === 'service_healthy') {
        if (hasTest(dependency)) healthy.add(name);
        else {
          const message = `${name} has no healthcheck in the compose file, and Kubernetes does not use the one of its image: it is only started first; give it a healthcheck`;
          warn(scope, service, ['depends_on', name], message);
        }
      }
    }
  }

  const early = new Set([...init, ...healthy]);
  addDependencies(early, byName);
  const ordered = inOrder(scope, byName);
  if (!ordered.some(({ name }) => !early.has(name))) refuseOnlyInit(scope, ordered);
  return ordered.map((service) => ({
    service,
    role: init.has(service.name) ? 'init' : early.has(service.name) ? 'sidecar' : 'main',
    awaitedHealthy: healthy.has(service.name) && !init.has(service.name),
  }));
}

/** The services that end before others of these start: init containers by label, and those awaited to their end. */
export function endingServices(services: readonly ServiceModel[]): Set<string> {
  const names = new Set(services.map(({ name }) => name));
  const ending = new Set<string>();
  for (const service of services) {
    if (isLabelled(service, initContainerLabel)) ending.add(service.name);
    for (const [name, { condition }] of service.depends_on) {
      if (condition === 'service_completed_successfully' && names.has(name)) ending.add(name);
    }
  }
  return ending;
}

/** Whether the compose file itself defines the test of the service's health. */
export function hasTest({ healthcheck }: ServiceModel): boolean {
  const test = healthcheck?.test;
  return test !== undefined && test[0] !== 'NONE' && healthcheck?.disable !== true;
}

/** Adds dependencies: those of a service that starts early must start early, too. */
function addDependencies(early: Set<string>, byName: ReadonlyMap<string, ServiceModel>): void {
  // A set that grows during the iteration is iterated to its new end.
  for (const name of early) {
    for (const dependency of byName.get(name)?.depends_on.keys() ?? []) {
      if (byName.has(dependency)) early.add(dependency);
    }
  }
}

function inOrder(scope: PodScope, byName: ReadonlyMap<string, ServiceModel>): ServiceModel[] {
  const done = new Set<string>();
  const open = new Set<string>();
  const ordered: ServiceModel[] = [];
  const visit = (service: ServiceModel): void => {
    if (done.has(service.name)) return;
    open.add(service.name);
    for (const name of service.depends_on.keys()) {
      const dependency = byName.get(name);
      if (dependency === undefined) continue;
      if (open.has(name)) {
        refuse(
          scope,
          service,
          ['depends_on', name],
          `${name} also depends on ${service.name}: neither can start first`,
        );
      } else visit(dependency);
    }
    open.delete(service.name);
    done.add(service.name);
    ordered.push(service);
  };
  const first = (service: ServiceModel): number => (isLabelled(service, initContainerLabel) ? 0 : 1);
  for (const service of [...scope.services].sort((a, b) => first(a) - first(b))) visit(service);
  return ordered;
}

/** Kubernetes requires at least one container that is not an init container. */
function refuseOnlyInit(scope: PodScope, services: readonly ServiceModel[]): void {
  for (const service of services) {
    const waiting = scope.awaitedToEnd.get(service.name);
    const why = waiting === undefined ? 'is an init container' : `runs to completion, as ${waiting} waits for it`;
    const message = `${why}, and nothing else is in this pod: put it into the compose file of the service that waits for it, or make it a job`;
    refuse(scope, service, [], message);
  }
}
