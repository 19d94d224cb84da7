import type { PodFacts } from '../ready/api-types.js';
import { lastingContainersOf } from '../ready/pod.js';

export interface ServiceFacts {
  metadata: { name: string; annotations?: Record<string, string> };
  spec: {
    type?: string;
    externalName?: string;
    selector?: Record<string, string>;
    ports?: { port: number; targetPort?: number | string; nodePort?: number; protocol?: string }[];
  };
}

/** A port of a pod that is published on the nodes. */
export interface Published {
  port: number;
  /** `tcp`, `udp`, `sctp` */
  protocol: string;
  nodePort: number;
}

/** Returns the ports that Services publish for a pod on every node. Pure. */
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

/** Returns the ports of a container in the node's network. Pure. */
export function hostNetworkPorts(pod: PodFacts, container: string): Published[] {
  if (pod.spec.hostNetwork !== true) return [];
  const ports = lastingContainersOf(pod).find(({ spec }) => spec.name === container)?.spec.ports ?? [];
  return ports.map(({ containerPort, protocol = 'TCP' }) => ({
    port: containerPort,
    protocol: protocol.toLowerCase(),
    nodePort: containerPort,
  }));
}
