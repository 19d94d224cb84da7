import type { ServiceModel } from '../../../../compose/model/types.js';
import type { ObjectsInput } from '../common/input.js';
import { createNames, type Names } from '../common/names.js';
import { hasTest } from './container-roles.js';
import { healthDefaults, retriesOf } from './probes.js';

/** How long a container may run without being healthy before Compose reports it as unhealthy, in milliseconds. */
export interface HealthPatience {
  /** If each check answers before its timeout. */
  ms: number;
  /** If each check runs into its timeout: the engine starts the next one an interval later. */
  hangingMs: number;
}

/**
 * Returns the patience for every service with a healthcheck, by `<Deployment>/<container>`: its start period, the
 * failures in a row that its `retries` allow, and one more interval, as the kubelet and the engine do not start at the
 * same moment. Pure.
 */
export function healthPatience(input: ObjectsInput, names: Names = createNames(input)): Map<string, HealthPatience> {
  return new Map(
    input.podFiles.flatMap((podFile) =>
      [...podFile.model.services.values()]
        .filter(hasTest)
        .map((service) => [`${names.deployment(podFile.name)}/${names.container(service.name)}`, patienceOf(service)]),
    ),
  );
}

function patienceOf({ healthcheck }: ServiceModel): HealthPatience {
  const interval = wholeSeconds(healthcheck?.interval ?? healthDefaults.interval);
  const timeout = wholeSeconds(healthcheck?.timeout ?? healthDefaults.timeout);
  const retries = retriesOf(healthcheck);
  const least = (healthcheck?.start_period ?? 0) + (retries + 1) * interval;
  return { ms: least + timeout, hangingMs: least + (retries + 1) * timeout };
}

/** The kubelet's times are whole seconds, at least one. */
function wholeSeconds(milliseconds: number): number {
  return Math.max(1, Math.ceil(milliseconds / 1000)) * 1000;
}
