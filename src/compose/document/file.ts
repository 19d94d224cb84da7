import { InvalidFileError, type Problem } from '../../system/errors.js';
import { type KeyPath, parseYaml, quote, type YamlFile } from '../../system/yaml/yaml.js';
import { type ComposeMount, parseMount } from '../syntax/mounts.js';
import { type ComposePort, parsePort } from '../syntax/ports.js';

/** The parts of a compose file that this program needs; `docker compose` interprets the rest. */
export interface ComposeFile {
  /** The document. Editing it does not change the other fields. */
  readonly yaml: YamlFile;
  /** By name, in the order of the file. */
  readonly services: ReadonlyMap<string, ComposeService>;
  /** Names of the top-level volumes. */
  readonly volumes: ReadonlySet<string>;
}

export interface ComposeService {
  name: string;
  image?: string;
  ports: ComposePort[];
  mounts: ComposeMount[];
  /** Paths of `env_file`, as written. */
  envFiles: string[];
  restart?: string;
  profiles: string[];
}

/**
 * Parses a compose file: every notation of the keys that are needed, including aliases and `<<`. Null sections count as
 * empty; interpolations stay as written.
 * @param text the file's text
 * @param file its name for messages
 * @throws InvalidFileError with every problem found
 */
export function parseComposeFile(text: string, file: string): ComposeFile {
  const yaml = parseYaml(text, file);
  const reader = new SectionReader(yaml);
  const root = reader.map([], yaml.value);
  const services = new Map<string, ComposeService>();
  for (const [name, value] of Object.entries(reader.map(['services'], root.services))) {
    services.set(name, readService(reader, name, reader.map(['services', name], value)));
  }
  const volumes = new Set(Object.keys(reader.map(['volumes'], root.volumes)));
  if (reader.problems.length > 0) throw new InvalidFileError(reader.problems);
  return { yaml, services, volumes };
}

/** Names of the services that run with these profiles. */
export function servicesInForce({ services }: ComposeFile, profiles: readonly string[]): string[] {
  const inForce = (profile: string): boolean => profiles.includes(profile) || profiles.includes('*');
  return [...services.values()]
    .filter((service) => service.profiles.length === 0 || service.profiles.some(inForce))
    .map(({ name }) => name);
}

function readService(reader: SectionReader, name: string, service: Record<string, unknown>): ComposeService {
  const at = (...rest: KeyPath): KeyPath => ['services', name, ...rest];
  return {
    name,
    image: reader.text(at('image'), service.image),
    ports: reader.each(
      at('ports'),
      service.ports,
      parsePort,
      'is not a port: write [ip:][host:]container[/protocol], or a map with target',
    ),
    mounts: reader.each(
      at('volumes'),
      service.volumes,
      parseMount,
      'is not a mount: write [source:]target[:options], or a map with type and target',
    ),
    envFiles:
      typeof service.env_file === 'string'
        ? [service.env_file]
        : reader.each(
            at('env_file'),
            service.env_file,
            parseEnvFilePath,
            'is not an env file: write a path, or a map with path',
          ),
    restart: reader.text(at('restart'), service.restart),
    profiles: reader.each(
      at('profiles'),
      service.profiles,
      (profile) => (typeof profile === 'string' ? profile : undefined),
      'is not a profile name',
    ),
  };
}

function parseEnvFilePath(value: unknown): string | undefined {
  if (typeof value === 'string') return value;
  if (typeof value !== 'object' || value === null || !('path' in value)) return undefined;
  return typeof value.path === 'string' ? value.path : undefined;
}

/** Reads sections of a document and collects their problems. */
class SectionReader {
  readonly problems: Problem[] = [];
  readonly #yaml: YamlFile;

  constructor(yaml: YamlFile) {
    this.#yaml = yaml;
  }

  /** A map; null or missing is an empty one. */
  map(path: KeyPath, value: unknown): Record<string, unknown> {
    if (value === undefined || value === null) return {};
    if (typeof value === 'object' && !Array.isArray(value)) return { ...value };
    this.#refuse(path, `must be a map, not ${describe(value)}`);
    return {};
  }

  /** A scalar as text; undefined if null or missing. */
  text(path: KeyPath, value: unknown): string | undefined {
    if (value === undefined || value === null) return undefined;
    if (isScalarValue(value)) return String(value);
    this.#refuse(path, `must be text, not ${describe(value)}`);
    return undefined;
  }

  /** Parses every item of a list; null or missing is an empty list. */
  each<T>(path: KeyPath, value: unknown, parse: (item: unknown) => T | undefined, otherwise: string): T[] {
    if (value === undefined || value === null) return [];
    if (!Array.isArray(value)) {
      this.#refuse(path, `must be a list, not ${describe(value)}`);
      return [];
    }
    return value.flatMap((item: unknown, index) => {
      const parsed = parse(item);
      if (parsed !== undefined) return [parsed];
      this.#refuse([...path, index], `${describe(item)} ${otherwise}`);
      return [];
    });
  }

  #refuse(path: KeyPath, message: string): void {
    this.problems.push(this.#yaml.problem(path, message));
  }
}

function isScalarValue(value: unknown): value is string | number | boolean {
  return typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean';
}

function describe(value: unknown): string {
  if (isScalarValue(value)) return quote(String(value));
  if (value === null) return 'nothing';
  return Array.isArray(value) ? 'a list' : 'a map';
}
