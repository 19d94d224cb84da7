import { describe, expect, it } from 'vitest';
import { buildObjects } from '../../../../../../src/deployers/kubernetes/objects/build.js';
import type { ObjectsInput } from '../../../../../../src/deployers/kubernetes/objects/common/input.js';
import { formatProblem } from '../../../../../../src/system/errors.js';
import { objectsInput, oneService } from '../../../../../support/kubernetes/kubernetes-objects.js';

const labels = expect.objectContaining({ 'laconic.com/deployment-id': 'laconic-f3abcdxy' }) as unknown;

function made(spec: string, more: Partial<ObjectsInput> = {}): { objects: unknown[]; errors: string[] } {
  const input = objectsInput({ pods: { web: oneService('') }, spec: `external-services:\n${spec}` });
  const { objects, findings } = buildObjects({ ...input, ...more });
  const own = objects.filter(
    ({ kind, metadata }) => ['Service', 'EndpointSlice'].includes(kind) && metadata.name !== 'web',
  );
  return { objects: own, errors: findings.errors.map(formatProblem) };
}

const service = (name: string, spec: object, annotations?: object) => ({
  apiVersion: 'v1',
  kind: 'Service',
  metadata: { name, namespace: 'laconic-notes', labels, ...(annotations === undefined ? {} : { annotations }) },
  spec,
});

const slice = (name: string, addressType: string, port: number, ...addresses: string[]) => ({
  apiVersion: 'discovery.k8s.io/v1',
  kind: 'EndpointSlice',
  metadata: {
    name: `${name}-${addressType.toLowerCase()}`,
    namespace: 'laconic-notes',
    labels: expect.objectContaining({
      'kubernetes.io/service-name': name,
      'endpointslice.kubernetes.io/managed-by': 'laconic-so',
    }) as unknown,
  },
  addressType,
  endpoints: addresses.map((address) => ({ addresses: [address], conditions: { ready: true } })),
  ports: [{ name: `port-${port}`, port, protocol: 'TCP' }],
});

const ports = (port: number) => [{ name: `port-${port}`, port, protocol: 'TCP', targetPort: port }];

describe('external services', () => {
  it('of a host are another name for it', () => {
    const { objects, errors } = made('  rpc: { host: rpc.example.org }\n');
    expect(errors).toEqual([]);
    expect(objects).toEqual([
      service('rpc', { type: 'ExternalName', externalName: 'rpc.example.org', ports: ports(443) }),
    ]);
  });

  it('of addresses have an EndpointSlice for each IP family', () => {
    const { objects, errors } = made("  rpc: { ip: [ 10.0.0.1, 'fd00::1', 10.0.0.2 ], port: 8899 }\n");
    expect(errors).toEqual([]);
    expect(objects).toEqual([
      service(
        'rpc',
        { type: 'ClusterIP', clusterIP: 'None', ports: ports(8899) },
        { 'laconic.com/addresses': '10.0.0.1, fd00::1, 10.0.0.2' },
      ),
      slice('rpc', 'IPv4', 8899, '10.0.0.1', '10.0.0.2'),
      slice('rpc', 'IPv6', 8899, 'fd00::1'),
    ]);
  });

  it('of selected pods have the addresses that were looked up, and none before', () => {
    const spec = '  db: { selector: { app: x }, namespace: other, port: 5432 }\n';
    const bare = { type: 'ClusterIP', clusterIP: 'None', ports: ports(5432) };
    expect(made(spec).objects).toEqual([service('db', bare)]);
    expect(made(spec, { selectedAddresses: new Map([['db', ['10.9.9.9']]]) }).objects).toEqual([
      service('db', bare, { 'laconic.com/addresses': '10.9.9.9' }),
      slice('db', 'IPv4', 5432, '10.9.9.9'),
    ]);
  });

  it('are refused with a name that DNS does not allow, or that a service has', () => {
    expect(made('  my_rpc: { host: rpc.example.org }\n').errors).toEqual([
      expect.stringMatching(/^spec\.yml:4 external-services\.my_rpc: "my_rpc" cannot be a name in DNS/),
    ]);
    expect(made('  web: { host: rpc.example.org }\n').errors).toEqual([
      expect.stringContaining(
        'the service "web" and the external service "web" would both be Service web in the cluster',
      ),
    ]);
  });
});
