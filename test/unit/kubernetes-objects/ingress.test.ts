import { describe, expect, it } from 'vitest';
import { buildObjects } from '../../../src/deployers/kubernetes/objects/build.js';
import { formatProblem } from '../../../src/system/errors.js';
import { app, objectsInput, type StackText } from '../../support/kubernetes-objects.js';

interface Ingress {
  metadata: { name: string; annotations?: Record<string, string> };
  spec: { ingressClassName: string; tls?: unknown; rules: { host: string; http: { paths: unknown[] } }[] };
}

function ingressesOf(stack: StackText): { ingresses: Ingress[]; errors: string[]; warnings: string[] } {
  const { objects, findings } = buildObjects(objectsInput(stack));
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

describe('Ingress (04 §4.13)', () => {
  it('on kind: hosts and routes, the class by its field (K-57), and no tls: Caddy makes the certificates', () => {
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

  it('none without http-proxy', () => {
    expect(ingressesOf({ pods }).ingresses).toEqual([]);
  });

  it('takes the class of the spec', () => {
    const { ingresses } = ingressesOf({ pods, spec: `${spec(host('a.org'))}  ingress-class: nginx\n` });
    expect(ingresses[0]?.spec.ingressClassName).toBe('nginx');
  });

  it('elsewhere: a secret for each host, filled by the contract’s issuer where the spec names neither', () => {
    const { ingresses } = ingressesOf({ pods, target: 'k8s', spec: spec(host('a.org'), host('b.org')) });
    expect(ingresses).toHaveLength(1);
    expect(ingresses[0]?.metadata.annotations).toEqual({ 'cert-manager.io/cluster-issuer': 'letsencrypt-prod' });
    expect(ingresses[0]?.spec.tls).toEqual([
      { hosts: ['a.org'], secretName: `${app}-a.org-tls` },
      { hosts: ['b.org'], secretName: `${app}-b.org-tls` },
    ]);
  });

  it('hosts with another issuer, or a secret of their own, are in an Ingress of their own (K-25, K-26)', () => {
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

  it('on kind a named secret is used, and an issuer is not', () => {
    const { ingresses, warnings } = ingressesOf({ pods, spec: spec(host('a.org', 'issuer: x, tls-secret: mine,')) });
    expect(ingresses[0]?.spec.tls).toEqual([{ hosts: ['a.org'], secretName: 'mine' }]);
    expect(warnings).toEqual([
      'spec.yml:5 network.http-proxy[0].issuer: is not used on kind: Caddy makes the certificates itself',
    ]);
  });

  it.each([
    [host('a_b.org'), 'network.http-proxy[0].host-name: "a_b.org" is not a host name'],
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
  ])('refuses %j', (hosts, message) => {
    const { errors, ingresses } = ingressesOf({ pods, spec: spec(hosts) });
    expect(errors).toEqual([`spec.yml:5 ${message}`]);
    expect(ingresses).toEqual([]);
  });

  it('a host may be a wildcard; one without routes is warned about', () => {
    const { ingresses, warnings } = ingressesOf({ pods, spec: spec(host('*.a.org'), host('b.org', '', '')) });
    expect(ingresses[0]?.spec.rules.map((rule) => rule.host)).toEqual(['*.a.org']);
    expect(warnings).toEqual(['spec.yml:6 network.http-proxy[1].routes: has no route: nothing answers on this host']);
  });
});
