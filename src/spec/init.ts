import { Document } from 'yaml';
import { scanEnvFile } from '../compose/syntax/dotenv.js';
import type { ComposeFile } from '../compose/document/file.js';
import { ownDefinition } from '../compose/document/volumes.js';
import { InvalidFileError, LaconicError, type Problem } from '../system/errors.js';
import { quote, yamlStyle } from '../system/yaml/yaml.js';
import { parseRecipe, portMapper } from './port-recipes.js';
import type { DeployTarget } from './schema.js';

/** What a new spec is created from. */
export interface InitInput {
  /** `--stack` as typed. */
  stackReference: string;
  deployTo: DeployTarget;
  kubeConfig?: string | undefined;
  imageRegistry?: string | undefined;
  /** The result of the stack's init hook. */
  hookResult?: unknown;
  /** From `--config` ({@link parseConfigOption}). */
  config: ReadonlyMap<string, string>;
  /** From `--config-file` ({@link parseConfigFile}). */
  configFile: ReadonlyMap<string, string>;
  /** `--map-ports-to-host`. */
  recipe?: string | undefined;
  /** In stack order. */
  composeFiles: { pods: readonly ComposeFile[]; jobs: readonly ComposeFile[] };
  /** Returns a random integer between two, both included. */
  random?: (first: number, last: number) => number;
}

/**
 * Composes the text of a new `spec.yml`, in the key order and style that scripts expect. Values of the operator
 * override those of the config file, which override those of the hook.
 * @throws LaconicError for an unknown recipe, a recipe that the target does not support, or a hook result that is not a
 * map
 */
export function composeSpec(input: InitInput): string {
  const files = [...input.composeFiles.pods, ...input.composeFiles.jobs];
  const mapPort = portMapper(parseRecipe(input.recipe), input.deployTo, input.random);

  const spec = new Map<string, unknown>([
    ['stack', input.stackReference],
    ['deploy-to', input.deployTo],
  ]);
  if (input.kubeConfig !== undefined) spec.set('kube-config', input.kubeConfig);
  if (input.imageRegistry !== undefined) spec.set('image-registry', input.imageRegistry);
  for (const [key, value] of hookEntries(input.hookResult)) spec.set(key, value);

  if (spec.has('config') || input.config.size > 0 || input.configFile.size > 0) {
    spec.set('config', mergedConfig(section(spec, 'config'), input));
  }
  spec.set('network', new Map([...section(spec, 'network'), ['ports', portsOf(files, mapPort)]]));
  const { volumes, configmaps } = placesOf(files, input.deployTo);
  if (spec.has('volumes') || volumes.size > 0) spec.set('volumes', new Map([...volumes, ...section(spec, 'volumes')]));
  if (configmaps.size > 0) spec.set('configmaps', configmaps);
  if (input.deployTo !== 'compose' && !spec.has('secrets')) spec.set('secrets', new Map());

  const document = new Document(spec, { version: '1.2', aliasDuplicateObjects: false });
  return document.toString(yamlStyle);
}

function hookEntries(result: unknown): [string, unknown][] {
  if (result === undefined || result === null) return [];
  if (typeof result !== 'object' || Array.isArray(result)) {
    throw new LaconicError(
      `the stack's init hook returned ${Array.isArray(result) ? 'a list' : `a ${typeof result}`}: it must return a map of spec keys, or nothing`,
    );
  }
  return Object.entries(result);
}

/** A section that a hook may have returned; null or missing is an empty one. */
function section(spec: ReadonlyMap<string, unknown>, key: string): [string, unknown][] {
  const value = spec.get(key);
  if (value === undefined || value === null) return [];
  if (typeof value !== 'object' || Array.isArray(value)) {
    throw new LaconicError(`the stack's init hook returned a ${key} that is not a map`);
  }
  return Object.entries(value);
}

/**
 * Order of names: config file, then command line, then hook. A value of the command line overrides that of the file,
 * which overrides that of the hook.
 */
function mergedConfig(hook: readonly [string, unknown][], input: InitInput): Map<string, unknown> {
  const merged = new Map<string, unknown>([...input.configFile, ...input.config]);
  for (const [name, value] of hook) if (!merged.has(name)) merged.set(name, value);
  return merged;
}

/**
 * The ports of every service that has any. A service that is defined in several files gets the ports of all of them.
 */
function portsOf(files: readonly ComposeFile[], mapPort: ReturnType<typeof portMapper>): Map<string, string[]> {
  const raw = new Map<string, Set<string>>();
  const ports = new Map<string, string[]>();
  for (const service of files.flatMap((file) => [...file.services.values()])) {
    const seen = raw.get(service.name) ?? new Set();
    raw.set(service.name, seen);
    for (const port of service.ports) {
      if (seen.has(port.raw)) continue;
      seen.add(port.raw);
      ports.set(service.name, [...(ports.get(service.name) ?? []), ...mapPort(port)]);
    }
  }
  return ports;
}

/** The paths of mounted named volumes: writable ones first, each in order of appearance. */
function placesOf(
  files: readonly ComposeFile[],
  deployTo: DeployTarget,
): { volumes: Map<string, string | null>; configmaps: Map<string, string> } {
  const writable = new Map<string, boolean>();
  const defined = (name: string): boolean => files.some((file) => ownDefinition(file, name) !== undefined);
  for (const file of files) {
    for (const mount of [...file.services.values()].flatMap((service) => service.mounts)) {
      if (mount.kind !== 'volume' || mount.source === undefined || !file.volumes.has(mount.source)) continue;
      writable.set(mount.source, (writable.get(mount.source) ?? false) || !mount.readOnly);
    }
  }
  const names = [...writable.keys()];
  const ordered = [...names.filter((name) => writable.get(name)), ...names.filter((name) => !writable.get(name))];
  const volumes = new Map<string, string | null>();
  const configmaps = new Map<string, string>();
  for (const name of ordered) {
    // A volume that the compose file defines itself must not become an empty directory.
    if (deployTo === 'compose') volumes.set(name, defined(name) ? null : `./data/${name}`);
    else if (!writable.get(name) && name.includes('config')) configmaps.set(name, `./configmaps/${name}`);
    else volumes.set(name, null);
  }
  return { volumes, configmaps };
}

const pair = /^([A-Za-z_][\w.-]*)=([^]*)$/;

/**
 * Parses `--config`: `NAME=value`, split at the first `=`. A single option may hold several, separated by commas; a
 * comma without a following `NAME=` belongs to the value. If the option is repeated, each holds exactly one.
 * @throws LaconicError for text without a name; a possible value is not shown
 */
export function parseConfigOption(values: readonly string[]): Map<string, string> {
  const pieces = values.length === 1 ? values.flatMap((value) => value.split(/,(?=[A-Za-z_][\w.-]*=)/)) : values;
  const config = new Map<string, string>();
  for (const piece of pieces) {
    const [, name, value] = pair.exec(piece) ?? [];
    if (name === undefined || value === undefined) {
      throw new LaconicError(`config argument is not valid: ${quote(piece.replace(/=[^]+/, '=…'))}`, {
        hint: 'write --config NAME=value, several as NAME=value,NAME=value or by repeating the option',
      });
    }
    config.set(name, value);
  }
  return config;
}

/** The only form that the Python program expanded in a config file. */
const reference = /\$\{([^}:]*)(?::-([^}]*))?\}/g;

/**
 * Parses the file of `--config-file`: an env file by Compose's rules, except that only `${NAME}` and `${NAME:-default}`
 * are expanded, regardless of quotes. They take the value of an earlier line, then of the environment. Other uses of
 * `$`, as in a password, stay as they are.
 * @param lookup the environment, also for names without a value
 * @throws InvalidFileError for a file that is not valid, and for names without a value
 */
export function parseConfigFile(
  text: string,
  file: string,
  lookup: (name: string) => string | undefined = () => undefined,
): Map<string, string> {
  const values = new Map<string, string>();
  const problems: Problem[] = [];
  for (const { name, line, text: written } of scanEnvFile(text, file, '\\$')) {
    const refuse = (message: string): void => void problems.push({ file, line, key: name, message });
    if (written === undefined) {
      const value = lookup(name);
      if (value === undefined) refuse('has no value: write NAME=value, or NAME= for an empty one');
      else values.set(name, value);
      continue;
    }
    const value = written.replace(reference, (match, wanted: string, otherwise?: string) => {
      const known = values.get(wanted) ?? lookup(wanted) ?? otherwise;
      if (known === undefined)
        refuse(`${match} is not set by an earlier line or the environment: write ${wanted}=… above`);
      return known ?? match;
    });
    values.set(name, value);
  }
  if (problems.length > 0) throw new InvalidFileError(problems);
  return values;
}
