import { followedBy, withoutCount } from '../../../compose/fingerprint.js';
import { LaconicError } from '../../../system/errors.js';
import { sha256 } from '../../../system/files/files.js';
import type { Context } from '../../../system/context.js';
import { composeOrFail } from './compose-cli.js';
import type { ComposeProject } from './project.js';
import { explainUnknownService } from './services.js';

/** The project's files as Compose reads them: merged, interpolated and with absolute paths. */
export interface ProjectModel {
  readonly project: string;
  /** Without services of disabled profiles. */
  readonly services: ReadonlyMap<string, ProjectService>;
  readonly volumes: readonly ProjectVolume[];
  /** The networks and volumes that Compose creates: those that are not external. */
  readonly created: readonly ProjectObject[];
  /** Changes if the definition of a network or volume changes, which no service's own fingerprint shows. */
  readonly fingerprint: string;
  /** A hash for each of them: `network x`, `volume y`. */
  readonly shared: Readonly<Record<string, string>>;
}

export interface ProjectService {
  readonly name: string;
  /** As written, or Compose's name for an image it builds. */
  readonly image: string;
  /** Compose can build it, or it needs no image (`provider`): there is nothing to pull. */
  readonly built: boolean;
  readonly platform: string | undefined;
  readonly pullPolicy: string | undefined;
  readonly containerName: string | undefined;
  readonly replicas: number;
  readonly dependsOn: readonly Dependency[];
  /** Host paths that are mounted as they are: bind mounts, and files of configs and secrets. */
  readonly hostPaths: readonly string[];
  /** The variables that its definition sets. */
  readonly variables: ReadonlySet<string>;
  /** Configs and secrets whose text Compose copies into the container at creation, by name. */
  readonly copied: readonly { name: string; text: string }[];
  /** Changes with anything in the service's definition, including values of its env files. */
  readonly fingerprint: string;
  /** A hash for each key of the definition, to report which one changed. The number of containers is not included. */
  readonly parts: Readonly<Record<string, string>>;
  /** The networks and volumes of the project that it uses, named as in {@link ProjectModel.shared}. */
  readonly uses: readonly string[];
}

export interface Dependency {
  readonly service: string;
  readonly condition: string;
  /**
   * The service must be restarted or recreated with the other one, also if `network_mode: service:x` and the like imply
   * it.
   */
  readonly restart: boolean;
  /** It shares a namespace or volumes with the other one's container. */
  readonly shares: boolean;
}

export interface ProjectVolume {
  /** The engine's name. */
  readonly name: string;
  readonly options: Readonly<Record<string, string>>;
}

/** A network or volume: its key in the compose files, and its name on the engine. */
export interface ProjectObject {
  readonly kind: 'networks' | 'volumes';
  readonly key: string;
  readonly name: string;
}

/** The relevant part of `docker compose config --format json`. */
interface RawModel {
  services?: Record<string, RawService>;
  volumes?: Record<string, (RawObject & { driver_opts?: Record<string, string> }) | null>;
  networks?: Record<string, RawObject | null>;
  configs?: Record<string, RawContent>;
  secrets?: Record<string, RawContent>;
}

interface RawService {
  image?: string;
  build?: unknown;
  platform?: string;
  pull_policy?: string;
  container_name?: string;
  scale?: number;
  deploy?: { replicas?: number };
  environment?: Record<string, string | null>;
  depends_on?: Record<string, { condition?: string; restart?: boolean }>;
  volumes?: { type: string; source?: string }[];
  networks?: Record<string, unknown>;
  configs?: { source: string }[];
  secrets?: { source: string }[];
}

interface RawObject {
  name: string;
  external?: boolean;
}

interface RawContent {
  file?: string;
  content?: string;
  environment?: string;
}

/**
 * Loads the model from Compose. With `services`, only these and their dependencies (including services of profiles).
 * @param images images by service that replace their own
 * @throws CommandFailedError with Compose's message if it cannot use the files; LaconicError for unknown services
 */
export async function loadModel(
  project: ComposeProject,
  services: readonly string[],
  context: Context,
  images: ReadonlyMap<string, string> = new Map(),
): Promise<ProjectModel> {
  const { stdout } = await composeOrFail(
    'cannot read the compose files',
    project,
    ['config', '--format', 'json', ...services],
    context,
  ).catch(async (error: unknown) => {
    throw await explainUnknownService(error, services, project, context);
  });
  return parseModel(stdout, project, images);
}

/**
 * Loads the model with the services of every profile.
 * @param what the start of the error message, such as `cannot read the job`
 * @throws LaconicError for files that Compose cannot use
 */
export async function loadWholeModel(what: string, project: ComposeProject, context: Context): Promise<ProjectModel> {
  const args = ['--profile', '*', 'config', '--format', 'json'];
  return parseModel((await composeOrFail(what, project, args, context)).stdout, project);
}

/**
 * Parses the output of `docker compose config --format json` into the model; see {@link loadModel}.
 * @throws LaconicError if it is not a JSON object: another program called `docker` on the PATH
 */
export function parseModel(
  text: string,
  project: Pick<ComposeProject, 'name' | 'env'>,
  images: ReadonlyMap<string, string> = new Map(),
): ProjectModel {
  const raw = parseObject(text) as RawModel;
  for (const [name, image] of images) if (raw.services?.[name] !== undefined) raw.services[name].image = image;
  const volumes = ownObjects(raw.volumes).map(({ name, driver_opts: options }) => ({ name, options: plain(options) }));
  const services = Object.entries(raw.services ?? {}).map(
    ([name, service]) => [name, parseService(name, service, raw, project)] as const,
  );
  const created = (['networks', 'volumes'] as const).flatMap((kind) =>
    ownObjects<RawObject>(raw[kind]).map(({ key, name }) => ({ kind, key, name })),
  );
  return {
    project: project.name,
    services: new Map(services),
    volumes,
    created,
    fingerprint: sha256(JSON.stringify([raw.networks ?? {}, raw.volumes ?? {}])),
    shared: hashes([
      ...Object.entries(raw.networks ?? {}).map(([name, network]) => [`network ${name}`, network] as const),
      ...Object.entries(raw.volumes ?? {}).map(([name, volume]) => [`volume ${name}`, volume] as const),
    ]),
  };
}

/** The networks or volumes that Compose creates, with their keys: those that are not external. */
function ownObjects<T extends RawObject>(objects?: Record<string, T | null>): (T & { key: string })[] {
  return Object.entries(objects ?? {}).flatMap(([key, object]) =>
    object === null || object.external === true ? [] : [{ ...object, key }],
  );
}

function parseObject(text: string): object {
  const hint = 'is another program called docker on the PATH? docker compose version must answer';
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw new LaconicError('docker compose config printed no JSON', { hint, cause: error });
  }
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value;
  throw new LaconicError('docker compose config printed no map of services', { hint });
}

/** `docker compose config` prints `$` as `$$`, since its output is a compose file again. */
function unescaped(text: string): string {
  return text.replaceAll('$$', '$');
}

function plain(options: Readonly<Record<string, string>> = {}): Record<string, string> {
  return Object.fromEntries(Object.entries(options).map(([name, value]) => [name, unescaped(value)]));
}

function parseService(
  name: string,
  raw: RawService,
  model: RawModel,
  project: Pick<ComposeProject, 'name' | 'env'>,
): ProjectService {
  const contents = [
    ...(raw.configs ?? []).map(({ source }) => ({ name: `config ${source}`, raw: model.configs?.[source] })),
    ...(raw.secrets ?? []).map(({ source }) => ({ name: `secret ${source}`, raw: model.secrets?.[source] })),
  ];
  const shared = followedBy({ ...raw, depends_on: {} });
  const bound = (raw.volumes ?? []).flatMap((volume) =>
    volume.type === 'bind' && volume.source !== undefined ? [volume.source] : [],
  );
  return {
    name,
    image: raw.image ?? `${project.name}-${name}`,
    built: raw.build !== undefined || raw.image === undefined,
    platform: raw.platform,
    pullPolicy: raw.pull_policy,
    containerName: raw.container_name,
    replicas: raw.scale ?? raw.deploy?.replicas ?? 1,
    dependsOn: Object.entries(raw.depends_on ?? {}).map(([service, { condition, restart }]) => ({
      service,
      condition: condition ?? 'service_started',
      restart: restart === true,
      shares: shared.includes(service),
    })),
    hostPaths: [...bound, ...contents.flatMap((content) => content.raw?.file ?? [])].map(unescaped),
    variables: new Set(Object.entries(raw.environment ?? {}).flatMap(([key, value]) => (value === null ? [] : [key]))),
    copied: contents.flatMap((content) => {
      const variable = content.raw?.environment;
      const text = content.raw?.content ?? (variable === undefined ? undefined : (project.env[variable] ?? ''));
      return text === undefined ? [] : [{ name: content.name, text }];
    }),
    fingerprint: sha256(JSON.stringify(raw)),
    parts: hashes(Object.entries(withoutCount(raw))),
    uses: [
      ...Object.keys(raw.networks ?? {}).map((network) => `network ${network}`),
      ...(raw.volumes ?? []).flatMap(({ type, source }) => (type === 'volume' && source ? [`volume ${source}`] : [])),
    ],
  };
}

function hashes(values: readonly (readonly [string, unknown])[]): Record<string, string> {
  return Object.fromEntries(values.map(([name, value]) => [name, sha256(JSON.stringify(value)).slice(0, 16)]));
}

/** The named services (all if none is named) and everything they depend on. */
export function withDependencies(model: ProjectModel, names: readonly string[]): Set<string> {
  const found = new Set<string>();
  const add = (name: string): void => {
    const service = model.services.get(name);
    if (service === undefined || found.has(name)) return;
    found.add(name);
    for (const dependency of service.dependsOn) add(dependency.service);
  };
  for (const name of names.length === 0 ? model.services.keys() : names) add(name);
  return found;
}

/**
 * Compose's own hash of each service, as in the label of a container it created: equal hashes prove that a container is
 * up to date. Different hashes prove nothing (env files and `service:` references are hashed differently).
 */
export async function composeHashes(project: ComposeProject, context: Context): Promise<Map<string, string>> {
  const { stdout } = await composeOrFail('cannot read the compose files', project, ['config', '--hash', '*'], context);
  const hashes = new Map<string, string>();
  for (const line of stdout.split('\n')) {
    const [service, hash, ...rest] = line.trim().split(/\s+/);
    if (service === undefined || service === '') continue;
    if (hash === undefined || rest.length > 0)
      throw new LaconicError(`cannot read a line of docker compose config --hash: ${line}`);
    hashes.set(service, hash);
  }
  return hashes;
}
