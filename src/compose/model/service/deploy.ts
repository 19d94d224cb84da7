import { quote } from '../../../system/yaml/yaml.js';
import { parseBytes, splitAmount } from '../../syntax/amounts.js';
import type { Cursor } from '../cursor.js';
import type { DeployModel, ResourcesModel } from '../types.js';

const keys = [
  ...['mode', 'endpoint_mode', 'replicas', 'labels', 'rollback_config', 'update_config', 'resources'],
  ...['restart_policy', 'placement'],
];

/**
 * Reads `deploy` of a service, and the older equivalent keys: `scale`, `cpus`, `mem_limit`, `mem_reservation`,
 * `pids_limit`. Compose refuses both if they differ.
 * @returns undefined if the service has none of them
 */
export function readDeploy(service: Cursor): DeployModel | undefined {
  const section = service.at('deploy');
  section?.checkKeys(keys);
  const resources = section?.at('resources');
  resources?.checkKeys(['limits', 'reservations']);
  const limits = readResources(resources?.at('limits'), ['cpus', 'memory', 'pids']);
  const reservations = readResources(resources?.at('reservations'), [
    ...['cpus', 'memory', 'pids', 'generic_resources', 'devices'],
  ]);
  const replicas = section?.at('replicas')?.integer();
  const mode = section?.at('mode')?.text();

  const scale = older(service.at('scale'), 'deploy.replicas', service.at('scale')?.integer(), replicas, Object.is);
  addOlder(limits, 'cpus', service.at('cpus'), 'deploy.resources.limits.cpus', sameNumber);
  addOlder(limits, 'memory', service.at('mem_limit'), 'deploy.resources.limits.memory', sameBytes);
  addOlder(limits, 'pids', service.at('pids_limit'), 'deploy.resources.limits.pids', sameNumber);
  addOlder(reservations, 'memory', service.at('mem_reservation'), 'deploy.resources.reservations.memory', sameBytes);

  const hasLimits = Object.keys(limits).length > 0;
  const hasReservations = Object.keys(reservations).length > 0;
  if (section === undefined && scale === undefined && !hasLimits && !hasReservations) return undefined;
  const wanted = scale ?? replicas;
  if (wanted !== undefined && wanted < 0)
    (section?.at('replicas') ?? service.at('scale'))?.refuse('must not be negative');
  return {
    replicas: wanted,
    mode,
    resources: { ...(hasLimits ? { limits } : {}), ...(hasReservations ? { reservations } : {}) },
    keys: new Set(section?.tree.kind === 'map' ? section.tree.entries.keys() : []),
  };
}

function readResources(section: Cursor | undefined, known: readonly string[]): ResourcesModel {
  const found: ResourcesModel = {};
  if (!section?.checkKeys(known)) return found;
  const cpus = readNumber(section.at('cpus'));
  const memory = readSize(section.at('memory'));
  const pids = section.at('pids')?.integer();
  if (cpus !== undefined) found.cpus = cpus;
  if (memory !== undefined) found.memory = memory;
  if (pids !== undefined) found.pids = pids;
  if (['devices', 'generic_resources'].some((key) => section.at(key) !== undefined)) found.devices = true;
  return found;
}

function readNumber(cursor: Cursor | undefined): string | undefined {
  const text = cursor?.textOrNumber();
  if (text === undefined || splitAmount(text)?.number === text) return text;
  return cursor?.refuse(`must be a number, found ${quote(text)}`);
}

function readSize(cursor: Cursor | undefined): string | undefined {
  return cursor?.bytes() === undefined ? undefined : cursor.textOrNumber();
}

function addOlder(
  resources: ResourcesModel,
  key: 'cpus' | 'memory' | 'pids',
  cursor: Cursor | undefined,
  newer: string,
  same: (a: string, b: string) => boolean,
): void {
  const text = key === 'memory' ? readSize(cursor) : readNumber(cursor);
  const present = resources[key];
  const value = older(cursor, newer, text, present === undefined ? undefined : String(present), same);
  // 0 means no limit.
  if (value === undefined || (present === undefined && Number(value) === 0)) return;
  if (key === 'pids') resources.pids = Number(value);
  else resources[key] = value;
}

/** Returns the value of an older or newer key; refuses both if they differ. */
function older<T>(
  cursor: Cursor | undefined,
  newer: string,
  value: T | undefined,
  present: T | undefined,
  same: (a: T, b: T) => boolean,
): T | undefined {
  if (value === undefined || present === undefined) return value ?? present;
  if (!same(value, present)) cursor?.refuse(`differs from ${newer}: write one of them`);
  return present;
}

function sameNumber(a: string, b: string): boolean {
  return Number(a) === Number(b);
}

function sameBytes(a: string, b: string): boolean {
  return parseBytes(a) === parseBytes(b);
}
