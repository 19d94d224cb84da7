import type { Engine } from '../../../engine/connect.js';
import { type LabelledContainer, listLabelled } from '../../../engine/labelled.js';

/** A node of a kind cluster: a container. */
export interface KindNode {
  id: string;
  /** The container's name, and that of the Kubernetes node. */
  name: string;
  running: boolean;
  paused: boolean;
  controlPlane: boolean;
}

/** A kind cluster of this host. */
export interface KindCluster {
  readonly name: string;
  /** Made by this program, or by the Python one. */
  readonly ours: boolean;
  /** Control planes first, then by name. */
  readonly nodes: readonly KindNode[];
}

/** kind's own labels on the containers that are nodes. */
const clusterLabel = 'io.x-k8s.kind.cluster';
const roleLabel = 'io.x-k8s.kind.role';

/** On a node image whose clusters count as ours whatever their names are. */
const ownLabel = 'laconic.com/kind-cluster';
const ownName = /^laconic-[0-9a-z]+$/;

/** The kind clusters of this host, ordered by name: as `kind get clusters`, without needing that program. */
export async function listKindClusters(engine: Engine): Promise<KindCluster[]> {
  const byName = new Map<string, LabelledContainer[]>();
  for (const container of await listLabelled(engine, clusterLabel)) {
    const name = container.labels[clusterLabel] ?? '';
    // kind keeps other containers too: a load balancer, a registry of somebody's.
    if (!/^(control-plane|worker)$/.test(container.labels[roleLabel] ?? '')) continue;
    byName.set(name, [...(byName.get(name) ?? []), container]);
  }
  return [...byName]
    .map(([name, containers]) => clusterOf(name, containers))
    .sort((a, b) => (a.name < b.name ? -1 : 1));
}

function clusterOf(name: string, containers: readonly LabelledContainer[]): KindCluster {
  const nodes = containers.map(({ id, name: node, running, paused, labels }) => ({
    id,
    name: node,
    running,
    paused,
    controlPlane: labels[roleLabel] === 'control-plane',
  }));
  return {
    name,
    ours: ownName.test(name) || containers.some(({ labels }) => ownLabel in labels),
    nodes: nodes.sort((a, b) => Number(b.controlPlane) - Number(a.controlPlane)),
  };
}

/** Which cluster a deployment works with. */
export type ClusterChoice =
  | { kind: 'existing'; cluster: KindCluster /** It is not the one that was asked for. */; adopted: boolean }
  | { kind: 'missing' }
  /** Several of ours, and none of this name: somebody has to say which. */
  | { kind: 'ambiguous'; names: readonly string[] };

/**
 * The cluster of this name; else the one of ours that runs on this host.
 * @param fixed the spec names the cluster: no other one will do
 */
export function chooseCluster(clusters: readonly KindCluster[], name: string, fixed: boolean): ClusterChoice {
  const wanted = clusters.find((cluster) => cluster.name === name);
  if (wanted !== undefined) return { kind: 'existing', cluster: wanted, adopted: false };
  if (fixed) return { kind: 'missing' };
  const ours = clusters.filter((cluster) => cluster.ours);
  const [only] = ours;
  if (only === undefined) return { kind: 'missing' };
  if (ours.length > 1) return { kind: 'ambiguous', names: ours.map((cluster) => cluster.name) };
  return { kind: 'existing', cluster: only, adopted: true };
}

/** The cluster that a new deployment joins; undefined: it gets one of its own. */
export async function clusterToJoin(engine: Engine): Promise<string | undefined> {
  const ours = (await listKindClusters(engine)).filter((cluster) => cluster.ours);
  return ours.length === 1 ? ours[0]?.name : undefined;
}
