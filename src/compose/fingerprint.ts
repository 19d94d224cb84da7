import { mapOf } from '../system/plain-map.js';
import { scanEnvFile } from './syntax/dotenv.js';
import { interpolate, InterpolationError, namesIn } from './syntax/template.js';

/*
 * What makes a container differ. An update compares the files of the directory before and after it, without asking the
 * engine or Compose: the prints below. A start compares what Compose reads from the files with its own record of the
 * containers (`ProjectService.parts`). Both use the same rules for the keys that do not matter and for services that
 * follow others.
 */

/** Everything that determines a service's containers, for comparison. */
export interface ServicePrint {
  /** Equal if nothing about the service differs. Contains values of the environment: never shown. */
  text: string;
  /** Services whose recreation also recreates this one. */
  follows: readonly string[];
  /** Variables whose values it contains. */
  variables: ReadonlySet<string>;
}

/** Services that the next start recreates, creates for the first time, and removes; each list is sorted. */
export interface ServiceChanges {
  recreated: string[];
  added: string[];
  removed: string[];
}

/** Keys that Compose ignores when it decides whether a container is up to date: they matter before there is one. */
const notOfContainers: ReadonlySet<string> = new Set(['build', 'pull_policy', 'extends']);

/**
 * Keys for which a start leaves that decision to Compose: those that it ignores, and those that affect no container,
 * but are compared by some versions.
 */
export const leftToCompose: ReadonlySet<string> = new Set([...notOfContainers, 'depends_on', 'profiles', 'develop']);

/**
 * A service without `scale` and `deploy.replicas`: another number of containers recreates none of them. `deploy`
 * becomes a list of pairs.
 */
export function withoutCount(service: unknown): Record<string, unknown> {
  const { deploy, ...rest }: Record<string, unknown> = mapOf(service);
  delete rest.scale;
  const others = Object.entries(mapOf(deploy)).filter(([key]) => key !== 'replicas');
  return { ...rest, ...(others.length > 0 && { deploy: others }) };
}

/**
 * The part of a service that Compose would compare: its interpolated definition, and the values of names that it takes
 * from the environment.
 * @param service the service's map, as written
 */
export function definitionPrint(service: unknown, lookup: (name: string) => string | undefined): unknown {
  const kept = Object.fromEntries(Object.entries(withoutCount(service)).filter(([key]) => !notOfContainers.has(key)));
  const { environment } = kept;
  const unvalued = Array.isArray(environment)
    ? environment.filter((item): item is string => typeof item === 'string' && !/[=$]/.test(item))
    : Object.keys(mapOf(environment)).filter((name) => mapOf(environment)[name] === null);
  return [withValues(kept, lookup), unvalued.map((name) => [name, lookup(name) ?? null])];
}

/** Interpolates all texts in a value of a compose file. */
export function withValues(value: unknown, lookup: (name: string) => string | undefined): unknown {
  if (typeof value === 'string') return textWithValues(value, lookup);
  if (Array.isArray(value)) return value.map((item) => withValues(item, lookup));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, withValues(item, lookup)]));
}

/**
 * The names and values that a container gets from an env file.
 * @throws InvalidFileError for a file that Compose could not read
 */
export function envFilePrint(text: string, file: string, lookup: (name: string) => string | undefined): unknown {
  return scanEnvFile(text, file).map(({ name, text: value, interpolated }) => {
    if (value === undefined) return [name, lookup(name) ?? null];
    return [name, interpolated ? textWithValues(value, lookup) : value];
  });
}

/** A text that Compose refuses counts as different if one of the values in it is. */
function textWithValues(text: string, lookup: (name: string) => string | undefined): unknown {
  try {
    return interpolate(text, lookup);
  } catch (error) {
    if (!(error instanceof InterpolationError)) throw error;
    return [text, [...namesIn(text)].map((name) => lookup(name) ?? null)];
  }
}

/** Services that this one shares a namespace or volumes with, or that it is restarted with. */
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
