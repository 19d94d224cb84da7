import type { Problem } from '../../system/errors.js';
import type { KeyPath } from '../../system/yaml.js';

/**
 * A compose file in its normal form: every short form is written out, interpolated and typed, as `docker compose config
 * --format json` prints it, under the same key names. Differences: a `$` stands for itself (that command doubles it),
 * maps are {@link Map}s in the order of the file, names carry no project prefix, and paths on the host stay as they are
 * written.
 */
export interface ComposeModel {
  /** The file's name for messages. */
  readonly file: string;
  /** The services whose profiles are in force, in the order of the file. */
  readonly services: ReadonlyMap<string, ServiceModel>;
  readonly volumes: ReadonlyMap<string, VolumeModel>;
  readonly secrets: ReadonlyMap<string, FileObjectModel>;
  readonly configs: ReadonlyMap<string, FileObjectModel>;
  /** A problem at a key of the file; the nearest key above it that exists gives the line. */
  problem(path: KeyPath, message: string): Problem;
  /**
   * The texts of services in force and of the other sections that values were put into; a value of `x-*` is where it
   * is used.
   */
  interpolated(): readonly InterpolatedText[];
}

/** A text of a compose file that mentions variables. */
export interface InterpolatedText {
  readonly path: KeyPath;
  /** As it is written. */
  readonly template: string;
  /** With the values put in. */
  readonly text: string;
}

export interface ServiceModel {
  readonly name: string;
  /** Absent for a service that is only built. */
  readonly image?: string;
  readonly command?: readonly string[];
  readonly entrypoint?: readonly string[];
  /**
   * `env_file` and `environment` merged. A name that `environment` has without a value, and no variable either, is
   * absent.
   */
  readonly environment: ReadonlyMap<string, string>;
  /**
   * For each name whose value was put together from variables: the template as it is written, so that the caller can
   * see which variables a value mentions. Names that only pass a variable on (`NAME:` or `- NAME`) have `${NAME}` here.
   * In values of env files, names that the files or the service set themselves are replaced by what they were put
   * together from.
   */
  readonly environmentTemplates: ReadonlyMap<string, string>;
  readonly ports: readonly PortModel[];
  readonly expose: readonly string[];
  readonly volumes: readonly MountModel[];
  /**
   * With what `links`, `volumes_from` and `service:` modes imply; without services that are neither in force nor
   * required.
   */
  readonly depends_on: ReadonlyMap<string, DependencyModel>;
  readonly healthcheck?: HealthcheckModel;
  readonly labels: ReadonlyMap<string, string>;
  readonly deploy?: DeployModel;
  /** Addresses by host name. */
  readonly extra_hosts: ReadonlyMap<string, readonly string[]>;
  readonly user?: string;
  readonly working_dir?: string;
  readonly hostname?: string;
  readonly cap_add: readonly string[];
  readonly cap_drop: readonly string[];
  readonly security_opt: readonly string[];
  readonly privileged: boolean;
  readonly read_only: boolean;
  readonly init: boolean;
  readonly tty: boolean;
  readonly stdin_open: boolean;
  /** `path[:options]`, as written. */
  readonly tmpfs: readonly string[];
  /** Bytes. */
  readonly shm_size?: number;
  readonly network_mode?: string;
  readonly pid?: string;
  readonly ipc?: string;
  readonly restart?: string;
  readonly stop_signal?: string;
  /** Milliseconds. */
  readonly stop_grace_period?: number;
  readonly ulimits: ReadonlyMap<string, { soft: number; hard: number }>;
  readonly sysctls: ReadonlyMap<string, string>;
  readonly dns: readonly string[];
  readonly dns_search: readonly string[];
  readonly group_add: readonly string[];
  readonly secrets: readonly FileReferenceModel[];
  readonly configs: readonly FileReferenceModel[];
  readonly profiles: readonly string[];
  readonly pull_policy?: string;
  readonly platform?: string;
  /** Every key of the service as it is written (after `extends` and `<<`), for what has no field of its own here. */
  readonly keys: ReadonlySet<string>;
}

export interface PortModel {
  target: number;
  /** Absent: any free one. A range where the file gives one port of the container several of the host. */
  published?: string;
  host_ip?: string;
  /** Lower case. */
  protocol: string;
}

export interface MountModel {
  type: 'volume' | 'bind' | 'tmpfs' | 'npipe' | 'cluster' | 'image';
  /** Name of the volume, or path on the host as written; absent for anonymous volumes and tmpfs. */
  source?: string;
  target: string;
  read_only: boolean;
  /**
   * Options of the short form beside `ro` (`rw`, `z`, `cached`, …); of the long form what says the same (consistency,
   * propagation, selinux, `nocopy`), and `create_host_path=false`, `recursive=…`, `mode=…`.
   */
  options: readonly string[];
  /** Of a tmpfs: bytes. */
  size?: number;
  /** Of a volume: only this folder of it. */
  subpath?: string;
}

export interface DependencyModel {
  condition: 'service_started' | 'service_healthy' | 'service_completed_successfully';
  required: boolean;
  restart: boolean;
}

export interface HealthcheckModel {
  /** `['CMD', …]`, `['CMD-SHELL', text]` or `['NONE']`; absent: the image's own. */
  test?: readonly string[];
  /** True when the file turns the image's healthcheck off. */
  disable: boolean;
  /** Milliseconds; absent: the engine's default. */
  interval?: number;
  timeout?: number;
  start_period?: number;
  start_interval?: number;
  retries?: number;
}

/**
 * Amounts as they are written: `0.5`, `256M`. The older keys `cpus`, `mem_limit`, `mem_reservation`, `pids_limit` count
 * too.
 */
export interface ResourcesModel {
  cpus?: string;
  memory?: string;
  pids?: number;
  /** True when `devices` or `generic_resources` ask for hardware. */
  devices?: boolean;
}

export interface DeployModel {
  /** `scale` of the service counts too. */
  replicas?: number;
  mode?: string;
  resources: { limits?: ResourcesModel; reservations?: ResourcesModel };
  /** Every key below `deploy` as it is written. */
  keys: ReadonlySet<string>;
}

export interface VolumeModel {
  external: boolean;
  driver?: string;
  driver_opts: ReadonlyMap<string, string>;
  /** The volume's own name outside of the project, if the file gives one. */
  name?: string;
}

/** A top-level secret or config: one of a file, a variable's value, a literal text, or one that exists elsewhere. */
export interface FileObjectModel {
  file?: string;
  environment?: string;
  content?: string;
  external: boolean;
  name?: string;
}

export interface FileReferenceModel {
  source: string;
  /**
   * Path in the container: absolute; for a secret `/run/secrets/<source>`, for a config `/<source>` when none is given.
   */
  target: string;
  /** Octal mode as a number; absent: 0444. */
  mode?: number;
  uid?: string;
  gid?: string;
}
