import type { Problem } from '../../system/errors.js';
import type { KeyPath } from '../../system/yaml/yaml.js';

/**
 * A compose file in normal form: every short form is expanded, interpolated and typed, as `docker compose config
 * --format json` prints it, with the same key names. Differences: `$` is literal (that command doubles it), maps are
 * {@link Map}s in the order of the file, names have no project prefix, and host paths stay as written.
 */
export interface ComposeModel {
  /** The file's name for messages. */
  readonly file: string;
  /** The services in force by profile, in the order of the file. */
  readonly services: ReadonlyMap<string, ServiceModel>;
  readonly volumes: ReadonlyMap<string, VolumeModel>;
  readonly secrets: ReadonlyMap<string, FileObjectModel>;
  readonly configs: ReadonlyMap<string, FileObjectModel>;
  /** Creates a problem at a key of the file, with the line of its nearest existing parent. */
  problem(path: KeyPath, message: string): Problem;
  /**
   * The interpolated texts of services in force and of the other sections; values of `x-*` appear where they are used.
   */
  interpolated(): readonly InterpolatedText[];
}

/** A text of a compose file that mentions variables. */
export interface InterpolatedText {
  readonly path: KeyPath;
  /** As it is written. */
  readonly template: string;
  /** After interpolation. */
  readonly text: string;
}

export interface ServiceModel {
  readonly name: string;
  /** Absent for a service that is only built. */
  readonly image?: string;
  readonly command?: readonly string[];
  readonly entrypoint?: readonly string[];
  /**
   * `env_file` and `environment` merged. A name in `environment` without a value is absent if it is not set as a
   * variable either.
   */
  readonly environment: ReadonlyMap<string, string>;
  /**
   * For each name whose value contains variables: the template as written, which shows the variables that a value
   * mentions. Names that only pass a variable on (`NAME:` or `- NAME`) have `${NAME}` here. In values of env files,
   * names that the files or the service set themselves are replaced by their own templates.
   */
  readonly environmentTemplates: ReadonlyMap<string, string>;
  readonly ports: readonly PortModel[];
  readonly expose: readonly string[];
  readonly volumes: readonly MountModel[];
  /**
   * Includes what `links`, `volumes_from` and `service:` modes imply; excludes services that are neither in force nor
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
  /** In bytes. */
  readonly shm_size?: number;
  readonly network_mode?: string;
  readonly pid?: string;
  readonly ipc?: string;
  readonly restart?: string;
  readonly stop_signal?: string;
  /** In milliseconds. */
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
  /** Every key of the service as written (after `extends` and `<<`), for keys that have no field here. */
  readonly keys: ReadonlySet<string>;
}

export interface PortModel {
  target: number;
  /** Absent: any free one. A range if the file maps several host ports to one container port. */
  published?: string;
  host_ip?: string;
  /** Lower case. */
  protocol: string;
}

export interface MountModel {
  type: 'volume' | 'bind' | 'tmpfs' | 'npipe' | 'cluster' | 'image';
  /** Volume name, or host path as written; absent for anonymous volumes and tmpfs. */
  source?: string;
  target: string;
  read_only: boolean;
  /**
   * Options of the short form other than `ro` (`rw`, `z`, `cached`, …); equivalents of the long form (consistency,
   * propagation, selinux, `nocopy`), and `create_host_path=false`, `recursive=…`, `mode=…`.
   */
  options: readonly string[];
  /** Only for tmpfs, in bytes. */
  size?: number;
  /** Only for volumes: mount just this folder of it. */
  subpath?: string;
}

export interface DependencyModel {
  condition: 'service_started' | 'service_healthy' | 'service_completed_successfully';
  required: boolean;
  restart: boolean;
}

export interface HealthcheckModel {
  /** `['CMD', …]`, `['CMD-SHELL', text]` or `['NONE']`; absent: that of the image. */
  test?: readonly string[];
  /** True if the file disables the image's healthcheck. */
  disable: boolean;
  /** In milliseconds; absent: the engine's default. */
  interval?: number;
  timeout?: number;
  start_period?: number;
  start_interval?: number;
  retries?: number;
}

/** Amounts as written: `0.5`, `256M`. Includes the older keys `cpus`, `mem_limit`, `mem_reservation`, `pids_limit`. */
export interface ResourcesModel {
  cpus?: string;
  memory?: string;
  pids?: number;
  /** True if `devices` or `generic_resources` request hardware. */
  devices?: boolean;
}

export interface DeployModel {
  /** Includes `scale` of the service. */
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
  /** The volume's name outside of the project, if the file sets one. */
  name?: string;
}

/** A top-level secret or config: from a file, a variable, or literal text, or an existing external one. */
export interface FileObjectModel {
  file?: string;
  environment?: string;
  content?: string;
  external: boolean;
  name?: string;
}

export interface FileReferenceModel {
  source: string;
  /** Absolute path in the container; by default `/run/secrets/<source>` for a secret, `/<source>` for a config. */
  target: string;
  /** File mode as a number; absent: 0444. */
  mode?: number;
  uid?: string;
  gid?: string;
}
