import type { V1ResourceRequirements } from '@kubernetes/client-node';
import { parseBytes } from '../../../../compose/syntax/amounts.js';
import type { ResourcesModel, ServiceModel } from '../../../../compose/model/types.js';
import type { Amounts, ResourceBounds } from '../../../../spec/model.js';
import { parseCpus, parseMemory } from '../../../../spec/units.js';
import { composeSizeQuantity, cpuQuantity, sizeQuantity } from '../storage/quantities.js';
import { type PodScope, refuse, warn } from '../common/scope.js';

type Quantities = Record<string, string>;

/**
 * Returns requests and limits of a container: the spec's for this container, else the compose file's, else the spec's
 * for all, else none. Levels are not merged. Zero means no limit.
 */
export function containerResources(scope: PodScope, service: ServiceModel): V1ResourceRequirements | undefined {
  const { containers } = scope.input.spec.resources;
  const own = containers.named.get(service.name);
  if (own !== undefined && isBounded(own)) return fromSpec(scope, own, ['resources', 'containers', service.name]);
  const { limits, reservations } = service.deploy?.resources ?? {};
  if (limits !== undefined || reservations !== undefined) return fromCompose(scope, service, { limits, reservations });
  if (isBounded(containers.all)) return fromSpec(scope, containers.all, ['resources', 'containers']);
  return undefined;
}

/** Older keys of a service that are equivalent to keys below `deploy.resources`. */
const olderKeys: Record<'limits' | 'reservations', { cpus?: string; memory?: string; pids?: string }> = {
  limits: { cpus: 'cpus', memory: 'mem_limit', pids: 'pids_limit' },
  reservations: { memory: 'mem_reservation' },
};

function isBounded({ limits, reservations }: ResourceBounds): boolean {
  return limits !== undefined || reservations !== undefined;
}

function fromSpec(scope: PodScope, bounds: ResourceBounds, key: readonly string[]): V1ResourceRequirements | undefined {
  const { limits = {}, reservations = {} } = bounds;
  const refuseAt = (what: string): void => {
    scope.findings.errors.push(scope.input.spec.yaml.problem([...key, 'reservations', what], moreThanLimit(what)));
  };
  if (exceeds(reservations.cpus, limits.cpus, parseCpus)) refuseAt('cpus');
  if (exceeds(reservations.memory, limits.memory, parseMemory)) refuseAt('memory');
  return requirements(specQuantities(reservations), specQuantities(limits));
}

function specQuantities({ cpus, memory }: Amounts): Quantities {
  return quantities({
    cpu: cpus === undefined ? undefined : cpuQuantity(cpus),
    memory: memory === undefined ? undefined : sizeQuantity(memory),
  });
}

function fromCompose(
  scope: PodScope,
  service: ServiceModel,
  { limits, reservations }: { limits: ResourcesModel | undefined; reservations: ResourcesModel | undefined },
): V1ResourceRequirements | undefined {
  const key = ['deploy', 'resources'];
  // Names the older key if the file uses it.
  const keyOf = (section: 'limits' | 'reservations', what: 'cpus' | 'memory' | 'pids'): string[] => {
    const older = olderKeys[section][what];
    return older !== undefined && service.keys.has(older) ? [older] : [...key, section, what];
  };
  const read = (section: 'limits' | 'reservations', amounts: ResourcesModel = {}): Quantities => {
    const cpu = amounts.cpus === undefined ? undefined : cpuQuantity(amounts.cpus);
    const memory = amounts.memory === undefined ? undefined : composeSizeQuantity(amounts.memory);
    if (amounts.cpus !== undefined && cpu === undefined) {
      refuse(scope, service, keyOf(section, 'cpus'), 'must be a number of CPUs, such as 0.5');
    }
    if (amounts.memory !== undefined && memory === undefined) {
      refuse(scope, service, keyOf(section, 'memory'), 'must be a size, such as 512M');
    }
    if (amounts.devices === true) {
      const message =
        'Kubernetes provides devices through device plugins only, which this program does not use: remove it';
      refuse(scope, service, [...key, section, 'devices'], message);
    }
    // Zero and negative numbers mean no limit.
    if ((amounts.pids ?? 0) > 0) {
      warn(
        scope,
        service,
        keyOf(section, 'pids'),
        'Kubernetes limits processes per node only: this limit has no effect',
      );
    }
    return quantities({ cpu, memory });
  };
  for (const [what, parse] of [
    ['cpus', parseCpus],
    ['memory', parseBytes],
  ] as const) {
    if (exceeds(reservations?.[what], limits?.[what], parse))
      refuse(scope, service, keyOf('reservations', what), moreThanLimit(what));
  }
  return requirements(read('reservations', reservations), read('limits', limits));
}

function exceeds(
  wanted: string | undefined,
  limit: string | undefined,
  parse: (text: string) => bigint | number | undefined,
): boolean {
  const [least, most] = [wanted, limit].map((text) => (text === undefined ? undefined : parse(text)));
  return least !== undefined && most !== undefined && most > 0 && least > most;
}

function moreThanLimit(what: string): string {
  return `is more than the limit of ${what}: no node could ever run the container; lower it, or raise the limit`;
}

function quantities(amounts: Record<string, string | undefined>): Quantities {
  const given = Object.entries(amounts).filter(
    (entry): entry is [string, string] => entry[1] !== undefined && entry[1] !== '0',
  );
  return Object.fromEntries(given);
}

function requirements(requests: Quantities, limits: Quantities): V1ResourceRequirements | undefined {
  const given = {
    ...(Object.keys(requests).length === 0 ? {} : { requests }),
    ...(Object.keys(limits).length === 0 ? {} : { limits }),
  };
  return Object.keys(given).length === 0 ? undefined : given;
}
