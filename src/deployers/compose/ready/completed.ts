import type { ProjectModel } from '../cli/project-model.js';
import type { StartedRecord } from '../project/start-record.js';

/** Evidence on whether a container that exited with 0 has completed its work. */
export interface KnownWork {
  /** Services that others depend on with `service_completed_successfully`. */
  readonly awaited: ReadonlySet<string>;
  readonly record: StartedRecord | undefined;
}

/** The services that another service of the model depends on with `service_completed_successfully`. */
export function awaitedServices(model: ProjectModel): Set<string> {
  const dependencies = [...model.services.values()].flatMap((service) => service.dependsOn);
  return new Set(
    dependencies
      .filter(({ condition }) => condition === 'service_completed_successfully')
      .map(({ service }) => service),
  );
}

/**
 * Whether a container that exited with 0, and has no restart policy, has completed its work and need not be started
 * again: another service depends on its completion, or a start of laconic-so saw it exit on its own. Any other one may
 * be a server that was stopped by an operator or a reboot: for the engine, both look the same.
 */
export function didItsWork(
  { id, service, finishedAt }: { id: string; service: string; finishedAt: string | undefined },
  { awaited, record }: KnownWork,
): boolean {
  if (awaited.has(service)) return true;
  return finishedAt !== undefined && record?.services[service]?.ended?.[id] === finishedAt;
}
