import type { ClusterApi, LiveObject } from '../cluster/api.js';
import type { Identity } from '../cluster/identity.js';
import { namespaceOwner, ownerOf } from '../cluster/identity.js';
import { viewNamespace } from '../cluster/namespace-view.js';
import { inParallel } from '../cluster/parallel.js';
import { needs, readAllowed } from '../cluster/permissions.js';
import { resources } from '../cluster/resources.js';
import type { IngressHosts } from '../host-certificates.js';
import { labelValue } from '../objects/names.js';
import type { DeploymentFacts, JobFacts, Meta, PodFacts } from '../ready/facts.js';
import { World } from '../ready/world.js';
import type { ServiceFacts } from './published.js';

export interface IngressFacts {
  metadata: Meta;
  spec: IngressHosts;
  status?: { loadBalancer?: { ingress?: { ip?: string; hostname?: string }[] } };
}

/** What a deployment has on its cluster at one moment. */
export interface Snapshot {
  namespace: string;
  /** Everything in the namespace that decides about readiness. */
  world: World;
  /** The deployment's own, ordered by name; what start hooks made is not among them. */
  deployments: DeploymentFacts[];
  jobs: JobFacts[];
  /** The pods of these, ordered by name. */
  pods: PodFacts[];
  claims: LiveObject[];
  services: ServiceFacts[];
  ingresses: IngressFacts[];
  /** What messages call the cluster; absent: there is none. */
  cluster?: string;
}

const listed = [
  resources.Deployment,
  resources.ReplicaSet,
  resources.Pod,
  resources.Job,
  resources.PersistentVolumeClaim,
  resources.Event,
  resources.Service,
  resources.Ingress,
];

/**
 * Reads what the cluster has of a deployment, in one list per kind. Without its namespace, or in somebody else's, there
 * is nothing.
 */
export async function takeSnapshot(api: ClusterApi, identity: Identity): Promise<Snapshot> {
  const { namespace } = identity;
  const place = await viewNamespace(api, namespace);
  // Where the account may not look at it, labels alone tell what is ours.
  const own = place === 'hidden' || (place !== undefined && namespaceOwner(place, identity).kind !== 'other');
  const read = (): Promise<LiveObject[][]> => inParallel(listed, (type) => api.list(type, { namespace }));
  const lists = own ? await readAllowed(api, namespace, needs(listed, 'list'), read) : [];
  const objects = lists.flat();
  const world = new World();
  for (const object of objects) world.note({ type: 'ADDED', object });
  const ours = (kind: string): LiveObject[] =>
    objects.filter((object) => object.kind === kind && isOurs(object, identity)).sort(byName);
  const deployments = ours('Deployment') as unknown as DeploymentFacts[];
  const jobs = ours('Job') as unknown as JobFacts[];
  return {
    namespace,
    world,
    deployments,
    jobs,
    pods: podsOf(world, identity),
    claims: ours('PersistentVolumeClaim'),
    services: ours('Service') as unknown as ServiceFacts[],
    ingresses: ours('Ingress') as unknown as IngressFacts[],
    cluster: api.description,
  };
}

/** What there is of a deployment whose cluster does not exist. */
export function emptySnapshot({ namespace }: Identity): Snapshot {
  return {
    namespace,
    world: new World(),
    deployments: [],
    jobs: [],
    pods: [],
    claims: [],
    services: [],
    ingresses: [],
  };
}

/** True for an object that a start of this deployment made, by this program or the Python one. */
export function isOurs(object: LiveObject, identity: Identity): boolean {
  const { kind } = ownerOf(object, identity);
  return kind === 'ours' || kind === 'old';
}

/** The deployment's pods: their labels are the same whoever made them. */
export function podsOf(world: World, identity: Identity): PodFacts[] {
  return world
    .all('Pod')
    .filter((pod) => isOwnPod(pod, identity))
    .sort(byName);
}

/** Whether a pod is one of the deployment's: of a Deployment or of a Job. */
export function isOwnPod(pod: { metadata: Meta }, { app }: Identity): boolean {
  const label = pod.metadata.labels?.app;
  return label === labelValue(app) || label === labelValue(`${app}-job`);
}

/** A pod that a Job made, as far as the pod itself tells. */
export function isJobPod(pod: { metadata: Meta }): boolean {
  return pod.metadata.ownerReferences?.some(({ kind }) => kind === 'Job') ?? false;
}

function byName(a: { metadata: { name: string } }, b: { metadata: { name: string } }): number {
  return a.metadata.name < b.metadata.name ? -1 : 1;
}
