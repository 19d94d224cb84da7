import type { ServiceChanges } from '../compose/fingerprint.js';
import type { BehindPart } from '../deployment/directory/changed-sources.js';
import type { PlannedDeployment } from '../deployment/update/messages.js';

/** A container (Compose), or container of a pod (Kubernetes), as shown by `ps` and `status`. */
export interface ContainerStatus {
  /** Full id on Compose, `<namespace>/<pod>` on Kubernetes. */
  id: string;
  name: string;
  service: string;
  image: string;
  state: 'created' | 'running' | 'paused' | 'restarting' | 'removing' | 'exited' | 'dead';
  /** Absent when the service has no healthcheck. */
  health?: 'starting' | 'healthy' | 'unhealthy';
  /** Present if the container has stopped. */
  exitCode?: number;
  restarts: number;
  /** Kubernetes: why it does not run. */
  reason?: string;
  /** Created by `run-job`: shown by `status`, but not by `ps`, and not part of the deployment's health. */
  job?: boolean;
  /**
   * Restarted regardless of its exit code (`restart: always`, `unless-stopped`): with exit code 0 it is stopped, not
   * completed.
   */
  keptRunning?: boolean;
  /** A one-shot that exited with 0 and did its work. Absent: it did not, or it is unknown (`ps` does not check). */
  completed?: boolean;
  /** ISO 8601; absent while it never ran. */
  startedAt?: string;
  /** ISO 8601; when it ended, with the present {@link exitCode}. */
  finishedAt?: string;
  ports: PublishedPort[];
}

export interface PublishedPort {
  containerPort: number;
  protocol: string;
  /** Absent when the port is exposed but not published. */
  host?: { ip: string; port: number };
}

/** Changes of services by files that are not written yet, as in a dry run. */
export interface PlannedChanges extends ServiceChanges {
  /** If only values of variables change: their names, by the service that is recreated for them. */
  variables?: ReadonlyMap<string, readonly string[]>;
}

export interface StartOptions {
  /** Empty: all services. */
  services: readonly string[];
  /** `up` without `--detach`: shows the containers' output on this terminal until they end or Ctrl-C. */
  attached: boolean;
  wait: boolean;
  /** Seconds to wait for readiness; absent: no limit. */
  waitTimeout?: number;
  /** `--steady`; absent: see steadyTime. */
  steadySeconds?: number;
  /** Images by service name that override the compose files. */
  images: ReadonlyMap<string, string>;
  acceptNewPath: boolean;
  /** Pull images first and recreate what changed (`restart`). */
  pull: boolean;
  /** Create a missing kind cluster; absent or false: it is an error. */
  manageCluster?: boolean;
  /** `restart`: on Kubernetes every pod is recreated. */
  restart?: boolean;
  /** On Kubernetes, take over fields of other field managers; absent or false: they are an error. */
  forceConflicts?: boolean;
  /** In a dry run, changes of services that come before the start and were only planned. */
  pending?: PlannedChanges | undefined;
  /** In a dry run, the deployment that would be started, if it differs from the content of its directory. */
  after?: PlannedDeployment | undefined;
}

export interface StopOptions {
  /** Empty: all services, and the deployment's network. */
  services: readonly string[];
  /** Seconds a container may take before it is killed; absent: the engine's default. */
  timeout?: number;
  deleteVolumes: boolean;
  deleteData: boolean;
  /** Continue although a job is running, or other deployments use the kind cluster to be deleted. */
  force: boolean;
  /** On Kubernetes: delete the namespace too. */
  deleteNamespace?: boolean;
  /** On kind: delete the cluster too. */
  manageCluster?: boolean;
}

export interface LogsOptions {
  services: readonly string[];
  /** Number of last lines per container; absent: all. */
  tail?: number;
  follow: boolean;
  since?: string;
  until?: string;
  timestamps: boolean;
  /** From the containers' previous run, which Kubernetes keeps. */
  previous?: boolean;
}

export interface ExecOptions {
  service: string;
  command: readonly string[];
  index: number;
}

export interface JobOptions {
  /** Replace the job's own arguments. */
  args: readonly string[];
  /** Variables for the job that override its own. */
  env: ReadonlyMap<string, string>;
  /** False: only start the job. */
  wait: boolean;
}

export interface PortQuery {
  service: string;
  port: number;
  protocol: 'tcp' | 'udp' | 'sctp';
  index: number;
}

export type OutputFormat = 'text' | 'json';

/**
 * The operations of a deployment target. Both targets implement it, and callers do not distinguish them. Every method
 * reports through the context's reporter and throws a LaconicError on failure.
 */
export interface Deployer {
  /**
   * Starts the services and, unless `wait` is false, waits until they are ready.
   * @param changed called once all changes are made, before the wait: the lock can be released
   * @returns whether anything was created, started, changed or removed; false in a dry run, which prints what would be
   * done
   */
  start(options: StartOptions, changed: () => Promise<void>): Promise<boolean>;
  stop(options: StopOptions): Promise<void>;
  /** The output of `ps`, with a newline at its end. */
  ps(format: OutputFormat): Promise<string>;
  /**
   * The output of `status`, with a newline at its end, and whether the deployment is degraded.
   * @param behind changed sources of the directory, included in the JSON
   * @param judged false: `degraded` is not used, so the expected services need not be known; unreadable files must not
   * hide what runs
   */
  status(
    format: OutputFormat,
    judged: boolean,
    behind: readonly BehindPart[],
  ): Promise<{ output: string; degraded: boolean }>;
  /** Streams to stdout until the end, or until interrupted with `follow`. */
  logs(options: LogsOptions): Promise<void>;
  /** Resolves to the command's own exit code. */
  exec(options: ExecOptions): Promise<number>;
  /** The published address, `0.0.0.0:32768` or `[::1]:32768`. */
  port(query: PortQuery): Promise<string>;
  /** Runs a job of the stack to its end; resolves to its exit code, or to 0 without `wait`. */
  runJob(job: string, options: JobOptions): Promise<number>;
  /**
   * Pushes the images that were built for the deployment to the registry of its spec, and prints the result for each.
   * @returns false if one of them could not be pushed
   */
  pushImages(format: OutputFormat): Promise<boolean>;
  /**
   * Recreates containers as needed for the configuration that the deployment directory holds now. Absent if the target
   * does not support it.
   * @param pending in a dry run, the planned changes
   */
  updateEnvs?(pending?: PlannedChanges): Promise<void>;
  /** What `start` passes to Docker Compose or the API server, as text, including secret values. Read-only. */
  render(): Promise<string>;
}
