import { posix } from 'node:path';
import { parseBytes, parseDuration } from '../../src/compose/syntax/amounts.js';
import type { MountModel, ServiceModel } from '../../src/compose/model/types.js';
import { run } from '../../src/system/process/process.js';

/** A service in a form that both Compose and the model can express, without what only one of them has. */
export type Comparable = Record<string, unknown>;

interface ComposeMount {
  type: string;
  source?: string;
  target: string;
  read_only?: boolean;
  consistency?: string;
  bind?: { propagation?: string; selinux?: string };
  volume?: { nocopy?: boolean; subpath?: string };
  tmpfs?: { size?: string };
}

interface ComposeResources {
  cpus?: number | string;
  memory?: string;
  pids?: number;
}

/** A service in `docker compose config --format json`. */
interface ComposeService extends Record<string, unknown> {
  environment?: Record<string, string | null>;
  ports?: { target: number; published?: string; host_ip?: string; protocol?: string }[];
  volumes?: ComposeMount[];
  depends_on?: Record<string, { condition: string; required: boolean; restart?: boolean }>;
  healthcheck?: Record<string, unknown>;
  extra_hosts?: string[];
  ulimits?: Record<string, number | { soft?: number; hard?: number }>;
  deploy?: {
    mode?: string;
    replicas?: number;
    resources?: { limits?: ComposeResources; reservations?: ComposeResources };
  };
  secrets?: ComposeReference[];
  configs?: ComposeReference[];
}

interface ComposeReference {
  source: string;
  target?: string;
  uid?: string;
  gid?: string;
  mode?: number | string;
}

/** The whole output of `docker compose config --format json`, with each `$` single again. */
export interface ComposeConfig {
  services: Record<string, ComposeService>;
  volumes?: Record<string, { name: string; driver?: string; external?: boolean; driver_opts?: Record<string, string> }>;
  secrets?: Record<string, Record<string, unknown>>;
  configs?: Record<string, Record<string, unknown>>;
}

/** The project that Compose reads from a file in `directory`, or its message when it rejects the file. */
export async function askCompose(
  directory: string,
  file: string,
  options: { variables?: Record<string, string>; profiles?: readonly string[] } = {},
): Promise<ComposeConfig | { refused: string }> {
  const profiles = (options.profiles ?? []).flatMap((profile) => ['--profile', profile]);
  const args = ['compose', '--project-name', 'model', '--file', file, ...profiles, 'config'];
  const { code, stdout, stderr } = await run('docker', [...args, '--format', 'json', '--no-path-resolution'], {
    cwd: directory,
    env: { PATH: process.env.PATH, HOME: process.env.HOME, ...options.variables },
  });
  return code === 0 ? parseConfig(stdout) : { refused: stderr.trim().split('\n').at(-1) ?? '' };
}

/** Compose doubles every `$` in the text it prints. */
export function parseConfig(stdout: string): ComposeConfig {
  return JSON.parse(stdout.replaceAll('$$', () => '$')) as ComposeConfig;
}

/** A service of Compose in the common form. */
export function theirs(service: ComposeService): Comparable {
  const environment = Object.entries(service.environment ?? {}).filter(([, value]) => value !== null);
  return withoutEmpty({
    ...pick(service, plainKeys),
    environment: Object.fromEntries(environment),
    ports: service.ports?.map(({ target, published, host_ip, protocol = 'tcp' }) =>
      portText({ target, published, host_ip, protocol: protocol.toLowerCase() }),
    ),
    volumes: service.volumes?.map(mountOf),
    depends_on: service.depends_on,
    healthcheck: healthOf(service.healthcheck),
    deploy: deployOf(service),
    extra_hosts: service.extra_hosts,
    ulimits: Object.fromEntries(
      Object.entries(service.ulimits ?? {}).map(([name, limit]) => [
        name,
        // Compose leaves out zeros.
        typeof limit === 'number' ? { soft: limit, hard: limit } : { soft: 0, hard: 0, ...limit },
      ]),
    ),
    shm_size: service.shm_size === undefined ? undefined : Number(service.shm_size),
    stop_grace_period: durationOf(service.stop_grace_period),
    secrets: service.secrets?.map((reference) => referenceOf(reference, '/run/secrets')),
    configs: service.configs?.map((reference) => referenceOf(reference, '/')),
  });
}

/** A service of the model in the common form. */
export function ours(service: ServiceModel): Comparable {
  return withoutEmpty({
    ...pick(service as unknown as Record<string, unknown>, plainKeys),
    labels: Object.fromEntries(service.labels),
    sysctls: Object.fromEntries(service.sysctls),
    environment: Object.fromEntries(service.environment),
    ports: service.ports.map(portText),
    volumes: service.volumes.map(ourMount),
    depends_on: Object.fromEntries(
      [...service.depends_on].map(([name, { condition, required, restart }]) => [
        name,
        { condition, required, ...(restart ? { restart } : {}) },
      ]),
    ),
    healthcheck: service.healthcheck,
    deploy: deployOf({ deploy: service.deploy }),
    extra_hosts: [...service.extra_hosts].flatMap(([host, addresses]) => addresses.map((each) => `${host}=${each}`)),
    ulimits: Object.fromEntries(service.ulimits),
    shm_size: service.shm_size,
    stop_grace_period: service.stop_grace_period,
    secrets: service.secrets,
    configs: service.configs,
  });
}

const plainKeys = [
  ...['image', 'command', 'entrypoint', 'expose', 'labels', 'user', 'working_dir', 'hostname', 'cap_add', 'cap_drop'],
  ...['security_opt', 'privileged', 'read_only', 'init', 'tty', 'stdin_open', 'tmpfs', 'network_mode', 'pid', 'ipc'],
  ...['restart', 'stop_signal', 'sysctls', 'dns', 'dns_search', 'group_add', 'profiles', 'pull_policy', 'platform'],
];

function pick(service: Record<string, unknown>, keys: readonly string[]): Comparable {
  return Object.fromEntries(keys.map((key) => [key, service[key] ?? undefined]));
}

/**
 * Treats zero, empty text, empty lists and maps, false and absence as equal, and sorts lists whose order Compose does
 * not keep.
 */
function withoutEmpty(service: Comparable): Comparable {
  const entries = Object.entries(service).flatMap(([key, value]): [string, unknown][] => {
    if (value === undefined || value === null || value === false || value === '' || value === 0) return [];
    // An empty command clears that of the image.
    if (key === 'command' || key === 'entrypoint') return [[key, value]];
    if (Array.isArray(value)) {
      if (value.length === 0) return [];
      return [[key, ['ports', 'extra_hosts'].includes(key) ? [...(value as unknown[])].sort() : value]];
    }
    if (typeof value === 'object') {
      const inner = Object.entries(value).filter(([, each]) => each !== undefined && each !== false);
      return inner.length === 0 ? [] : [[key, Object.fromEntries(inner)]];
    }
    return [[key, value]];
  });
  return Object.fromEntries(entries);
}

function portText(port: {
  target: number;
  published?: string | undefined;
  host_ip?: string | undefined;
  protocol: string;
}): string {
  return `${port.host_ip ?? ''}:${port.published ?? ''}:${port.target}/${port.protocol}`;
}

function mountOf(mount: ComposeMount): Comparable {
  return withoutEmpty({
    type: mount.type,
    source: mount.source,
    target: cleaned(mount.target),
    read_only: mount.read_only,
    options: [
      mount.consistency,
      mount.bind?.propagation,
      mount.bind?.selinux,
      mount.volume?.nocopy ? 'nocopy' : undefined,
    ].filter((option) => option !== undefined),
    size: mount.tmpfs?.size === undefined ? undefined : Number(mount.tmpfs.size),
    subpath: mount.volume?.subpath,
  });
}

/** The short form silently drops options that it does not know; only the long form has `consistency`. */
function ourMount(mount: MountModel): Comparable {
  return withoutEmpty({
    ...mount,
    options: mount.options.filter((option) =>
      /^(?:r?(?:private|shared|slave)|z|Z|nocopy|consistent|delegated)$/.test(option),
    ),
  });
}

function cleaned(target: string): string {
  return posix.normalize(target).replace(/(?<=.)\/$/, '');
}

function durationOf(text: unknown): number | undefined {
  return typeof text === 'string' ? parseDuration(text) : undefined;
}

function healthOf(healthcheck: Record<string, unknown> | undefined): Comparable | undefined {
  if (healthcheck === undefined) return undefined;
  const [kind] = (healthcheck.test as string[] | undefined) ?? [];
  return {
    ...healthcheck,
    disable: healthcheck.disable === true || kind === 'NONE',
    ...Object.fromEntries(
      ['interval', 'timeout', 'start_period', 'start_interval'].map((key) => [key, durationOf(healthcheck[key])]),
    ),
  };
}

/**
 * Amounts as numbers, because Compose prints `0.50` as `0.5` and sizes in bytes. Older keys apply when the newer ones
 * are absent.
 */
function deployOf(service: Record<string, unknown> & Pick<ComposeService, 'deploy'>): Comparable {
  const { deploy } = service;
  const amounts = (resources: ComposeResources | undefined, older: ComposeResources): string =>
    JSON.stringify([
      Number(resources?.cpus ?? older.cpus ?? 0),
      parseBytes(resources?.memory ?? older.memory ?? '0'),
      Number(resources?.pids ?? older.pids ?? 0),
    ]);
  const older = (key: string): string | undefined => {
    const value = service[key];
    return typeof value === 'string' || typeof value === 'number' ? String(value) : undefined;
  };
  const limits = {
    cpus: older('cpus') ?? 0,
    memory: older('mem_limit') ?? '0',
    pids: Number(older('pids_limit') ?? 0),
  };
  return {
    mode: deploy?.mode,
    replicas: service.scale ?? deploy?.replicas,
    limits: amounts(deploy?.resources?.limits, limits),
    reservations: amounts(deploy?.resources?.reservations, { memory: older('mem_reservation') ?? '0' }),
  };
}

function referenceOf(reference: ComposeReference, directory: string): Comparable {
  const target = reference.target ?? reference.source;
  // Compose 2.30 and later print the mode as octal text.
  const mode = typeof reference.mode === 'string' ? Number.parseInt(reference.mode, 8) : reference.mode;
  return { ...reference, target: posix.resolve(directory, target), ...(mode === undefined ? {} : { mode }) };
}
