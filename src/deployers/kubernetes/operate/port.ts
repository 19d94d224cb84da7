import { LaconicError } from '../../../system/errors.js';
import type { PortQuery } from '../../deployer.js';
import type { PublishedAddress } from '../../status.js';
import type { ClusterApi, LiveObject } from '../api/api.js';
import { unlessForbidden } from '../api/errors.js';
import { isOurs, ownerOf } from '../apply/ownership.js';
import type { Identity } from '../objects/common/identity.js';
import { resources } from '../api/resources.js';
import type { PodFacts } from '../ready/api-types.js';
import { runningPodContainer } from './find.js';
import { hostNetworkPorts, nodePorts, type Published, type ServiceFacts } from './published.js';

interface NodeFacts {
  status?: { addresses?: { type: string; address: string }[] };
}

/**
 * Returns the address of a service's port outside of the cluster: its node port on the node of its pod, or the port
 * itself if the pod uses the node's network.
 * @throws LaconicError if the service is unknown or not running, or the port is not published
 */
export async function nodePortAddress(
  api: ClusterApi,
  identity: Identity,
  query: PortQuery,
): Promise<PublishedAddress> {
  const { pod, container } = await runningPodContainer(api, identity, query);
  const published = [...hostNetworkPorts(pod, container), ...nodePorts(await ownServices(api, identity), pod)];
  const found = published.find(({ port, protocol }) => port === query.port && protocol === query.protocol);
  if (found === undefined) throw notPublished(query, published);
  return { ip: await nodeAddress(api, pod), port: found.nodePort };
}

async function ownServices(api: ClusterApi, identity: Identity): Promise<ServiceFacts[]> {
  const objects = await api.list(resources.Service, { namespace: identity.namespace });
  return objects.filter((one: LiveObject) => isOurs(ownerOf(one, identity))) as unknown as ServiceFacts[];
}

/** The address of a pod's node: the external one if there is one. */
async function nodeAddress(api: ClusterApi, pod: PodFacts): Promise<string> {
  const name = pod.spec.nodeName;
  // Nodes are cluster-scoped: not every account may read them, but the pod has one address, too.
  const node = name === undefined ? undefined : await api.get(resources.Node, name).catch(unlessForbidden);
  const addresses = (node as NodeFacts | undefined)?.status?.addresses ?? [];
  const best = ['ExternalIP', 'InternalIP'].map((type) => addresses.find((one) => one.type === type)).find(Boolean);
  const address = best?.address ?? pod.status?.hostIP;
  if (address === undefined) throw new LaconicError(`the address of node ${name ?? '(none)'} is not known`);
  return address;
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
