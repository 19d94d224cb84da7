import { LaconicError } from '../../../system/errors.js';
import type { PortQuery } from '../../deployer.js';
import { formatAddress } from '../../status-text.js';
import type { ClusterApi, LiveObject } from '../cluster/api.js';
import { ClusterError } from '../cluster/errors.js';
import type { Identity } from '../cluster/identity.js';
import { resources } from '../cluster/resources.js';
import type { PodFacts } from '../ready/facts.js';
import { lastingContainersOf } from '../ready/pod.js';
import { runningContainer } from './find.js';
import { isOurs } from './snapshot.js';

interface ServiceFacts {
  metadata: { name: string };
  spec: {
    type?: string;
    selector?: Record<string, string>;
    ports?: { port: number; targetPort?: number | string; nodePort?: number; protocol?: string }[];
  };
}

interface NodeFacts {
  status?: { addresses?: { type: string; address: string }[] };
}

/** A port of a pod that is reached at the nodes. */
interface Published {
  port: number;
  protocol: string;
  nodePort: number;
}

/**
 * The address at which a port of a service is reached from outside of the cluster (02 §7.6, K-13): its node port at the node of its pod,
 * or the port itself of a pod in the node's own network.
 * @throws LaconicError when the service is unknown or not running, or the port is not published
 */
export async function publishedPort(api: ClusterApi, identity: Identity, query: PortQuery): Promise<string> {
  const { pod, container } = await runningContainer(api, identity, query);
  const published = [...hostNetworkPorts(pod, container), ...nodePorts(await ownServices(api, identity), pod)];
  const found = published.find(({ port, protocol }) => port === query.port && protocol === query.protocol);
  if (found === undefined) throw notPublished(query, published);
  return formatAddress({ ip: await nodeAddress(api, pod), port: found.nodePort });
}

async function ownServices(api: ClusterApi, identity: Identity): Promise<ServiceFacts[]> {
  const objects = await api.list(resources.Service, { namespace: identity.namespace });
  return objects.filter((one: LiveObject) => isOurs(one, identity)) as unknown as ServiceFacts[];
}

/** The ports that Services open for a pod at every node. Pure. */
export function nodePorts(services: readonly ServiceFacts[], pod: PodFacts): Published[] {
  const labels = pod.metadata.labels ?? {};
  return services
    .filter(({ spec }) => spec.type === 'NodePort' || spec.type === 'LoadBalancer')
    .filter(({ spec }) => Object.entries(spec.selector ?? {}).every(([key, value]) => labels[key] === value))
    .flatMap(({ spec }) => spec.ports ?? [])
    .flatMap(({ port, targetPort, nodePort, protocol = 'TCP' }) =>
      nodePort === undefined
        ? []
        : [{ port: typeof targetPort === 'number' ? targetPort : port, protocol: protocol.toLowerCase(), nodePort }],
    );
}

function hostNetworkPorts(pod: PodFacts, container: string): Published[] {
  if (pod.spec.hostNetwork !== true) return [];
  const ports = lastingContainersOf(pod).find(({ spec }) => spec.name === container)?.spec.ports ?? [];
  return ports.map(({ containerPort, protocol = 'TCP' }) => ({
    port: containerPort,
    protocol: protocol.toLowerCase(),
    nodePort: containerPort,
  }));
}

/** The address of a pod's node that is reached from furthest away. */
async function nodeAddress(api: ClusterApi, pod: PodFacts): Promise<string> {
  const name = pod.spec.nodeName;
  const node = name === undefined ? undefined : await api.get(resources.Node, name).catch(unlessForbidden);
  const addresses = (node as NodeFacts | undefined)?.status?.addresses ?? [];
  const best = ['ExternalIP', 'InternalIP'].map((type) => addresses.find((one) => one.type === type)).find(Boolean);
  const address = best?.address ?? pod.status?.hostIP;
  if (address === undefined) throw new LaconicError(`the address of node ${name ?? '(none)'} is not known`);
  return address;
}

/** Nodes are the cluster's: not every account may look at them, and the pod knows one address itself. */
function unlessForbidden(error: unknown): undefined {
  if (error instanceof ClusterError && error.status === 403) return undefined;
  throw error;
}

function notPublished({ service, port, protocol }: PortQuery, published: readonly Published[]): LaconicError {
  const others = published.map((one) => `${one.port}/${one.protocol}`);
  return new LaconicError(`port ${port}/${protocol} of service "${service}" is not published`, {
    hint:
      others.length === 0
        ? 'a port is published where the spec gives it a node port (network.ports, 30000-32767), or by http-proxy as a host name'
        : `published: ${others.join(', ')}`,
  });
}
