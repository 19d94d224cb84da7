import type { V1Probe } from '@kubernetes/client-node';
import type { HealthcheckModel, ServiceModel } from '../../../../compose/model/types.js';
import { healthVariable, hiddenHealthcheck } from '../configuration/environment.js';
import { literal } from '../configuration/expansion.js';
import { hasTest, type PlacedService } from './container-roles.js';
import { compact, isLabelled, type PodScope, refuse, warn } from '../common/scope.js';

/** Labels that let a service's healthcheck restart it, which Compose never does. */
export const livenessLabel = 'laconic.liveness-probe';
export const startupLabel = 'laconic.startup-probe';

export interface Probes {
  readinessProbe?: V1Probe;
  livenessProbe?: V1Probe;
  startupProbe?: V1Probe;
}

/** The engine's defaults for a healthcheck, in milliseconds. */
export const healthDefaults = { interval: 30_000, timeout: 30_000, retries: 3, startInterval: 5_000 };

/** The largest int32, the limit of the API: a startup probe that may fail this often never restarts the container. */
const never = 2 ** 31 - 1;

/**
 * Returns the probes of a container. Its healthcheck becomes a readiness probe; without one, a container behind a route
 * is ready when its port accepts connections. If others in the pod await it as healthy, it gets a startup probe without
 * a time limit. A container that runs to its end has none: the API refuses them.
 */
export function containerProbes(scope: PodScope, { service, role, awaitedHealthy }: PlacedService): Probes {
  const labelled = [livenessLabel, startupLabel].filter((label) => isLabelled(service, label));
  if (role === 'init') {
    for (const label of labelled) warn(scope, service, ['labels', label], 'an init container has no probes');
    return {};
  }
  const readinessProbe = hasTest(service) ? healthProbe(scope, service) : routeProbe(scope, service);
  if (readinessProbe === undefined) {
    for (const label of labelled) {
      warn(scope, service, ['labels', label], 'there is no healthcheck in the compose file to create a probe from');
    }
    return {};
  }
  const check = compact({ ...readinessProbe, initialDelaySeconds: undefined });
  const start = startOf(service.healthcheck);
  const probes: Probes = { readinessProbe };
  if (isLabelled(service, startupLabel)) {
    const tries = Math.ceil(start.period / start.interval) + (check.failureThreshold ?? 1);
    probes.startupProbe = { ...check, periodSeconds: seconds(start.interval), failureThreshold: tries };
  } else if (awaitedHealthy) {
    probes.startupProbe = { ...check, periodSeconds: seconds(start.interval), failureThreshold: never };
  }
  if (isLabelled(service, livenessLabel)) {
    // Failures during the start period do not count, as in Compose; a startup probe delays the others anyway.
    const delay = start.period > 0 && probes.startupProbe === undefined;
    probes.livenessProbe = { ...check, ...(delay ? { initialDelaySeconds: seconds(start.period) } : {}) };
  }
  return probes;
}

/** How long a service takes to start, and how often it is checked meanwhile, in milliseconds, as in the engine. */
function startOf(healthcheck: HealthcheckModel | undefined): { period: number; interval: number } {
  const period = healthcheck?.start_period ?? 0;
  const interval = healthcheck?.interval ?? healthDefaults.interval;
  return { period, interval: period > 0 ? (healthcheck?.start_interval ?? healthDefaults.startInterval) : interval };
}

/** Consecutive failures that a healthcheck allows; the engine treats 0 as its default. */
export function retriesOf(healthcheck: HealthcheckModel | undefined): number {
  const retries = healthcheck?.retries ?? 0;
  return retries === 0 ? healthDefaults.retries : retries;
}

function healthProbe(scope: PodScope, service: ServiceModel): V1Probe | undefined {
  const { test = [], interval, timeout } = service.healthcheck ?? { disable: false };
  const hidden = hiddenHealthcheck(scope, service);
  const [kind, ...words] = test.map((word, index) => (index === hidden?.index ? `eval "$${healthVariable}"` : word));
  if ((kind !== 'CMD' && kind !== 'CMD-SHELL') || words.length === 0) {
    refuse(
      scope,
      service,
      ['healthcheck', 'test'],
      'must be a text, or a list that starts with CMD, CMD-SHELL or NONE',
    );
    return undefined;
  }
  const command = kind === 'CMD-SHELL' ? ['/bin/sh', '-c', ...words] : words;
  return {
    exec: { command: command.map(literal) },
    periodSeconds: seconds(interval ?? healthDefaults.interval),
    timeoutSeconds: seconds(timeout ?? healthDefaults.timeout),
    failureThreshold: retriesOf(service.healthcheck),
  };
}

function routeProbe({ routedPorts, job }: PodScope, service: ServiceModel): V1Probe | undefined {
  const port = job ? undefined : routedPorts.get(service.name);
  if (port === undefined) return undefined;
  return { tcpSocket: { port }, initialDelaySeconds: 5, periodSeconds: 10, failureThreshold: 3 };
}

/** Whole seconds, at least one: the API has nothing smaller. */
function seconds(milliseconds: number): number {
  return Math.max(1, Math.ceil(milliseconds / 1000));
}
