import { mapOf } from '../../system/plain-map.js';
import { scanEnvFile } from '../syntax/dotenv.js';
import type { ComposeFile } from './file.js';
import { namesIn } from '../syntax/template.js';

/** The key in {@link mentionedNames} for names that are mentioned outside of services. */
export const outsideServices = '';

/**
 * Finds the variables that a compose file mentions, by service: names interpolated in any value, entries of
 * `environment` and `build.args` without a value, and names that the service's env files interpolate or leave to the
 * environment. Only the values of these names can reach a container.
 * @param envFileTexts text of the env files by path, as in `env_file`; other files are ignored
 * @returns names by service; names mentioned elsewhere in the file under {@link outsideServices}
 * @throws InvalidFileError for an env file that Compose could not read
 */
export function mentionedNames(file: ComposeFile, envFileTexts: ReadonlyMap<string, string>): Map<string, Set<string>> {
  const { services, ...rest } = mapOf(file.yaml.value);
  const serviceValues = mapOf(services);
  const mentioned = new Map<string, Set<string>>();

  const elsewhere = new Set<string>();
  collect(rest, elsewhere);
  for (const section of [rest.configs, rest.secrets]) {
    // With `environment: NAME`, the content of a config or secret comes from that variable.
    for (const { environment } of Object.values(mapOf(section)).map(mapOf)) {
      if (typeof environment === 'string') elsewhere.add(environment);
    }
  }
  mentioned.set(outsideServices, elsewhere);

  for (const [name, service] of file.services) {
    const names = new Set<string>();
    const value = mapOf(serviceValues[name]);
    collect(value, names);
    addUnvalued(value.environment, names);
    addUnvalued(mapOf(value.build).args, names);
    const raw = rawEnvFiles(value.env_file);
    for (const path of service.envFiles) {
      const text = envFileTexts.get(path);
      if (text === undefined) continue;
      if (raw.has(path)) addRawNames(text, names);
      else addEnvFileNames(text, path, names);
    }
    mentioned.set(name, names);
  }
  return mentioned;
}

/** The keys of a service's `environment` whose value mentions a variable. */
export function environmentKeysOf(file: ComposeFile, service: string, variable: string): string[] {
  const { environment } = mapOf(mapOf(mapOf(file.yaml.value).services)[service]);
  const entries = Array.isArray(environment)
    ? environment.filter((item) => typeof item === 'string').map((item) => item.split(/=(.*)/s))
    : Object.entries(mapOf(environment));
  return entries.flatMap(([key = '', value]) =>
    typeof value === 'string' && namesIn(value).has(variable) ? [key] : [],
  );
}

/**
 * Collects the names interpolated in values below `root`; keys are not interpolated. Shared (aliased) values are read
 * once.
 */
function collect(root: unknown, names: Set<string>): void {
  const seen = new Set<object>();
  const visit = (value: unknown): void => {
    if (typeof value === 'string') {
      for (const name of namesIn(value)) names.add(name);
    } else if (typeof value === 'object' && value !== null && !seen.has(value)) {
      seen.add(value);
      for (const item of Object.values(value)) visit(item);
    }
  };
  visit(root);
}

/** `NAME:` or `- NAME`: the value is taken from the environment. */
function addUnvalued(section: unknown, names: Set<string>): void {
  if (Array.isArray(section)) {
    for (const item of section) if (typeof item === 'string' && !/[=$]/.test(item)) names.add(item);
  } else {
    for (const [name, value] of Object.entries(mapOf(section))) if (value === null) names.add(name);
  }
}

function addEnvFileNames(text: string, path: string, names: Set<string>): void {
  for (const entry of scanEnvFile(text, path)) {
    if (entry.text === undefined) names.add(entry.name);
    // This includes names that the file sets itself: the environment takes precedence over earlier lines.
    else if (entry.interpolated) for (const name of namesIn(entry.text)) names.add(name);
  }
}

/** Paths of env files with `format: raw`, whose lines Compose takes literally. */
function rawEnvFiles(section: unknown): Set<unknown> {
  const entries = Array.isArray(section) ? section.map(mapOf) : [];
  return new Set(entries.filter((entry) => entry.format === 'raw').map((entry) => entry.path));
}

function addRawNames(text: string, names: Set<string>): void {
  for (const line of text.split('\n').map((each) => each.trim())) {
    if (line !== '' && !line.startsWith('#') && !line.includes('=')) names.add(line);
  }
}
