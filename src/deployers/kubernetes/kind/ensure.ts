import { homedir } from 'node:os';
import { join } from 'node:path';
import type { DeploymentLayout } from '../../../deployment/directory/layout.js';
import { type DeploymentRecord, editRecord } from '../../../deployment/directory/record.js';
import type { Engine } from '../../../engine/connect.js';
import { type ContainerWiring, type StartedWiring, startContainer, wiringOf } from '../../../engine/labelled.js';
import type { Spec } from '../../../spec/model.js';
import type { Context } from '../../../system/context.js';
import { InvalidFileError, LaconicError } from '../../../system/errors.js';
import { readText, readTextIfAny, writeFileAtomically } from '../../../system/files/files.js';
import type { ClusterApi } from '../api/api.js';
import { resources } from '../api/resources.js';
import { apiOf, clusterNameOf } from '../api/deployment-cluster.js';
import { chooseCluster, type ClusterChoice, type KindCluster, listKindClusters } from './clusters.js';
import { type KindConfig, parseKindConfig } from './config.js';
import { awaitApiServer, ensureKubeContext } from './kube-context.js';
import { createCluster, lockCluster, rememberMade } from './create.js';
import { hasMemlockClass, isMemlockSpec, memlockSpecFile } from './memlock.js';
import { discardCluster, isHalfCreated } from './recover-cluster.js';
import { canonicalPaths, misfitAdvice, misfits } from './misfits.js';
import { NodeContents } from './load-images.js';
import { noKindCluster, NoKindClusterError } from './no-cluster.js';
import { placeOnKind } from '../objects/storage/volume-places.js';
import { isBelow } from '../../../system/files/path-names.js';

/** Name of the file in the deployment directory with the configuration of the cluster. */
export const kindConfigFile = 'kind-config.yml';

/** Seconds for the API server of a running node to answer, and for that of one that has just been started. */
const answerSeconds = { running: 30, started: 120 };

/** The deployment that needs a cluster. */
export interface ClusterWish {
  readonly layout: Pick<DeploymentLayout, 'root' | 'deployment'>;
  readonly record: Pick<DeploymentRecord, 'clusterId' | 'deploymentId'>;
  readonly spec: Pick<Spec, 'kindClusterName' | 'kindMountRoot' | 'volumes' | 'yaml'>;
  /** False with --skip-cluster-management: a missing cluster is an error. */
  readonly manage: boolean;
  /** Seconds to wait for the API server of an existing cluster (`--wait-timeout`); absent: the default. */
  readonly waitTimeout?: number | undefined;
}

export interface EnsuredCluster {
  /** The kube context is `kind-<name>`. */
  readonly name: string;
  readonly created: boolean;
  /** When a node was last started, in milliseconds since 1970; absent: it was created now. */
  readonly nodesStartedAt?: number;
  /** A connection to an existing cluster, and the images on its nodes; absent for one that was just created. */
  readonly found?: { readonly api: ClusterApi; readonly contents: NodeContents };
}

/**
 * Ensures the deployment's kind cluster, running and with a context in the operator's kubeconfig: the one of its name;
 * else our only one on this host, which is then written into deployment.yml; else a new one. The caller holds the
 * deployment's lock. Prints `Using existing cluster: C` or `Creating new cluster: C`.
 * @throws LaconicError if there is none and none may be created, or if it lacks what kind-config.yml requires
 */
export async function ensureCluster(request: ClusterWish, engine: Engine, context: Context): Promise<EnsuredCluster> {
  const name = clusterNameOf(request);
  const config = await readConfig(request.layout);
  if (engine.local) await refuseLeadingOut(request);
  const choice = await choose(request, engine);
  if (choice.kind === 'existing' && !(await isHalfCreated(choice.cluster.name, context))) {
    return joinCluster(choice.cluster, config, request, engine, context);
  }
  if (choice.kind === 'ambiguous') throw ambiguous(name, choice.names);
  if (!request.manage) throw missing(name);

  const wanted = choice.kind === 'existing' ? choice.cluster.name : name;
  const lock = await lockCluster(wanted, context);
  // The lock identifies processes left over from a killed creation, which are ended before another one begins.
  const inside = { ...context, env: { ...context.env, LACONIC_SO_LOCK: lock.token } };
  try {
    // Somebody else may have created it in the meantime.
    const now = chooseCluster(await listKindClusters(engine), wanted, true);
    if (now.kind === 'existing' && !(await isHalfCreated(wanted, context))) {
      return await joinCluster(now.cluster, config, request, engine, context);
    }
    if (now.kind === 'existing') {
      context.report.info(`the creation of the kind cluster ${wanted} did not finish: it is recreated`);
      await discardCluster(wanted, inside);
    }
    const file = join(request.layout.root, kindConfigFile);
    if (config === undefined) throw noConfig(file);
    await createCluster(wanted, config, { text: await readText(file), file }, inside);
    const made = chooseCluster(await listKindClusters(engine), wanted, true);
    if (made.kind === 'existing') await rememberMade(made.cluster, context);
  } finally {
    await lock.release();
  }
  await writeClusterId(wanted, request);
  return { name: wanted, created: true };
}

/**
 * A link below the mount root to a place outside of it is dangling in the node: the data would be written inside the
 * node, and lost with the cluster.
 */
async function refuseLeadingOut({ spec, layout }: ClusterWish): Promise<void> {
  if (spec.kindMountRoot === undefined) return;
  const places = [...spec.volumes.keys()].flatMap((volume) => {
    const place = placeOnKind(volume, spec, layout.root, homedir());
    return place === undefined || place.ownMount ? [] : [{ volume, path: place.hostPath }];
  });
  const canonical = await canonicalPaths([spec.kindMountRoot, ...places.map(({ path }) => path)]);
  const problems = places.flatMap(({ volume, path }) => {
    if (isBelow(canonical(path), canonical(spec.kindMountRoot ?? ''))) return [];
    return [
      spec.yaml.problem(
        ['volumes', volume],
        `${path} is a link out of kind-mount-root, to ${canonical(path)}, which the kind node does not have: write that path, or move the data`,
      ),
    ];
  });
  if (problems.length > 0) throw new InvalidFileError(problems);
}

async function choose(request: ClusterWish, engine: Engine): Promise<ClusterChoice> {
  return chooseCluster(
    await listKindClusters(engine),
    clusterNameOf(request),
    request.spec.kindClusterName !== undefined,
  );
}

async function readConfig({ root }: ClusterWish['layout']): Promise<KindConfig | undefined> {
  const file = join(root, kindConfigFile);
  const text = await readTextIfAny(file);
  return text === undefined ? undefined : parseKindConfig(text, file);
}

/** Makes a running cluster usable for this deployment. Changes nothing in it, except that stopped nodes are started. */
async function joinCluster(
  cluster: KindCluster,
  config: KindConfig | undefined,
  request: ClusterWish,
  engine: Engine,
  context: Context,
): Promise<EnsuredCluster> {
  const { report } = context;
  report.print(`Using existing cluster: ${cluster.name}`);
  const live = await wiringOfAll(cluster, engine);
  if (config !== undefined) await checkFit(cluster, config, live, engine);
  const paused = cluster.nodes.find((node) => node.paused);
  if (paused !== undefined) {
    const hint = `docker unpause ${paused.name} continues it`;
    throw new LaconicError(`the node ${paused.name} of the cluster ${cluster.name} is paused`, { hint });
  }
  const stopped = cluster.nodes.filter(({ running }) => !running);
  for (const node of stopped) {
    report.info(`the node ${node.name} is stopped: starting it`);
    await startContainer(engine, node);
  }
  const { startedAt } = stopped.length > 0 ? await wiringOfAll(cluster, engine) : live;
  const contents = new NodeContents(cluster.nodes, context);
  const fresh = stopped.length > 0 || Date.now() - startedAt < answerSeconds.started * 1_000;
  // Asked first, as the answer takes longer than everything below. A node that has just been started cannot answer yet.
  if (!fresh) contents.ask();
  await ensureKubeContext(cluster, engine, context);
  const api = await apiOf({ kind: 'k8s-kind', cluster: cluster.name }, context);
  const seconds = fresh ? answerSeconds.started : answerSeconds.running;
  await awaitApiServer(api, Math.min(seconds, request.waitTimeout ?? seconds), context);
  if (config !== undefined) checkLabels(cluster, config, await api.list(resources.Node, {}));
  if (config?.memlock === true) await checkMemlock(cluster, live, request, api);
  await writeClusterId(cluster.name, request);
  return { name: cluster.name, created: false, nodesStartedAt: startedAt, found: { api, contents } };
}

async function wiringOfAll(cluster: KindCluster, engine: Engine): Promise<StartedWiring> {
  const each = await Promise.all(cluster.nodes.map(({ id }) => wiringOf(engine, id)));
  return {
    startedAt: Math.max(...each.map(({ startedAt }) => startedAt)),
    binds: each.flatMap(({ binds }) => binds),
    ports: each.flatMap(({ ports }) => ports),
  };
}

async function checkFit(
  cluster: KindCluster,
  config: KindConfig,
  live: ContainerWiring,
  engine: Engine,
): Promise<void> {
  const paths = [...config.mounts, ...live.binds].map(({ hostPath }) => hostPath);
  // For a remote engine, the paths of this host mean nothing.
  const canonical = engine.local ? await canonicalPaths(paths) : (path: string) => path;
  const { lines, mounts } = misfits(config, live, canonical);
  if (lines.length === 0) return;
  throw new LaconicError(
    [`the kind cluster ${cluster.name} lacks what this deployment needs:`, ...lines].join('\n  '),
    {
      hint: misfitAdvice(cluster.name, live, mounts),
    },
  );
}

function checkLabels(
  cluster: KindCluster,
  config: KindConfig,
  nodes: readonly { metadata: { labels?: Record<string, string> } }[],
): void {
  const there = new Set(
    nodes.flatMap(({ metadata }) => Object.entries(metadata.labels ?? {}).map((pair) => pair.join('='))),
  );
  const lacking = config.nodeLabels.filter((label) => !there.has(label));
  if (lacking.length === 0) return;
  throw new LaconicError(`no node of the kind cluster ${cluster.name} has the label ${lacking.join(', ')}`, {
    hint: `add it: kubectl --context kind-${cluster.name} label node ${cluster.nodes[0]?.name ?? '<node>'} ${lacking.join(' ')}`,
  });
}

/** The runtime is there if the nodes were created with it, or if somebody has added it to them, with its class. */
async function checkMemlock(
  cluster: KindCluster,
  live: ContainerWiring,
  { layout }: ClusterWish,
  api: ClusterApi,
): Promise<void> {
  if (live.binds.some(({ containerPath }) => isMemlockSpec(containerPath)) || (await hasMemlockClass(api))) return;
  throw new LaconicError(
    `the nodes of the kind cluster ${cluster.name} lack the container runtime that security.unlimited-memlock of the spec needs`,
    {
      hint: `give the deployment its own cluster with kind-cluster-name in the spec, or add the runtime to these nodes, with ${join(layout.root, memlockSpecFile)}: see docs/kubernetes.md, "Locked memory"`,
    },
  );
}

/** Writes the name that was found or created into deployment.yml, so that later commands use this cluster. */
async function writeClusterId(name: string, { layout, record, spec }: ClusterWish): Promise<void> {
  if (spec.kindClusterName !== undefined || record.clusterId === name) return;
  const file = layout.deployment;
  // A deployment without its own deployment-id would change its id with the cluster's.
  const changes = { clusterId: name, deploymentId: record.deploymentId };
  await writeFileAtomically(file, editRecord(await readText(file), file, changes));
}

function missing(name: string): LaconicError {
  return new NoKindClusterError(
    name,
    undefined,
    'start creates it when it is called without --skip-cluster-management',
  );
}

function ambiguous(name: string, names: readonly string[]): LaconicError {
  return new LaconicError(`${noKindCluster(name)}, and several others that could be meant: ${names.join(', ')}`, {
    hint: 'name one with kind-cluster-name in the spec and run deploy create --update',
  });
}

function noConfig(file: string): LaconicError {
  return new LaconicError(`${file} is missing: it describes the kind cluster`, {
    hint: 'run deploy create --update to recreate it',
  });
}
