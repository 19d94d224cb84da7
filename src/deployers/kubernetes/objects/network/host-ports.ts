import { isHostNetwork } from './pod-network.js';
import { podScope, type Scope, warn } from '../common/scope.js';

/** Ports of a kind node that are taken. */
const ingressPorts = new Map([80, 443].map((port) => [`${port}/tcp`, 'the ingress controller of the kind cluster']));

/**
 * Reports ports that pods with the host's network share with each other or with the ingress controller: a node has each
 * port once, so the second pod would wait for another node.
 */
export function reportHostPorts(scope: Scope): void {
  const owners = new Map<string, string>(scope.input.target === 'k8s-kind' ? ingressPorts : []);
  for (const podFile of scope.input.podFiles) {
    const own = podScope(scope, podFile, false);
    if (!isHostNetwork(own)) continue;
    const taken = new Set<string>();
    for (const service of own.services) {
      service.ports.forEach(({ target, protocol }, index) => {
        const port = `${target}/${protocol}`;
        const owner = owners.get(port);
        if (owner !== undefined) {
          const message = `${owner} has port ${port} of the node already: this pod waits for a node where it is free; use another port`;
          warn(own, service, ['ports', index], message);
        }
        taken.add(port);
      });
    }
    for (const port of taken) owners.set(port, owners.get(port) ?? `the pod ${podFile.name}`);
  }
}
