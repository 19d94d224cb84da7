import { isIP } from 'node:net';
import type { V1PodSpec } from '@kubernetes/client-node';
import type { ServiceModel } from '../../../../compose/model/types.js';
import { quote } from '../../../../system/yaml/yaml.js';
import { compact, type PodScope, refuse, warn } from '../common/scope.js';

/** Limits of the API. */
const maxNameservers = 3;

/** Whether a pod runs in the network of its node: if one of its services does, as they share it. */
export function isHostNetwork({ services }: Pick<PodScope, 'services'>): boolean {
  return services.some(({ network_mode: mode }) => mode === 'host');
}

/** Returns network, process and IPC namespaces, host name and DNS of a pod. */
export function podNamespaces(scope: PodScope): Partial<V1PodSpec> {
  const hostNetwork = isHostNetwork(scope);
  for (const service of scope.services) checkNetworkMode(scope, service, hostNetwork);
  const hostPID = scope.services.some(({ pid }) => pid === 'host');
  const hostIPC = scope.services.some(({ ipc }) => ipc === 'host');
  const shared = sharesProcesses(scope);
  for (const service of scope.services) checkIpc(scope, service);
  return compact({
    ...(hostNetwork ? { hostNetwork, dnsPolicy: 'ClusterFirstWithHostNet' } : {}),
    hostPID: hostPID || undefined,
    hostIPC: hostIPC || undefined,
    // The host's processes are shared anyway; the API refuses both together.
    shareProcessNamespace: (shared && !hostPID) || undefined,
    hostname: podHostname(scope, hostNetwork),
    dnsConfig: dnsConfig(scope),
  });
}

function checkNetworkMode(scope: PodScope, service: ServiceModel, hostNetwork: boolean): void {
  const mode = service.network_mode;
  const key = ['network_mode'];
  if (mode === undefined || mode === '' || mode === 'bridge' || mode === 'default') {
    if (hostNetwork) {
      warn(
        scope,
        service,
        mode === undefined ? [] : key,
        `it is in the network of the host too, as another service of the pod ${scope.podFile.name} is: put them into separate compose files to isolate them`,
      );
    }
  } else if (mode === 'none') {
    refuse(scope, service, key, 'Kubernetes has no pods without a network: remove it');
  } else if (mode !== 'host') {
    const [, other = ''] = /^(?:service|container):(.+)$/.exec(mode) ?? [];
    if (!scope.services.some(({ name }) => name === other)) {
      refuse(
        scope,
        service,
        key,
        `${quote(mode)}: only services of one compose file share a network on Kubernetes; put it into the file of ${other || 'the service'} and write service:NAME`,
      );
    }
  }
}

function sharesProcesses(scope: PodScope): boolean {
  let shared = false;
  for (const service of scope.services) {
    if (service.pid === undefined || service.pid === '' || service.pid === 'host') continue;
    const [, other = ''] = /^(?:service|container):(.+)$/.exec(service.pid) ?? [];
    if (scope.services.some(({ name }) => name === other)) shared = true;
    else
      refuse(
        scope,
        service,
        ['pid'],
        `${quote(service.pid)}: only services of one compose file share processes on Kubernetes`,
      );
  }
  return shared;
}

/** Containers of a pod share their IPC anyway. */
function checkIpc(scope: PodScope, service: ServiceModel): void {
  const { ipc } = service;
  if (ipc === undefined || ['', 'host', 'private', 'shareable'].includes(ipc)) return;
  const [, other] = /^(?:service|container):(.+)$/.exec(ipc) ?? [];
  if (other === undefined) warn(scope, service, ['ipc'], `Kubernetes has no equivalent of ${quote(ipc)}`);
  else if (!scope.services.some(({ name }) => name === other)) {
    refuse(scope, service, ['ipc'], `${quote(ipc)}: only services of one compose file share memory on Kubernetes`);
  }
}

/** Containers of a pod share its one host name. */
function podHostname(scope: PodScope, hostNetwork: boolean): string | undefined {
  let given: string | undefined;
  for (const service of scope.services) {
    const { hostname } = service;
    if (hostname === undefined || hostname === '') continue;
    const key = ['hostname'];
    if (hostNetwork) warn(scope, service, key, 'a pod in the network of the host has the name of its node');
    else if (!/^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/.test(hostname)) {
      warn(
        scope,
        service,
        key,
        `${quote(hostname)}: the host name of a pod is at most 63 lower-case letters, digits and "-"; the name of the pod is used`,
      );
    } else if (given !== undefined && given !== hostname) {
      warn(
        scope,
        service,
        key,
        `the pod ${scope.podFile.name} has one host name, and another service calls it ${given}`,
      );
    } else given = hostname;
  }
  return given;
}

/** Name servers and domains that are used after the cluster's own: services' names resolve as on Compose. */
function dnsConfig(scope: PodScope): V1PodSpec['dnsConfig'] {
  const nameservers = [...new Set(scope.services.flatMap(({ dns }) => dns))];
  const searches = [...new Set(scope.services.flatMap(({ dns_search: domains }) => domains))].filter(
    (domain) => domain !== '.',
  );
  for (const service of scope.services) {
    service.dns.forEach((address) => {
      if (isIP(address) === 0) refuse(scope, service, ['dns'], `${quote(address)} is not an IP address`);
    });
  }
  if (nameservers.length > maxNameservers) {
    const service = scope.services.find(({ dns }) => dns.length > 0);
    if (service !== undefined)
      refuse(
        scope,
        service,
        ['dns'],
        `a pod has at most ${maxNameservers} name servers, its services name ${nameservers.length}`,
      );
  }
  return nameservers.length + searches.length === 0 ? undefined : compact({ nameservers, searches });
}
