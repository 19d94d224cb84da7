import type { ServiceChanges } from '../compose/fingerprint.js';
import type { PlannedDeployment } from '../deployment/update/outcome.js';
import type { PushResult } from '../images/push.js';
import type { DeployTarget } from '../spec/schema.js';
import type { ContainerList, DeploymentStatus, PublishedAddress } from './status.js';

/** Changes of services by files that are not written yet, as in a dry run. */
export interface PlannedChanges extends ServiceChanges {
  /** If only values of variables change: their names, by the service that is recreated for them. */
  variables?: ReadonlyMap<string, readonly string[]>;
}

/** What a start covers and how long it waits, on either target. */
export interface StartOptions {
  /** Empty: all services. */
  services: readonly string[];
  wait: boolean;
  /** Seconds to wait for readiness; absent: no limit. */
  waitTimeout?: number;
  /** `--steady`; absent: see steadyTime. */
  steadySeconds?: number;
  /** Images by service name that override the compose files. */
  images: ReadonlyMap<string, string>;
  acceptNewPath: boolean;
  /** `restart`: on Kubernetes every pod is recreated. */
  restart?: boolean;
  /** In a dry run, changes of services that come before the start and were only planned. */
  pending?: PlannedChanges | undefined;
  /** In a dry run, the deployment that would be started, if it differs from the content of its directory. */
  after?: PlannedDeployment | undefined;
  /** Absent: none of them. */
  compose?: ComposeStartOptions;
  /** Absent: none of them. */
  kubernetes?: KubernetesStartOptions;
}

/** Options of a start that only Docker Compose has. */
export interface ComposeStartOptions {
  /** `up` without `--detach`: shows the containers' output on this terminal until they end or Ctrl-C. */
  attached?: boolean;
  /** Pull images first and recreate what changed. */
  pull?: boolean;
}

/** Options of a start that only Kubernetes has. */
export interface KubernetesStartOptions {
  /** Create a missing kind cluster; absent or false: it is an error. */
  manageCluster?: boolean;
  /** Take over fields of other field managers; absent or false: they are an error. */
  forceConflicts?: boolean;
}

/** What a stop covers, and what it deletes with the containers. */
export interface StopOptions {
  /** Empty: all services, and the deployment's network. */
  services: readonly string[];
  /** Seconds a container may take before it is killed; absent: the engine's default. */
  timeout?: number;
  deleteVolumes: boolean;
  deleteData: boolean;
  /** Continue although a job is running, or other deployments use the kind cluster to be deleted. */
  force: boolean;
  /** Absent: none of them. */
  kubernetes?: KubernetesStopOptions;
}

/** Options of a stop that only Kubernetes has. */
export interface KubernetesStopOptions {
  /** Delete the namespace too. */
  deleteNamespace?: boolean;
  /** On kind: delete the cluster too. */
  manageCluster?: boolean;
}

/** Which lines of which services `logs` shows. */
export interface LogsOptions {
  services: readonly string[];
  /** Number of last lines per container; absent: all. */
  tail?: number;
  follow: boolean;
  since?: string;
  until?: string;
  timestamps: boolean;
  /** Absent: none of them. */
  kubernetes?: KubernetesLogsOptions;
}

/** Options of `logs` that only Kubernetes has. */
export interface KubernetesLogsOptions {
  /** From the containers' previous run, which Kubernetes keeps. */
  previous?: boolean;
}

/** A command to run in the container of a service that has this index (from 1). */
export interface ExecOptions {
  service: string;
  command: readonly string[];
  index: number;
}

/** What `run-job` passes to a job, and whether it waits for its end. */
export interface JobOptions {
  /** Replace the job's own arguments. */
  args: readonly string[];
  /** Variables for the job that override its own. */
  env: ReadonlyMap<string, string>;
  /** False: only start the job. */
  wait: boolean;
}

/** A port that a service's container with this index (from 1) listens on. */
export interface PortQuery {
  service: string;
  port: number;
  protocol: 'tcp' | 'udp' | 'sctp';
  index: number;
}

/** The options of the `deploy` group for a stack that runs in place. */
export interface QuickOptions {
  include?: string;
  exclude?: string;
  envFile?: string;
  cluster?: string;
  deployTo: DeployTarget;
}

/** The result of `push-images`. */
export interface PushOutcome {
  /** Whether nothing failed. */
  complete: boolean;
  /** Empty in a dry run. */
  images: readonly PushResult[];
}

/** The operations of a project: of a deployment, or of a stack that runs in place. */
export interface Project {
  /**
   * Starts the services and, unless `wait` is false, waits until they are ready.
   * @param changed called once all changes are made, before the wait: the lock can be released
   * @returns whether anything was created, started, changed or removed; false in a dry run, which prints what would be
   * done
   */
  start(options: StartOptions, changed: () => Promise<void>): Promise<boolean>;
  stop(options: StopOptions): Promise<void>;
  /** Returns what `ps` shows: all containers, but those of jobs. */
  ps(): Promise<ContainerList>;
  /** Streams to stdout until the end, or until interrupted with `follow`. */
  logs(options: LogsOptions): Promise<void>;
  /** Resolves to the command's own exit code. */
  exec(options: ExecOptions): Promise<number>;
  /** Returns the address that a port is published at. */
  port(query: PortQuery): Promise<PublishedAddress>;
}

/**
 * The operations of a deployment. Both targets implement them, and callers do not distinguish the targets. Every method
 * reports through the context's reporter and throws a LaconicError on failure.
 */
export interface Deployer extends Project {
  /**
   * @param judged false: `degraded` is not used, so the expected services need not be known; unreadable files must not
   * hide what runs
   */
  status(judged: boolean): Promise<DeploymentStatus>;
  /** Runs a job of the stack to its end; resolves to its exit code, or to 0 without `wait`. */
  runJob(job: string, options: JobOptions): Promise<number>;
  /** Pushes the images that were built for the deployment to the registry of its spec. */
  pushImages(): Promise<PushOutcome>;
  /**
   * Recreates containers as needed for the configuration that the deployment directory holds now. Absent if the target
   * does not support it.
   * @param pending in a dry run, the planned changes
   */
  updateEnvs?(pending?: PlannedChanges): Promise<void>;
  /** What `start` passes to Docker Compose or the API server, as text, including secret values. Read-only. */
  render(): Promise<string>;
}
