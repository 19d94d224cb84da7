import type { Engine } from '../../../engine/connect.js';
import { type LabelledContainer, listLabelled } from '../../../engine/labelled.js';

/** A node of a kind cluster, which is a container. */
export interface KindNode {
  id: string;
  /** Name of the container and of the Kubernetes node. */
  name: string;
  running: boolean;
  paused: boolean;
  controlPlane: boolean;
}

/** A kind cluster on this host. */
export interface KindCluster {
  readonly name: string;
  /** Created by this program, or by the Python one. */
  readonly ours: boolean;
  /** Control planes first, then by name. */
  readonly nodes: readonly KindNode[];
}

/** kind's own labels on node containers. */
const clusterLabel = 'io.x-k8s.kind.cluster';
const roleLabel = 'io.x-k8s.kind.role';

/** Label of a node image: its clusters count as ours, whatever their names. */
const ownLabel = 'laconic.com/kind-cluster';
const ownName = /^laconic-[0-9a-z]+$/;

/** Returns the kind clusters of this host, sorted by name: like `kind get clusters`, but without that program. */
export async function listKindClusters(engine: Engine): Promise<KindCluster[]> {
  const byName = new Map<string, LabelledContainer[]>();
  for (const container of await listLabelled(engine, clusterLabel)) {
    const name = container.labels[clusterLabel] ?? '';
    // kind also labels other containers, such as a load balancer or somebody's registry.
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

/** The cluster for a deployment. */
export type ClusterChoice =
  | { kind: 'existing'; cluster: KindCluster /** It is not the one that was asked for. */; adopted: boolean }
  | { kind: 'missing' }
  /** Several that laconic-so created, and none of this name: the operator must choose. */
  | { kind: 'ambiguous'; names: readonly string[] };

/**
 * Returns the cluster of this name; else our only one on this host.
 * @param fixed the spec names the cluster: no other is used
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

/** Returns the cluster that a new deployment joins; undefined: it gets its own. */
export async function clusterToJoin(engine: Engine): Promise<string | undefined> {
  const ours = (await listKindClusters(engine)).filter((cluster) => cluster.ours);
  return ours.length === 1 ? ours[0]?.name : undefined;
}
