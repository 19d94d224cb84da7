import { isIP } from 'node:net';
import type { V1HostAlias } from '@kubernetes/client-node';
import type { ServiceModel } from '../../../../compose/model/types.js';
import { quote } from '../../../../system/yaml/yaml.js';
import { type PodScope, refuse, warn } from '../common/scope.js';

const loopback = '127.0.0.1';
const hostName = /^[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)*$/;

/**
 * Returns the lines of a pod's `/etc/hosts`: its services at the loopback address, which they share, then
 * `extra_hosts`. One entry per address, as the API merges entries by address. A service that is alone in its pod is
 * found through its headless Service, so that a process that binds to its own name can be reached.
 */
export function hostAliases(scope: PodScope): V1HostAlias[] {
  const addresses = new Map<string, Set<string>>();
  // As on Compose, extra_hosts overrides a service's name.
  const given = new Set(scope.services.flatMap(({ extra_hosts: hosts }) => [...hosts.keys()]));
  const add = (address: string, host: string): void => {
    addresses.set(address, (addresses.get(address) ?? new Set()).add(host));
  };
  if (scope.services.length > 1) {
    for (const { name } of scope.services) {
      const host = scope.names.headlessService(name);
      if (host !== undefined && !given.has(name)) add(loopback, host);
    }
  }
  const known = new Map<string, readonly string[]>();
  for (const service of scope.services) {
    for (const [host, ips] of service.extra_hosts) {
      if (!isUsable(scope, service, host, ips)) continue;
      const other = known.get(host);
      if (other !== undefined && other.join() !== ips.join()) {
        const message = `another service of the pod ${scope.podFile.name} gives it the address ${other.join(', ')}, and they share their host names: use one address`;
        refuse(scope, service, ['extra_hosts', host], message);
      }
      known.set(host, ips);
      for (const ip of ips) add(ip, host.toLowerCase());
    }
  }
  return [...addresses].map(([ip, hosts]) => ({ ip, hostnames: [...hosts] }));
}

function isUsable(scope: PodScope, service: ServiceModel, host: string, ips: readonly string[]): boolean {
  const key = ['extra_hosts', host];
  if (ips.includes('host-gateway')) {
    const message = `host-gateway: a pod does not know the address of the host; ${host} is not resolved on Kubernetes: write the address`;
    // A name that no value mentions may be left over from another use of the stack.
    if ([...service.environment.values()].some((value) => value.includes(host))) refuse(scope, service, key, message);
    else warn(scope, service, key, message);
    return false;
  }
  const wrong = ips.find((ip) => isIP(ip) === 0);
  if (wrong !== undefined) refuse(scope, service, key, `${quote(wrong)} is not an IP address`);
  if (!hostName.test(host.toLowerCase()))
    refuse(scope, service, key, `${quote(host)}: Kubernetes takes only names that DNS allows`);
  return wrong === undefined && hostName.test(host.toLowerCase());
}
