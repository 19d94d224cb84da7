import type { PortModel, ServiceModel } from '../../../compose/model/types.js';
import type { PodInput } from './input.js';
import { podSelector } from './labels.js';
import { metadata } from './metadata.js';
import type { KubernetesObject } from './object.js';
import { isHostNetwork } from './pod-network.js';
import { podScope, type Scope } from './scope.js';

/** What a cluster gives out as node ports unless it is configured otherwise. */
const range = { first: 30000, last: 32767 };

/**
 * The NodePort Services (04 §4.7, decision 22): one for each entry of the spec's `network.ports` that names a port of 30000–32767. Pods
 * of the host's network have their ports there already (K-27). Entries that nothing is made of are warned about.
 */
export function nodePortServices(scope: Scope): KubernetesObject[] {
  const { input, names, findings } = scope;
  const services: KubernetesObject[] = [];
  const taken = new Map<number, string>();
  const plain = new Set<string>();
  for (const pod of input.pods) {
    if (isHostNetwork(podScope(scope, pod, false))) continue;
    for (const service of pod.model.services.values()) {
      if (scope.podOf.get(service.name) !== pod) continue;
      service.ports.forEach((port, index) => {
        const nodePort = wanted(scope, pod, service, port, index);
        if (nodePort === undefined) return;
        const other = taken.get(nodePort);
        if (other !== undefined) {
          const message = `node port ${nodePort} is wanted for service ${other} as well: a node has it once`;
          findings.errors.push(input.spec.yaml.problem(['network', 'ports', service.name, index], message));
          return;
        }
        taken.set(nodePort, service.name);
        const name = names.nodePort(port.target, port.protocol);
        const distinct = plain.has(name) ? names.nodePort(port.target, port.protocol, nodePort) : name;
        plain.add(name);
        services.push({
          apiVersion: 'v1',
          kind: 'Service',
          metadata: metadata(input, distinct),
          spec: {
            type: 'NodePort',
            selector: podSelector(input, pod.name),
            ports: [{ port: port.target, targetPort: port.target, nodePort, protocol: port.protocol.toUpperCase() }],
          },
        });
      });
    }
  }
  return services;
}

/** The node port of a port of a service; undefined, with a warning where somebody expects one, when it gets none. */
function wanted(
  { input, routedPorts, findings }: Scope,
  pod: PodInput,
  service: ServiceModel,
  { published, host_ip: address, target }: PortModel,
  index: number,
): number | undefined {
  if (published === undefined) return undefined;
  const routed = routedPorts.get(service.name) === target;
  const warn = (why: string): undefined => {
    // Who publishes a port on Compose that the Ingress leads to has it already.
    if (routed) return;
    const message = `port ${target} is reached inside of the cluster only: ${why}`;
    if (input.spec.ports.has(service.name)) {
      findings.warnings.push(input.spec.yaml.problem(['network', 'ports', service.name, index], message));
    } else findings.warnings.push(pod.model.problem(['services', service.name, 'ports', index], message));
  };
  const legal = `write "${range.first} to ${range.last}:${target}" for a node port`;
  if (!input.spec.ports.has(service.name)) {
    return warn(`network.ports of the spec has no ports for service ${service.name}; ${legal} there`);
  }
  const port = /^\d+$/.test(published) ? Number(published) : undefined;
  if (port === undefined || port < range.first || port > range.last) {
    return warn(`${published} is no node port; ${legal}`);
  }
  if (address !== undefined && !['', '0.0.0.0', '::'].includes(address)) {
    return warn(
      `a node port is open on every address, not on ${address} alone; leave the address out if that is meant`,
    );
  }
  return port;
}
