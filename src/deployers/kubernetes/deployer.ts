import { connectEngine } from '../../engine/connect.js';
import { behindImages, behindParts } from '../../deployment/directory/changed-sources.js';
import type { Deployment } from '../../deployment/access/open.js';
import type { Context } from '../../system/context.js';
import { isExplained } from '../../system/errors.js';
import type {
  Deployer,
  ExecOptions,
  JobOptions,
  LogsOptions,
  PortQuery,
  PushOutcome,
  StartOptions,
  StopOptions,
} from '../deployer.js';
import { pushDeploymentImages } from '../images/push-images.js';
import type { ContainerList, DeploymentStatus, PublishedAddress } from '../status.js';
import type { ClusterApi } from './api/api.js';
import type { Connection } from './api/connect.js';
import { stamped } from './apply/hash.js';
import type { Identity } from './objects/common/identity.js';
import { clusterOf } from './api/deployment-cluster.js';
import { imageIdsOf } from './kind/pod-images.js';
import { emptySnapshot, isJobPod, type Snapshot, takeSnapshot } from './operate/snapshot.js';
import { identityOf, prepareObjects, type PreparedInput, type ObjectsOptions } from './input/prepare.js';
import { renderObjects } from './objects/render.js';
import { recordPushedImages } from '../../deployment/images/pushed-images.js';
import { servicesWithNewImages } from './apply/keep-image-ids.js';
import { certificatesIfAny } from './ingress/certificates.js';
import { missingSecrets, missingSecretText } from './input/missing-secrets.js';
import { deploymentImages } from './input/used-images.js';
import { NoKindClusterError, whyNoKindCluster } from './kind/no-cluster.js';
import { runJobOnKubernetes } from './lifecycle/run-job.js';
import { startOnKubernetes } from './lifecycle/start.js';
import { stopOnKubernetes } from './lifecycle/stop.js';
import { execInDeployment } from './operate/exec.js';
import { hostsOf } from './operate/hosts.js';
import { showLogs } from './operate/logs/logs.js';
import { nodePortAddress } from './operate/port.js';
import { containerStatuses, podStatuses } from './operate/ps.js';
import { describeStatus } from './operate/status.js';

/** A deployment on Kubernetes as a {@link Deployer}. The client of the API server is loaded on demand. */
export class KubernetesDeployer implements Deployer {
  readonly #deployment: Deployment;
  readonly #identity: Identity;
  readonly #context: Context;

  constructor(deployment: Deployment, context: Context) {
    this.#deployment = deployment;
    this.#identity = identityOf(deployment);
    this.#context = context;
  }

  async start(options: StartOptions, changed: () => Promise<void>): Promise<boolean> {
    return startOnKubernetes(this.#deployment, options, changed, this.#context);
  }

  async stop(options: StopOptions): Promise<void> {
    await stopOnKubernetes(this.#deployment, options, this.#context);
  }

  async ps(): Promise<ContainerList> {
    const found = await this.#snapshot();
    const snapshot = { ...found, pods: found.pods.filter((pod) => !isJobPod(pod)) };
    const { namespace } = snapshot;
    return { containers: containerStatuses(snapshot), kubernetes: { namespace, pods: podStatuses(snapshot) } };
  }

  async status(judged: boolean): Promise<DeploymentStatus> {
    const prepared = judged ? await this.#prepare() : await this.#prepareQuietly();
    const snapshot = await this.#snapshot();
    const { layout, spec } = this.#deployment;
    const hosts =
      snapshot.ingresses.length === 0 ? [] : await hostsOf(await this.#api(), snapshot, spec.deployTo === 'k8s-kind');
    const expected = (prepared?.order ?? []).map(({ workload }) => workload);
    const described = describeStatus(snapshot, hosts, expected, Date.now());
    const rebuilt = servicesWithNewImages(prepared?.objects ?? [], snapshot.deployments);
    return {
      ...described,
      warnings: [...(await this.#secretWarnings(snapshot)), ...described.warnings],
      behind: [...(await behindParts(layout)), ...behindImages(layout, rebuilt)],
    };
  }

  /** Only for a deployment that exists in the cluster. */
  async #secretWarnings({ deployments }: Snapshot): Promise<string[]> {
    const { spec } = this.#deployment;
    if (deployments.length === 0 || spec.secrets.length === 0) return [];
    return (await missingSecrets(spec, this.#identity.namespace, await this.#api())).map(missingSecretText);
  }

  /** Used to report what is missing, as a side effect: broken files must not hide what runs. */
  async #prepareQuietly(): Promise<PreparedInput | undefined> {
    const report = { ...this.#context.report, warn: () => undefined };
    try {
      return await this.#prepare({}, { ...this.#context, report });
    } catch (error) {
      if (!isExplained(error)) throw error;
      this.#context.report.verbose(`the expected services are not known: ${error.message}`);
      return undefined;
    }
  }

  async logs(options: LogsOptions): Promise<void> {
    await showLogs(await this.#api(), this.#identity, options, this.#context);
  }

  async exec(options: ExecOptions): Promise<number> {
    return execInDeployment(await this.#connection(), this.#identity, options, this.#context);
  }

  async port(query: PortQuery): Promise<PublishedAddress> {
    return nodePortAddress(await this.#api(), this.#identity, query);
  }

  async runJob(job: string, options: JobOptions): Promise<number> {
    return runJobOnKubernetes(this.#deployment, job, options, this.#context);
  }

  async pushImages(): Promise<PushOutcome> {
    const used = await deploymentImages(this.#deployment, this.#context);
    const outcome = await pushDeploymentImages(this.#deployment, used, this.#context);
    const digests = outcome.images.flatMap(({ target, digest }) =>
      digest === undefined ? [] : [[target, digest] as const],
    );
    if (digests.length > 0) await this.#keepPushed(new Map(digests), outcome.complete);
    return outcome;
  }

  /** Recorded so that a start recreates pods with a new image. The images are in the registry even if this fails. */
  async #keepPushed(pushed: ReadonlyMap<string, string>, complete: boolean): Promise<void> {
    const { layout } = this.#deployment;
    const { report } = this.#context;
    const command = `laconic-so deployment --dir ${layout.root}`;
    try {
      await recordPushedImages(layout, pushed, this.#context);
      if (complete) report.info(`pods get the new values with: ${command} start`);
    } catch (error) {
      if (!isExplained(error)) throw error;
      report.warn(`${error.message}: pods get the new values with: ${command} restart`);
    }
  }

  async render(): Promise<string> {
    const certificates = certificatesIfAny(() => this.#api(), this.#context);
    const { objects } = await this.#prepare(this.#context.options.dryRun ? {} : { certificates });
    return renderObjects(objects.map(stamped));
  }

  /** Without its kind cluster a deployment has nothing: a valid answer, as for one that was never started. */
  async #snapshot(): Promise<Snapshot> {
    try {
      return await takeSnapshot(await this.#api(), this.#identity);
    } catch (error) {
      if (!(error instanceof NoKindClusterError)) throw error;
      this.#context.report.info(error.message);
      return emptySnapshot(this.#identity);
    }
  }

  /** With the ids of local images if this host's engine answers: they are part of what start applies. */
  async #prepare(more: Pick<ObjectsOptions, 'certificates'> = {}, context = this.#context): Promise<PreparedInput> {
    const imageIds = async (references: readonly string[]): Promise<Map<string, string>> => {
      try {
        return await imageIdsOf(await connectEngine(context), references);
      } catch (error) {
        if (!isExplained(error)) throw error;
        context.report.verbose(`the ids of local images are not known: ${error.message}`);
        return new Map();
      }
    };
    return prepareObjects(this.#deployment, { imageIds, requireToken: false, ...more }, context);
  }

  #connected: Promise<Connection> | undefined;

  async #connection(): Promise<Connection> {
    this.#connected ??= this.#connect();
    return this.#connected;
  }

  /** @throws NoKindClusterError if the deployment's kind cluster does not exist */
  async #connect(): Promise<Connection> {
    const target = clusterOf(this.#deployment);
    const { connectCluster } = await import('./api/connect.js');
    try {
      return await connectCluster(target, this.#context);
    } catch (error) {
      if (target.kind !== 'k8s-kind') throw error;
      throw await whyNoKindCluster(target.cluster, error, this.#context);
    }
  }

  async #api(): Promise<ClusterApi> {
    return (await this.#connection()).api;
  }
}
