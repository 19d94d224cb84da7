import type { Deployment } from '../../../deployment/access/open.js';
import { connectEngine, type Engine } from '../../../engine/connect.js';
import type { Context } from '../../../system/context.js';
import { userIds } from '../../../system/user-ids.js';
import { Deadline } from '../../readiness/wait-timeout.js';
import { setActiveImages } from '../../../deployment/images/image-overrides.js';
import { podScripts, runPodScripts } from '../../pod-scripts.js';
import { runTransfers, transferLimits } from '../../transfer.js';
import type { StartOptions } from '../../deployer.js';
import { Certificates } from '../ingress/certificates.js';
import type { ClusterApi } from '../api/api.js';
import type { Connection } from '../api/connect.js';
import { apiOf, clusterOf } from '../api/deployment-cluster.js';
import { imageIdsOf, wantedImages } from '../kind/pod-images.js';
import { healthPatience } from '../objects/workloads/health-patience.js';
import type { Workload } from '../objects/workloads/start-order.js';
import { identityOf, type PreparedInput, prepareObjects } from '../input/prepare.js';
import { withSelectedAddresses } from '../input/selected-addresses.js';
import { deploymentContainers } from '../operate/transfer-containers.js';
import { needsOfWaiting, waitUntilReady } from '../ready/wait.js';
import { applyObjects } from '../apply/apply.js';
import { explainTakenPorts, warnAboutTraffic } from '../ingress/conflicts.js';
import { warnAboutCertificates } from '../ingress/host-certificates.js';
import { missingSecrets, missingSecretText } from '../input/missing-secrets.js';
import { ensureCaddy } from '../kind/caddy.js';
import { ensureCluster } from '../kind/ensure.js';
import { loadImages } from '../kind/load-images.js';
import { ensureMemlockClass } from '../kind/memlock.js';
import { previewKubernetesStart } from './preview.js';

/** Time for a cluster to make room for a pod: kind does not add nodes. */
export const schedulingTimeoutMs = { 'k8s-kind': 10_000, k8s: 90_000 } as const;

/**
 * Starts or updates a deployment as its directory describes, and waits until it is ready. A missing kind cluster is
 * created if allowed; everything else is checked before.
 * @param changed called after everything has been applied, before the wait
 * @returns see Deployer
 */
export async function startOnKubernetes(
  deployment: Deployment,
  options: StartOptions,
  changed: () => Promise<void>,
  context: Context,
): Promise<boolean> {
  const scripts = await startScripts(deployment, options, context);
  if (context.options.dryRun) {
    const { deployment: planned, files } = options.after ?? { deployment };
    const how = { ...chosenImages(options), ...(files && { files }) };
    const lines = await previewKubernetesStart(planned, options, how, context);
    await scripts.before();
    for (const line of lines) context.report.print(line);
    await scripts.after();
    await transfer(deployment, options, context);
    return false;
  }
  const kind = deployment.spec.deployTo === 'k8s-kind';
  const engine = kind ? await connectEngine(context) : undefined;
  const imageIds = engine && ((references: readonly string[]) => imageIdsOf(engine, references));
  let connected: Promise<ClusterApi> | undefined;
  const connect = (): Promise<ClusterApi> => (connected ??= apiOf(clusterOf(deployment), context));
  const certificates = new Certificates(connect);
  const how = {
    ...chosenImages(options),
    requireToken: true,
    certificates: (namespace: string) => certificates.valid(namespace),
    imageIds,
  };
  const fromFiles = await prepareObjects(deployment, how, context);
  const issuersMissing = !kind && (await certificates.tellMissing(fromFiles.objects, context));
  // In force until the next restart without images, as on the other target.
  if (options.images.size > 0) await setActiveImages(deployment.layout.images, options.images);
  await scripts.before();
  const begun: Start = {
    deployment,
    options,
    prepared: fromFiles,
    deadline: new Deadline(options.waitTimeout),
    context,
  };
  const cluster: StartCluster = engine ? await readyKindCluster(begun, engine) : { api: await connect() };
  const prepared = await withSelectedAddresses(fromFiles, cluster.api);
  const start = { ...begun, prepared };
  const { unlimitedMemlock, runtimeClass } = deployment.spec.security;
  if (unlimitedMemlock && runtimeClass === undefined) {
    await ensureMemlockClass(cluster.api, kind && (options.kubernetes?.manageCluster ?? false));
  }
  const written = await apply(start, cluster);
  await warnAboutTraffic(prepared, cluster.api, context);
  for (const name of await missingSecrets(deployment.spec, prepared.identity.namespace, cluster.api)) {
    context.report.warn(missingSecretText(name));
  }
  await scripts.after();
  await changed();
  await transfer(deployment, options, context);
  const workloads = prepared.order.map(({ workload }) => workload);
  if (options.wait) await awaitReady(start, cluster, workloads);
  context.report.endProgress();
  if (!issuersMissing) {
    await warnAboutCertificates(prepared, cluster.api, context);
  }
  return written;
}

/** Services may become ready only with the values that they get from others. */
async function transfer(deployment: Deployment, options: StartOptions, context: Context): Promise<void> {
  const { transfers } = deployment.stack;
  if (transfers.length === 0) return;
  const connect = async (): Promise<Connection> =>
    (await import('../api/connect.js')).connectCluster(clusterOf(deployment), context);
  let connection: Promise<Connection> | undefined;
  const containers = deploymentContainers(() => (connection ??= connect()), identityOf(deployment));
  await runTransfers(transfers, containers, context, transferLimits(options));
}

/** A start in progress. */
interface Start {
  deployment: Deployment;
  options: StartOptions;
  prepared: PreparedInput;
  deadline: Deadline;
  context: Context;
}

/** The cluster of a start. */
interface StartCluster {
  api: ClusterApi;
  /** See EnsuredCluster. */
  nodesStartedAt?: number;
}

/** Returns the deployment's kind cluster, after its images and ingress controller were updated. */
async function readyKindCluster(
  { deployment, options, prepared, deadline, context }: Start,
  engine: Engine,
): Promise<StartCluster> {
  const { spec, stack } = deployment;
  const manage = options.kubernetes?.manageCluster ?? false;
  // Loading the client takes a moment, during which the engine answers.
  const [{ name, nodesStartedAt, found }] = await bothDone([
    ensureCluster({ ...deployment, manage, waitTimeout: options.waitTimeout }, engine, context),
    import('../api/connect.js'),
  ]);
  const api = found?.api ?? (await apiOf({ kind: 'k8s-kind', cluster: name }, context));
  const images = wantedImages(prepared.objects, stack.containers, new Set(prepared.input.imageOverrides.values()));
  const wish = {
    cluster: name,
    image: spec.caddyIngressImage,
    email: spec.acmeEmail,
    install: manage,
    contents: found?.contents,
    nodesStartedAt,
  };
  const wait = options.wait && spec.httpProxy.length > 0;
  await bothDone([
    loadImages(name, images, engine, context, found?.contents),
    ensureCaddy({ ...wish, wait, deadline }, api, engine, context),
  ]);
  return { api, nodesStartedAt };
}

/** Returns both results. If one fails, it waits for the other: nothing runs on after the error message. */
async function bothDone<A, B>(work: [Promise<A>, Promise<B>]): Promise<[A, B]> {
  await Promise.allSettled(work);
  return Promise.all(work);
}

async function apply(start: Start, cluster: StartCluster): Promise<boolean> {
  const { prepared, options, context } = start;
  const ordered = prepared.order.some(({ after }) => after.some(({ condition }) => condition === 'ready'));
  if (!options.wait && ordered) {
    context.report.warn('--no-wait: dependencies are not awaited, the order of depends_on is not kept');
  }
  return applyObjects(
    prepared.identity,
    prepared.objects,
    cluster.api,
    {
      order: prepared.order,
      awaitReady: async (workloads) => {
        if (options.wait) await awaitReady(start, cluster, workloads);
      },
      forceConflicts: options.kubernetes?.forceConflicts ?? false,
      goneSeconds: options.waitTimeout,
      later: options.wait ? needsOfWaiting : [],
      ...(options.restart === true ? { restartedAt: new Date().toISOString() } : {}),
    },
    context,
  ).catch(async (error: unknown) => {
    throw await explainTakenPorts(error, prepared.input, cluster.api);
  });
}

async function awaitReady(start: Start, cluster: StartCluster, workloads: readonly Workload[]): Promise<void> {
  const { prepared, options, deadline, context } = start;
  deadline.begin();
  const { identity, input } = prepared;
  await waitUntilReady({
    ...cluster,
    namespace: identity.namespace,
    awaited: workloads,
    deadline,
    steadySeconds: options.steadySeconds,
    schedulingTimeoutMs: schedulingTimeoutMs[input.target],
    healthPatience: healthPatience(input),
    context,
  });
}

/** A restart without images drops those of earlier restarts; its dry run leaves them in the file. */
function chosenImages(options: StartOptions): { images?: ReadonlyMap<string, string>; requireToken: boolean } {
  const { images, restart } = options;
  return images.size > 0 || restart === true ? { images, requireToken: false } : { requireToken: false };
}

/** Returns the scripts of the pods, which run on this host. */
async function startScripts(
  deployment: Deployment,
  { waitTimeout }: StartOptions,
  context: Context,
): Promise<{ before: () => Promise<void>; after: () => Promise<void> }> {
  const project = {
    name: deployment.record.clusterId,
    env: { ...context.env, ...userIds(), ...(context.options.debug ? { CERC_SCRIPT_DEBUG: 'true' } : {}) },
  };
  const [before, after] = await Promise.all([
    podScripts(deployment, 'preStartCommand'),
    podScripts(deployment, 'postStartCommand'),
  ]);
  return {
    before: () => runPodScripts(before, project, context, waitTimeout),
    after: () => runPodScripts(after, project, context, waitTimeout),
  };
}
