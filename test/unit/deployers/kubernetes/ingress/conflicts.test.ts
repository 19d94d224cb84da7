import { describe, expect, it } from 'vitest';
import type { LiveObject } from '../../../../../src/deployers/kubernetes/api/api.js';
import { buildObjects } from '../../../../../src/deployers/kubernetes/objects/build.js';
import { nodePortPlace, sharedRoutes } from '../../../../../src/deployers/kubernetes/ingress/conflicts.js';
import { formatProblem } from '../../../../../src/system/errors.js';
import { app, objectsInput } from '../../../../support/kubernetes/kubernetes-objects.js';

const spec =
  'network:\n  http-proxy:\n    - { host-name: A.example.org, routes: [ { path: /, proxy-to: "web:80" }, { path: /api, proxy-to: "web:81" } ] }\n';
const input = objectsInput({ pods: { web: 'services: { web: { image: a } }' }, spec });
const wanted = buildObjects(input).objects.filter(({ kind }) => kind === 'Ingress');
const identity = { deploymentId: app, stack: input.stack, namespace: input.namespace, directory: input.directory };

function ingress(changes: { host?: string; path?: string; className?: string; namespace?: string; name?: string }) {
  const { host = 'a.example.org', path, className, namespace = 'theirs', name = 'x' } = changes;
  const paths = [path === undefined ? {} : { path }];
  const metadata = { name, namespace, uid: name, resourceVersion: '1' };
  return {
    apiVersion: 'networking.k8s.io/v1',
    kind: 'Ingress',
    metadata,
    spec: { ...(className === undefined ? {} : { ingressClassName: className }), rules: [{ host, http: { paths } }] },
  } as unknown as LiveObject;
}

describe('routes that another Ingress of the cluster has too', () => {
  const told = (...present: LiveObject[]) => sharedRoutes(input.spec, wanted, present, identity).map(formatProblem);

  it('are named with its namespace and name', () => {
    expect(told(ingress({ path: '/api', className: 'caddy' }))).toEqual([
      expect.stringMatching(
        /^\S+ network\.http-proxy\[0\]\.host-name: A\.example\.org \(\/api\) is that of Ingress theirs\/x too: /,
      ),
    ]);
    expect(told(ingress({})), 'no path is every path').toEqual([expect.stringContaining('(/)')]);
  });

  it.each([
    ['another path of the host', ingress({ path: '/other' })],
    ['another host', ingress({ host: 'b.example.org', path: '/' })],
    ['another controller', ingress({ path: '/', className: 'nginx' })],
    [
      "the deployment's own Ingress",
      ingress({ path: '/', namespace: input.namespace, name: wanted[0]?.metadata.name ?? '' }),
    ],
  ])('do not include those of %s', (_, other) => {
    expect(told(other)).toEqual([]);
  });
});

describe('the place of a node port in the spec', () => {
  const ports = new Map([
    ['db', ['5432']],
    ['web', ['127.0.0.1:30001:80', '30080:8080/udp', '30100-30102:90-92']],
  ]);
  it.each([
    [30_001, 0],
    [30_080, 1],
    [30_101, 2],
  ])('is found for port %i', (port, index) => {
    expect(nodePortPlace({ ports }, port)).toEqual(['network', 'ports', 'web', index]);
  });

  it('is absent for a port that is not published', () => {
    expect(nodePortPlace({ ports }, 8080)).toEqual(['network', 'ports']);
  });
});
