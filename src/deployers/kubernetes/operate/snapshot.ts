import type { ClusterApi, LiveObject } from '../api/api.js';
import { isOurs, namespaceOwner, ownerOf } from '../apply/ownership.js';
import type { Identity } from '../objects/common/identity.js';
import { viewNamespace } from '../api/namespace-view.js';
import { requestEach } from '../api/request-each.js';
import { needs, readAllowed } from '../api/permissions.js';
import { resources } from '../api/resources.js';
import type { IngressHosts } from '../ingress/host-certificates.js';
import { labelValue } from '../objects/common/names.js';
import type { DeploymentFacts, JobFacts, Meta, PodFacts } from '../ready/api-types.js';
import { WatchCache, watchedResources } from '../ready/watch-cache.js';
import type { ServiceFacts } from './published.js';

export interface IngressFacts {
  metadata: Meta;
  spec: IngressHosts;
  status?: { loadBalancer?: { ingress?: { ip?: string; hostname?: string }[] } };
}

/** The objects of a deployment in its cluster at one moment. */
export interface Snapshot {
  namespace: string;
  /** Everything in the namespace that affects readiness. */
  world: WatchCache;
  /** The deployment's own, sorted by name, without those that start hooks created. */
  deployments: DeploymentFacts[];
  jobs: JobFacts[];
  /** The pods of these, sorted by name. */
  pods: PodFacts[];
  claims: LiveObject[];
  services: ServiceFacts[];
  ingresses: IngressFacts[];
  /** Describes the cluster in messages; absent if there is none. */
  cluster?: string;
}

const listed = [...watchedResources, resources.Service, resources.Ingress];

/** Reads the objects of a deployment, in one list per kind. Empty without its namespace, or in another deployment's. */
export async function takeSnapshot(api: ClusterApi, identity: Identity): Promise<Snapshot> {
  const { namespace } = identity;
  const place = await viewNamespace(api, namespace);
  // If the account may not read it, labels alone show what is ours.
  const own = place === 'hidden' || (place !== undefined && namespaceOwner(place, identity).kind !== 'other');
  const read = (): Promise<LiveObject[][]> => requestEach(listed, (type) => api.list(type, { namespace }));
  const lists = own ? await readAllowed(api, namespace, needs(listed, 'list'), read) : [];
  const objects = lists.flat();
  const world = new WatchCache();
  for (const object of objects) world.note({ type: 'ADDED', object });
  const ours = (kind: string): LiveObject[] =>
    objects.filter((object) => object.kind === kind && isOurs(ownerOf(object, identity))).sort(byName);
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

/** The snapshot of a deployment whose cluster does not exist. */
export function emptySnapshot({ namespace }: Identity): Snapshot {
  return {
    namespace,
    world: new WatchCache(),
    deployments: [],
    jobs: [],
    pods: [],
    claims: [],
    services: [],
    ingresses: [],
  };
}

/** Returns the deployment's pods: both programs set the same labels. */
export function podsOf(world: WatchCache, identity: Identity): PodFacts[] {
  return world
    .all('Pod')
    .filter((pod) => isOwnPod(pod, identity))
    .sort(byName);
}

/** Whether a pod belongs to the deployment: to a Deployment or a Job. */
export function isOwnPod(pod: { metadata: Meta }, { deploymentId }: Identity): boolean {
  const label = pod.metadata.labels?.app;
  return label === labelValue(deploymentId) || label === labelValue(`${deploymentId}-job`);
}

/** Whether a Job created the pod, according to the pod itself. */
export function isJobPod(pod: { metadata: Meta }): boolean {
  return pod.metadata.ownerReferences?.some(({ kind }) => kind === 'Job') ?? false;
}

function byName(a: { metadata: { name: string } }, b: { metadata: { name: string } }): number {
  return a.metadata.name < b.metadata.name ? -1 : 1;
}
