import type { ProjectModel } from './model.js';
import type { StartedRecord } from './started.js';

/** What tells whether a container that ended with 0 did its work. */
export interface KnownWork {
  /** Services on whose `service_completed_successfully` others depend. */
  readonly awaited: ReadonlySet<string>;
  readonly record: StartedRecord | undefined;
}

/** The services on whose successful completion another service of the model depends. */
export function awaitedServices(model: ProjectModel): Set<string> {
  const dependencies = [...model.services.values()].flatMap((service) => service.dependsOn);
  return new Set(
    dependencies
      .filter(({ condition }) => condition === 'service_completed_successfully')
      .map(({ service }) => service),
  );
}

/**
 * Whether a container that ended with 0, and that no policy restarts, did its work and need not be started again:
 * another service awaits its completion, or one of our own starts saw it end by itself. Anything else may as well be a
 * server that was told to stop, by an operator or when the host went down: to the engine both look the same. Pure.
 */
export function didItsWork(
  { id, service, finishedAt }: { id: string; service: string; finishedAt: string | undefined },
  { awaited, record }: KnownWork,
): boolean {
  if (awaited.has(service)) return true;
  return finishedAt !== undefined && record?.services[service]?.ended?.[id] === finishedAt;
}
