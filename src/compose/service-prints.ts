import { mapOf } from '../system/plain-map.js';
import { scanEnvFile } from './dotenv.js';
import { interpolate, InterpolationError, namesIn } from './template.js';

/** What a service's containers are made of, for comparing. */
export interface ServicePrint {
  /** Equal texts: nothing about the service is different. Holds values of the environment: never shown to anybody. */
  text: string;
  /** Services whose recreation recreates this one too. */
  follows: readonly string[];
  /** Variables whose values are in it. */
  variables: ReadonlySet<string>;
}

/** Which services the next start creates anew, makes for the first time, and takes away; each sorted. */
export interface ServiceChanges {
  recreated: string[];
  added: string[];
  removed: string[];
}

/** Keys that Compose leaves out when it asks whether a container is still what its service says. */
export const notOfContainers = new Set(['build', 'pull_policy', 'scale', 'extends']);

/**
 * What Compose would compare of a part of a service: its definition with the values put in, and those of names that it
 * takes from the environment.
 * @param service the service's map, as written
 */
export function definitionPrint(service: unknown, lookup: (name: string) => string | undefined): unknown {
  const kept = Object.fromEntries(Object.entries(mapOf(service)).filter(([key]) => !notOfContainers.has(key)));
  const { environment } = kept;
  const unvalued = Array.isArray(environment)
    ? environment.filter((item): item is string => typeof item === 'string' && !/[=$]/.test(item))
    : Object.keys(mapOf(environment)).filter((name) => mapOf(environment)[name] === null);
  return [withValues(kept, lookup), unvalued.map((name) => [name, lookup(name) ?? null])];
}

/** Any value of a compose file with the values put into its texts. */
export function withValues(value: unknown, lookup: (name: string) => string | undefined): unknown {
  if (typeof value === 'string') return textWithValues(value, lookup);
  if (Array.isArray(value)) return value.map((item) => withValues(item, lookup));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, withValues(item, lookup)]));
}

/**
 * The names and values that an env file gives a container. @throws InvalidFileError for one that Compose could not read
 */
export function envFilePrint(text: string, file: string, lookup: (name: string) => string | undefined): unknown {
  return scanEnvFile(text, file).map(({ name, text: value, interpolated }) => {
    if (value === undefined) return [name, lookup(name) ?? null];
    return [name, interpolated ? textWithValues(value, lookup) : value];
  });
}

/** A text that Compose refuses is different when one of the values in it is. */
function textWithValues(text: string, lookup: (name: string) => string | undefined): unknown {
  try {
    return interpolate(text, lookup);
  } catch (error) {
    if (!(error instanceof InterpolationError)) throw error;
    return [text, [...namesIn(text)].map((name) => lookup(name) ?? null)];
  }
}

/** Services that this one shares a namespace or volumes with, or has asked to be restarted with. */
export function followedBy(service: unknown): string[] {
  const { network_mode: network, ipc, pid, volumes_from: volumes, depends_on: dependencies } = mapOf(service);
  const shared = [network, ipc, pid].flatMap((mode) =>
    typeof mode === 'string' && mode.startsWith('service:') ? [mode.slice('service:'.length)] : [],
  );
  const from = (Array.isArray(volumes) ? volumes : []).flatMap((item: unknown) =>
    typeof item === 'string' && !item.startsWith('container:') ? [item.replace(/:.*/, '')] : [],
  );
  const restarted = Object.keys(mapOf(dependencies)).filter(
    (name) => mapOf(mapOf(dependencies)[name]).restart === true,
  );
  return [...shared, ...from, ...restarted];
}

/** What a start after the change does to services that have containers. */
export function compareServices(
  before: ReadonlyMap<string, ServicePrint>,
  after: ReadonlyMap<string, ServicePrint>,
): ServiceChanges {
  const recreated = new Set(
    [...after].filter(([name, { text }]) => (before.get(name)?.text ?? text) !== text).map(([name]) => name),
  );
  for (const name of recreated) {
    for (const [other, { follows }] of after) if (before.has(other) && follows.includes(name)) recreated.add(other);
  }
  return {
    recreated: [...recreated].sort(),
    added: [...after.keys()].filter((name) => !before.has(name)).sort(),
    removed: [...before.keys()].filter((name) => !after.has(name)).sort(),
  };
}
