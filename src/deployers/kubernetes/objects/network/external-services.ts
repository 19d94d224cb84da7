import { isIPv4 } from 'node:net';
import { quote } from '../../../../system/yaml/yaml.js';
import { metadata } from '../common/metadata.js';
import type { KubernetesObject } from '../common/object.js';
import type { Scope } from '../common/scope.js';

/** On the Service of addresses outside of the deployment: the addresses, for `status`. */
export const addressesAnnotation = 'laconic.com/addresses';

/**
 * Builds the Services for the spec's `external-services`: a name for another host, or for addresses, which are in an
 * EndpointSlice for each IP family. The addresses of selected pods are known only after they were looked up.
 */
export function externalServices(scope: Scope): KubernetesObject[] {
  const { spec, selectedAddresses } = scope.input;
  return [...spec.externalServices].flatMap(([name, service]) => {
    if (scope.names.headlessService(name) !== name) {
      const message = `${quote(name)} cannot be a name in DNS: lower-case letters, digits and "-", starting with a letter, at most 63`;
      scope.findings.errors.push(spec.yaml.problem(['external-services', name], message));
      return [];
    }
    const port = { name: `port-${service.port}`, port: service.port, protocol: 'TCP' };
    const ports = [{ ...port, targetPort: service.port }];
    if (service.kind === 'host') {
      return [serviceOf(scope, name, { type: 'ExternalName', externalName: service.host, ports })];
    }
    const addresses = service.kind === 'ip' ? service.addresses : (selectedAddresses?.get(name) ?? []);
    const annotations = addresses.length === 0 ? undefined : { [addressesAnnotation]: addresses.join(', ') };
    return [
      serviceOf(scope, name, { type: 'ClusterIP', clusterIP: 'None', ports }, annotations),
      ...endpointSlices(scope, name, port, addresses),
    ];
  });
}

function serviceOf(scope: Scope, name: string, spec: object, annotations?: Record<string, string>): KubernetesObject {
  const own = metadata(scope.input, name);
  return {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { ...own, ...(annotations === undefined ? {} : { annotations }) },
    spec,
  };
}

function endpointSlices(scope: Scope, name: string, port: object, addresses: readonly string[]): KubernetesObject[] {
  const labels = {
    'kubernetes.io/service-name': name,
    'endpointslice.kubernetes.io/managed-by': 'laconic-so',
  };
  return (['IPv4', 'IPv6'] as const).flatMap((addressType) => {
    const own = addresses.filter((address) => isIPv4(address) === (addressType === 'IPv4'));
    if (own.length === 0) return [];
    return [
      {
        apiVersion: 'discovery.k8s.io/v1',
        kind: 'EndpointSlice',
        metadata: metadata(scope.input, `${name}-${addressType.toLowerCase()}`, labels),
        addressType,
        endpoints: own.map((address) => ({ addresses: [address], conditions: { ready: true } })),
        ports: [port],
      },
    ];
  });
}
