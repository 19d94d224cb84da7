import { quote } from '../../system/yaml/yaml.js';
import { circlesOf, circleText } from './circles.js';
import type { Cursor } from './cursor.js';
import type { ReadService } from './service/service.js';

/** The names that services may refer to. */
export interface Known {
  readonly services: ReadonlySet<string>;
  /** Services of other files whose profiles are active. */
  readonly otherServices: ReadonlySet<string>;
  /** Services that other files define parts of: keys missing here may be there. */
  readonly partial: ReadonlySet<string>;
  readonly volumes: ReadonlySet<string>;
  readonly networks: ReadonlySet<string>;
  readonly secrets: ReadonlySet<string>;
  readonly configs: ReadonlySet<string>;
}

/** Refuses inconsistencies among the services in force: undeclared names, keys that exclude each other, circles. */
export function checkServices(services: ReadonlyMap<string, ReadService>, known: Known): void {
  for (const { cursor, model } of services.values()) {
    if (
      // `extends` is still there if it could not be followed, which is reported separately.
      cursor.at('extends') === undefined &&
      !known.partial.has(model.name) &&
      model.image === undefined &&
      cursor.at('build') === undefined &&
      cursor.at('provider') === undefined
    ) {
      cursor.refuse('has neither an image nor a build');
    }
    checkNetworks(cursor, known);
    checkReferences(cursor, 'volumes', namedVolumes(model.volumes), known.volumes, 'volume');
    checkReferences(cursor, 'secrets', model.secrets.map(sourceOf), known.secrets, 'secret');
    checkReferences(cursor, 'configs', model.configs.map(sourceOf), known.configs, 'config');
    for (const [name, { required }] of model.depends_on) {
      if (services.has(name) || known.otherServices.has(name) || (known.services.has(name) && !required)) continue;
      const why = known.services.has(name) ? 'is of a profile that is not active' : 'is not in this file';
      (cursor.at('depends_on') ?? cursor).refuse(`depends on the service ${quote(name)}, which ${why}`);
    }
    const name = cursor.at('container_name');
    if (name !== undefined && (model.deploy?.replicas ?? 1) > 1)
      name.refuse('cannot stand beside more than one replica');
  }
  checkCircles(services);
}

function checkNetworks(cursor: Cursor, known: Known): void {
  const networks = cursor.at('networks');
  if (networks === undefined) return;
  const names =
    networks.tree.kind === 'map' ? networks.entries().map(([name]) => name) : networks.texts({ once: true });
  if (names.length > 0 && cursor.at('network_mode') !== undefined) networks.refuse('cannot stand beside network_mode');
  checkReferences(cursor, 'networks', names, known.networks, 'network');
}

function namedVolumes(mounts: ReadService['model']['volumes']): string[] {
  return mounts.flatMap((mount) => (mount.type === 'volume' && mount.source !== undefined ? [mount.source] : []));
}

function sourceOf({ source }: { source: string }): string {
  return source;
}

function checkReferences(
  cursor: Cursor,
  key: string,
  names: readonly string[],
  known: ReadonlySet<string>,
  kind: string,
): void {
  for (const name of names) {
    if (!known.has(name))
      (cursor.at(key) ?? cursor).refuse(`the ${kind} ${quote(name)} is not declared under ${kind}s`);
  }
}

/** @param services the services in force of one file */
function checkCircles(services: ReadonlyMap<string, ReadService>): void {
  const graph = new Map([...services].map(([name, { model }]) => [name, [...model.depends_on.keys()]]));
  for (const circle of circlesOf(graph)) {
    const cursor = services.get(circle[0] ?? '')?.cursor;
    (cursor?.at('depends_on') ?? cursor)?.refuse(circleText(circle));
  }
}
