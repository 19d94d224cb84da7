import type { ServiceChanges } from '../compose/service-prints.js';
import type { BehindPart } from '../deployment/behind.js';
import type { PlannedDeployment } from '../deployment/outcome.js';

/** One container (compose) or container of a pod (Kubernetes) as `ps` and `status` show it. */
export interface ContainerStatus {
  /** Full id on compose, `<namespace>/<pod>` on Kubernetes. */
  id: string;
  name: string;
  service: string;
  image: string;
  state: 'created' | 'running' | 'paused' | 'restarting' | 'removing' | 'exited' | 'dead';
  /** Absent when the service has no healthcheck. */
  health?: 'starting' | 'healthy' | 'unhealthy';
  /** Present once the container has stopped. */
  exitCode?: number;
  restarts: number;
  /** Kubernetes: why it does not run. */
  reason?: string;
  /** Made by `run-job`: shown by `status`, no part of `ps` and of the deployment's health. */
  job?: boolean;
  /**
   * It is kept running whatever its exit code is (`restart: always`, `unless-stopped`): ended with 0 it is stopped, not
   * done.
   */
  keptRunning?: boolean;
  /** It ended with 0 and did its work: a one-shot. Absent: it did not, or nobody could tell (`ps` does not look). */
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

/** What files that are not written yet, as in a dry run, change of services. */
export interface PlannedChanges extends ServiceChanges {
  /** Where only values of variables change: which ones, by the service that is recreated for them. */
  variables?: ReadonlyMap<string, readonly string[]>;
}

export interface StartOptions {
  /** Empty: all services. */
  services: readonly string[];
  /** `up` without `--detach`: the containers' output on our terminal until they end or Ctrl-C. */
  attached: boolean;
  wait: boolean;
  /** Seconds to wait for readiness; absent: no limit of ours. */
  waitTimeout?: number;
  /** `--steady`; absent: see steadyTime. */
  steadySeconds?: number;
  /** `image` by service name, over what the compose files say. */
  images: ReadonlyMap<string, string>;
  acceptNewPath: boolean;
  /** Pull images first and recreate what changed (`restart`). */
  pull: boolean;
  /** A kind cluster that is missing is made; absent or false: that is an error. */
  manageCluster?: boolean;
  /** `restart`: on Kubernetes every pod is made anew. */
  restart?: boolean;
  /** On Kubernetes fields that another field manager has set are taken over; absent or false: that is an error. */
  forceConflicts?: boolean;
  /** In a dry run, what changes of services come before the start, and were only planned. */
  pending?: PlannedChanges | undefined;
  /** In a dry run, the deployment that would be started, where it is not what its directory holds now. */
  after?: PlannedDeployment | undefined;
}

export interface StopOptions {
  /** Empty: all services, and the deployment's network with them. */
  services: readonly string[];
  /** Seconds a container may take before it is killed; absent: the engine's rule. */
  timeout?: number;
  deleteVolumes: boolean;
  deleteData: boolean;
  /** Go on although a job is running, or other deployments live in the kind cluster that is to be deleted. */
  force: boolean;
  /** On Kubernetes: the namespace goes too. */
  deleteNamespace?: boolean;
  /** On kind: the cluster goes too. */
  manageCluster?: boolean;
}

export interface LogsOptions {
  services: readonly string[];
  /** Last lines per container; absent: all. */
  tail?: number;
  follow: boolean;
  since?: string;
  until?: string;
  timestamps: boolean;
  /** Of the containers' last run before the present one: Kubernetes keeps that. */
  previous?: boolean;
}

export interface ExecOptions {
  service: string;
  command: readonly string[];
  index: number;
}

export interface JobOptions {
  /** In the place of the job's own. */
  args: readonly string[];
  /** Variables for the job, which win over its own. */
  env: ReadonlyMap<string, string>;
  /** False: the job is started, and that is all. */
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
 * What a deployment target can do (design). Both targets implement it; no caller asks which one it has.
 * Every method reports through the context's reporter and throws a LaconicError on failure.
 */
export interface Deployer {
  /**
   * Brings the services up and, unless told otherwise, waits until they are ready.
   * @param changed called once everything is changed that will be, before the waiting starts: the lock can go
   * @returns whether anything was made, started, changed or removed; false in a dry run, which prints what would be
   */
  start(options: StartOptions, changed: () => Promise<void>): Promise<boolean>;
  stop(options: StopOptions): Promise<void>;
  /** What `ps` prints, newline at its end. */
  ps(format: OutputFormat): Promise<string>;
  /**
   * What `status` prints, newline at its end, and whether the deployment is degraded.
   * @param behind where the directory is behind what it was made from: a part of the JSON
   * @param judged false: nobody asks for `degraded`, so what should be there need not be known; broken files must not
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
  /** Runs a job of the stack to its end; resolves to its exit code, or to 0 where nobody waits. */
  runJob(job: string, options: JobOptions): Promise<number>;
  /**
   * Pushes the images that were built for the deployment to the registry of its spec; prints what became of each.
   * @returns false when one of them could not be pushed
   */
  pushImages(format: OutputFormat): Promise<boolean>;
  /**
   * Makes the containers run with the configuration the deployment directory holds now. Absent where the target cannot.
   * @param pending in a dry run, what that will be
   */
  updateEnvs?(pending?: PlannedChanges): Promise<void>;
  /** What `start` hands to Docker Compose or the API server, as text, secret values included; changes nothing. */
  render(): Promise<string>;
}
