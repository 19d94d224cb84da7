import { describe, expect, it } from 'vitest';
import { buildObjects } from '../../../../../../src/deployers/kubernetes/objects/build.js';
import type { FoundCertificate } from '../../../../../../src/deployers/kubernetes/objects/common/input.js';
import { formatProblem } from '../../../../../../src/system/errors.js';
import { app, objectsInput, type StackText } from '../../../../../support/kubernetes/kubernetes-objects.js';

interface Ingress {
  metadata: { name: string; annotations?: Record<string, string> };
  spec: { ingressClassName: string; tls?: unknown; rules: { host: string; http: { paths: unknown[] } }[] };
}

function ingressesOf(
  stack: StackText,
  certificates: readonly FoundCertificate[] = [],
): { ingresses: Ingress[]; errors: string[]; warnings: string[] } {
  const { objects, findings } = buildObjects({ ...objectsInput(stack), certificates });
  return {
    ingresses: objects.filter(({ kind }) => kind === 'Ingress') as unknown as Ingress[],
    errors: findings.errors.map(formatProblem),
    warnings: findings.warnings.map(formatProblem),
  };
}

const pods = { web: 'services: { web: { image: a }, api: { image: a } }' };
const host = (name: string, more = '', route = '{ path: /, proxy-to: "web:80" }'): string =>
  `    - { host-name: "${name}", ${more} routes: [ ${route} ] }\n`;
const spec = (...hosts: string[]): string => `network:\n  http-proxy:\n${hosts.join('')}`;

const path = (at: string, service: string, port: number) => ({
  path: at,
  pathType: 'Prefix',
  backend: { service: { name: service, port: { number: port } } },
});

describe('the Ingress', () => {
  it('on kind has hosts, routes and an ingressClassName, but no tls, since Caddy makes the certificates', () => {
    const routes = '{ path: /api, proxy-to: "api:90" }, { path: /, proxy-to: "web:80" }';
    const { ingresses } = ingressesOf({ pods, spec: spec(host('A.example.org', '', routes), host('b.example.org')) });
    expect(ingresses).toMatchObject([
      {
        apiVersion: 'networking.k8s.io/v1',
        kind: 'Ingress',
        metadata: { name: `${app}-ingress`, namespace: 'laconic-notes' },
      },
    ]);
    expect(ingresses.map((each) => each.spec)).toEqual([
      {
        ingressClassName: 'caddy',
        rules: [
          {
            host: 'a.example.org',
            http: { paths: [path('/api', `${app}-service`, 90), path('/', `${app}-service`, 80)] },
          },
          { host: 'b.example.org', http: { paths: [path('/', `${app}-service`, 80)] } },
        ],
      },
    ]);
    expect(ingresses[0]?.metadata.annotations).toBeUndefined();
  });

  it('leads to the Service of the pod file that has the container', () => {
    const several = { front: pods.web, back: 'services: { db: { image: a } }' };
    const { ingresses } = ingressesOf({
      pods: several,
      spec: spec(host('a.org', '', '{ path: /, proxy-to: "db:5432" }')),
    });
    expect(ingresses[0]?.spec.rules[0]?.http.paths).toEqual([path('/', `${app}-back-service`, 5432)]);
  });

  it('is absent without http-proxy', () => {
    expect(ingressesOf({ pods }).ingresses).toEqual([]);
  });

  it('has the class that the spec names', () => {
    const { ingresses } = ingressesOf({ pods, spec: `${spec(host('a.org'))}  ingress-class: nginx\n` });
    expect(ingresses[0]?.spec.ingressClassName).toBe('nginx');
  });

  it('on another cluster has a secret for each host, filled by the default issuer where the spec names neither', () => {
    const { ingresses } = ingressesOf({ pods, target: 'k8s', spec: spec(host('a.org'), host('b.org')) });
    expect(ingresses).toHaveLength(1);
    expect(ingresses[0]?.metadata.annotations).toEqual({ 'cert-manager.io/cluster-issuer': 'letsencrypt-prod' });
    expect(ingresses[0]?.spec.tls).toEqual([
      { hosts: ['a.org'], secretName: `${app}-a.org-tls` },
      { hosts: ['b.org'], secretName: `${app}-b.org-tls` },
    ]);
  });

  it('is split when hosts have another issuer or a secret of their own', () => {
    const { ingresses } = ingressesOf({
      pods,
      target: 'k8s',
      spec: spec(
        host('a.org'),
        host('b.org', 'tls-secret: wild,'),
        host('c.org', 'tls-secret: wild,'),
        host('d.org', 'issuer: staging,'),
        host('e.org', 'issuer: staging, tls-secret: e-cert,'),
      ),
    });
    expect(ingresses.map(({ metadata, spec: { tls } }) => [metadata.name, metadata.annotations, tls])).toEqual([
      [
        `${app}-ingress`,
        { 'cert-manager.io/cluster-issuer': 'letsencrypt-prod' },
        [{ hosts: ['a.org'], secretName: `${app}-a.org-tls` }],
      ],
      [`${app}-ingress-tls`, undefined, [{ hosts: ['b.org', 'c.org'], secretName: 'wild' }]],
      [
        `${app}-ingress-staging`,
        { 'cert-manager.io/cluster-issuer': 'staging' },
        [
          { hosts: ['d.org'], secretName: `${app}-d.org-tls` },
          { hosts: ['e.org'], secretName: 'e-cert' },
        ],
      ],
    ]);
  });

  describe('certificates that exist in the namespace', () => {
    const tlsOf = (certificates: readonly FoundCertificate[], ...hosts: string[]) =>
      ingressesOf({ pods, target: 'k8s', spec: spec(...hosts) }, certificates).ingresses.map(
        ({ metadata, spec: { tls } }) => [metadata.name, metadata.annotations, tls],
      );
    const wild = { secret: 'wild', names: ['example.org', '*.example.org'] };
    const issued = { 'cert-manager.io/cluster-issuer': 'letsencrypt-prod' };

    it('serve the hosts that they name, also by a wildcard of one label, and no issuer makes another', () => {
      const hosts = [host('Example.org'), host('a.example.org'), host('*.example.org')];
      expect(tlsOf([wild], ...hosts)).toEqual([
        [
          `${app}-ingress`,
          undefined,
          [{ hosts: ['example.org', 'a.example.org', '*.example.org'], secretName: 'wild' }],
        ],
      ]);
    });

    it('do not serve other hosts, which keep their issuer', () => {
      expect(tlsOf([wild], host('a.b.example.org'), host('a.example.org'), host('notexample.org'))).toEqual([
        [
          `${app}-ingress`,
          issued,
          [
            { hosts: ['a.b.example.org'], secretName: `${app}-a.b.example.org-tls` },
            { hosts: ['notexample.org'], secretName: `${app}-notexample.org-tls` },
          ],
        ],
        [`${app}-ingress-tls`, undefined, [{ hosts: ['a.example.org'], secretName: 'wild' }]],
      ]);
    });

    it('are used in order, and a secret or issuer in the spec takes precedence', () => {
      const all = [
        { secret: 'other', names: ['b.org'] },
        { secret: 'first', names: ['A.org'] },
        { secret: 'second', names: ['a.org'] },
      ];
      expect(tlsOf(all, host('a.org'))[0]?.[2]).toEqual([{ hosts: ['a.org'], secretName: 'first' }]);
      expect(tlsOf(all, host('a.org', 'tls-secret: mine,'))[0]?.[2]).toEqual([
        { hosts: ['a.org'], secretName: 'mine' },
      ]);
      expect(tlsOf(all, host('a.org', 'issuer: own,'))).toEqual([
        [
          `${app}-ingress`,
          { 'cert-manager.io/cluster-issuer': 'own' },
          [{ hosts: ['a.org'], secretName: `${app}-a.org-tls` }],
        ],
      ]);
    });

    it("are still requested when cert-manager made them for the deployment's own Ingress", () => {
      const made = (ingress: string) => [{ secret: `${app}-a.org-tls`, names: ['a.org', '*.a.org'], ingress }];
      expect(tlsOf(made(`${app}-ingress`), host('a.org'), host('b.a.org'))[0]?.[1]).toEqual(issued);
      expect(tlsOf(made(`${app}-ingress-staging`), host('a.org'))[0]?.[1]).toEqual(issued);
      expect(tlsOf(made('of-somebody-else'), host('a.org'))[0]?.[1]).toBeUndefined();
    });
  });

  it('has neither a secret nor an issuer with tls: false', () => {
    const { ingresses } = ingressesOf(
      { pods, target: 'k8s', spec: spec(host('a.org', 'tls: false,'), host('b.org')) },
      [{ secret: 'wild', names: ['a.org'] }],
    );
    expect(ingresses.map(({ metadata, spec: { tls } }) => [metadata.annotations, tls])).toEqual([
      [undefined, undefined],
      [
        { 'cert-manager.io/cluster-issuer': 'letsencrypt-prod' },
        [{ hosts: ['b.org'], secretName: `${app}-b.org-tls` }],
      ],
    ]);
    expect(ingressesOf({ pods, spec: spec(host('a.org', 'tls: false,')) }).warnings).toEqual([
      'spec.yml:5 network.http-proxy[0].tls: has no effect on kind: Caddy issues a certificate for every host',
    ]);
  });

  it('on kind uses a named secret and ignores an issuer', () => {
    const { ingresses, warnings } = ingressesOf({ pods, spec: spec(host('a.org', 'issuer: x, tls-secret: mine,')) });
    expect(ingresses[0]?.spec.tls).toEqual([{ hosts: ['a.org'], secretName: 'mine' }]);
    expect(warnings).toEqual([
      'spec.yml:5 network.http-proxy[0].issuer: is not used on kind: Caddy issues the certificates itself',
    ]);
  });

  it.each([
    [host('a_b.org'), 'network.http-proxy[0].host-name: "a_b.org" is not a host name'],
    [
      host('127.0.0.1'),
      'network.http-proxy[0].host-name: "127.0.0.1" is an IP address, and an Ingress takes host names only: write a name that resolves to it',
    ],
    [
      host('::1'),
      'network.http-proxy[0].host-name: "::1" is an IP address, and an Ingress takes host names only: write a name that resolves to it',
    ],
    [
      host('a.org', '', '{ path: /, proxy-to: "wbe:80" }'),
      'network.http-proxy[0].routes[0].proxy-to: no pod has a service "wbe": there are web, api',
    ],
    [
      host('a.org', '', '{ path: x, proxy-to: "web:80" }'),
      'network.http-proxy[0].routes[0].path: "x" is not a path that can be routed: it starts with "/" and has no "//", "/./", "/../" or "%2f"',
    ],
    [
      host('a.org', '', '{ path: "/a/../b", proxy-to: "web:80" }'),
      'network.http-proxy[0].routes[0].path: "/a/../b" is not a path that can be routed: it starts with "/" and has no "//", "/./", "/../" or "%2f"',
    ],
  ])('is refused for %j', (hosts, message) => {
    const { errors, ingresses } = ingressesOf({ pods, spec: spec(hosts) });
    expect(errors).toEqual([`spec.yml:5 ${message}`]);
    expect(ingresses).toEqual([]);
  });

  it('is reported when it routes to a port that no service of the pod declares, though some are declared', () => {
    const web =
      'services: { web: { image: a, ports: ["8080"], expose: ["53/udp"] }, side: { image: a, expose: ["90-92"] } }';
    const warned = (port: number, podFile = web): string[] =>
      ingressesOf({ pods: { web: podFile }, spec: spec(host('a.org', '', `{ path: /, proxy-to: "web:${port}" }`)) })
        .warnings;
    expect(warned(8081)).toEqual([
      'spec.yml:5 network.http-proxy[0].routes[0].proxy-to: "web" declares the ports 8080 in its compose file, and 8081 is not among them: nothing may answer there',
    ]);
    expect([warned(8080), warned(91), warned(80, pods.web)]).toEqual([[], [], []]);
    expect(warned(53)).toHaveLength(1);
  });

  it('may have a wildcard host, and a host without routes is warned about', () => {
    const { ingresses, warnings } = ingressesOf({ pods, spec: spec(host('*.a.org'), host('b.org', '', '')) });
    expect(ingresses[0]?.spec.rules.map((rule) => rule.host)).toEqual(['*.a.org']);
    expect(warnings).toEqual(['spec.yml:6 network.http-proxy[1].routes: has no routes: nothing answers on this host']);
  });
});
