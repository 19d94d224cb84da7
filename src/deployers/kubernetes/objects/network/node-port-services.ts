import type { PortModel, ServiceModel } from '../../../../compose/model/types.js';
import type { PodFileInput } from '../common/input.js';
import { podSelector } from '../common/labels.js';
import { metadata } from '../common/metadata.js';
import type { KubernetesObject } from '../common/object.js';
import { isHostNetwork } from './pod-network.js';
import { podScope, type Scope } from '../common/scope.js';

/** The default range of node ports in a cluster. */
const range = { first: 30000, last: 32767 };

/** An assigned node port: the service and pod, and the ports of its Service. */
interface Taken {
  podFile: PodFileInput;
  service: string;
  ports: ServicePort[];
}

interface ServicePort {
  name?: string;
  port: number;
  targetPort: number;
  nodePort: number;
  protocol: string;
}

/**
 * Builds the NodePort Services: one for each node port in the spec's `network.ports`, with TCP and UDP together if a
 * pod has both, as a number belongs to one Service only. Pods in the host's network have their ports there already.
 * Entries without effect are warned about.
 */
export function nodePortServices(scope: Scope): KubernetesObject[] {
  const { input, names, findings } = scope;
  const services: KubernetesObject[] = [];
  const taken = new Map<number, Taken>();
  const plain = new Set<string>();
  for (const podFile of input.podFiles) {
    if (isHostNetwork(podScope(scope, podFile, false))) continue;
    for (const service of podFile.model.services.values()) {
      if (scope.podFileOf.get(service.name) !== podFile) continue;
      service.ports.forEach((port, index) => {
        const nodePort = wanted(scope, podFile, service, port, index);
        if (nodePort === undefined) return;
        const { target, protocol } = port;
        const entry = { port: target, targetPort: target, nodePort, protocol: protocol.toUpperCase() };
        const other = taken.get(nodePort);
        if (other !== undefined) {
          if (other.podFile === podFile && other.ports.every((each) => each.protocol !== entry.protocol)) {
            other.ports.push(entry);
            // Ports of a Service need names if there is more than one.
            for (const each of other.ports) each.name = `${each.protocol.toLowerCase()}-${each.port}`;
            return;
          }
          const message = `node port ${nodePort} is also requested for service ${other.service}: it is available once per node`;
          findings.errors.push(input.spec.yaml.problem(['network', 'ports', service.name, index], message));
          return;
        }
        const ports: ServicePort[] = [entry];
        taken.set(nodePort, { podFile, service: service.name, ports });
        const name = names.nodePort(target, protocol);
        const distinct = plain.has(name) ? names.nodePort(target, protocol, nodePort) : name;
        plain.add(name);
        services.push({
          apiVersion: 'v1',
          kind: 'Service',
          metadata: metadata(input, distinct),
          spec: { type: 'NodePort', selector: podSelector(input, podFile.name), ports },
        });
      });
    }
  }
  return services;
}

/** Returns the node port for a service's port; undefined if it gets none, with a warning if one may be expected. */
function wanted(
  { input, routedPorts, findings }: Scope,
  podFile: PodFileInput,
  service: ServiceModel,
  { published, host_ip: address, target }: PortModel,
  index: number,
): number | undefined {
  if (published === undefined) return undefined;
  const routed = routedPorts.get(service.name) === target;
  const warn = (why: string): undefined => {
    // The port is reached through the Ingress already.
    if (routed) return;
    const message = `port ${target} is reached inside the cluster only: ${why}`;
    if (input.spec.ports.has(service.name)) {
      findings.warnings.push(input.spec.yaml.problem(['network', 'ports', service.name, index], message));
    } else findings.warnings.push(podFile.model.problem(['services', service.name, 'ports', index], message));
  };
  const legal = `write "${range.first} to ${range.last}:${target}" for a node port`;
  if (!input.spec.ports.has(service.name)) {
    return warn(`network.ports of the spec has no ports for service ${service.name}; ${legal} there`);
  }
  const port = /^\d+$/.test(published) ? Number(published) : undefined;
  if (port === undefined || port < range.first || port > range.last) {
    return warn(`${published} is not a node port; ${legal}`);
  }
  if (address !== undefined && !['', '0.0.0.0', '::'].includes(address)) {
    return warn(`a node port is open on every address, not on ${address} alone; omit the address if that is intended`);
  }
  return port;
}
