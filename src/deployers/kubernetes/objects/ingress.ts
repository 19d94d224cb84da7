import type { HttpProxy } from '../../../spec/model.js';
import { quote } from '../../../system/yaml.js';
import { metadata } from './metadata.js';
import type { KubernetesObject } from './object.js';
import type { Scope } from './scope.js';

/** The ClusterIssuer of the contract, where a host has neither an issuer nor a secret of its own (04 §4.13). */
const defaultIssuer = 'letsencrypt-prod';
const defaultClass = 'caddy';

interface Host {
  name: string;
  paths: object[];
  issuer: string | undefined;
  secret: string | undefined;
}

/**
 * The Ingress of the spec's `http-proxy` (04 §4.13). On kind Caddy makes the certificates itself, so only named secrets are in `tls`;
 * elsewhere each host has a secret, filled by cert-manager unless the spec names it. cert-manager looks at a whole Ingress, so
 * hosts with different issuers get one each (K-25): the first host's keeps the contract's name.
 */
export function ingresses(scope: Scope): KubernetesObject[] {
  const { input, names } = scope;
  const { spec } = input;
  const groups = new Map<string, Host[]>();
  for (const [index, proxy] of spec.httpProxy.entries()) {
    const host = readHost(scope, proxy, index);
    if (host !== undefined) groups.set(host.issuer ?? '', [...(groups.get(host.issuer ?? '') ?? []), host]);
  }
  return [...groups].map(([issuer, hosts], index) => {
    const tls = tlsSection(hosts);
    return {
      apiVersion: 'networking.k8s.io/v1',
      kind: 'Ingress',
      metadata: {
        ...metadata(input, index === 0 ? names.ingress : names.ingressOf(issuer === '' ? 'tls' : issuer)),
        ...(issuer === '' ? {} : { annotations: { 'cert-manager.io/cluster-issuer': issuer } }),
      },
      spec: {
        ingressClassName: spec.ingressClass ?? defaultClass,
        ...(tls.length === 0 ? {} : { tls }),
        rules: hosts.map(({ name, paths }) => ({ host: name, http: { paths } })),
      },
    };
  });
}

const hostName = /^(?:\*\.)?[a-z0-9](?:[a-z0-9-]*[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]*[a-z0-9])?)*$/;

function readHost(scope: Scope, proxy: HttpProxy, index: number): Host | undefined {
  const { input, names, findings } = scope;
  const { yaml } = input.spec;
  const at = ['network', 'http-proxy', index];
  const name = proxy.hostName.toLowerCase();
  if (!hostName.test(name) || name.length > 253) {
    findings.errors.push(yaml.problem([...at, 'host-name'], `${quote(proxy.hostName)} is not a host name`));
    return undefined;
  }
  const paths = proxy.routes.flatMap((route, position) => backendPath(scope, route, [...at, 'routes', position]));
  if (proxy.routes.length === 0) {
    findings.warnings.push(yaml.problem([...at, 'routes'], 'has no route: nothing answers on this host'));
  }
  if (paths.length === 0) return undefined;
  if (input.target === 'k8s-kind') {
    if (proxy.issuer !== undefined) {
      findings.warnings.push(
        yaml.problem([...at, 'issuer'], 'is not used on kind: Caddy makes the certificates itself'),
      );
    }
    return { name, paths, issuer: undefined, secret: proxy.tlsSecret };
  }
  return {
    name,
    paths,
    issuer: proxy.issuer ?? (proxy.tlsSecret === undefined ? defaultIssuer : undefined),
    secret: proxy.tlsSecret ?? names.tlsSecret(name),
  };
}

function backendPath(scope: Scope, route: HttpProxy['routes'][number], at: (string | number)[]): object[] {
  const { yaml } = scope.input.spec;
  const pod = scope.podOf.get(route.service);
  if (pod === undefined) {
    const known = [...scope.podOf.keys()].join(', ');
    const message = `no pod has a service ${quote(route.service)}: ${known === '' ? 'there is none' : `there are ${known}`}`;
    scope.findings.errors.push(yaml.problem([...at, 'proxy-to'], message));
    return [];
  }
  if (!/^\/(?!.*(?:\/\/|\/\.{1,2}(?:\/|$)|%2[fF]))/.test(route.path)) {
    const message = `${quote(route.path)} is not a path that can be routed: it starts with "/" and has no "//", "/./", "/../" or "%2f"`;
    scope.findings.errors.push(yaml.problem([...at, 'path'], message));
    return [];
  }
  const service = { name: scope.names.service(pod.name), port: { number: route.port } };
  return [{ path: route.path, pathType: 'Prefix', backend: { service } }];
}

/** One entry for each secret, with all its hosts. */
function tlsSection(hosts: readonly Host[]): { hosts: string[]; secretName: string }[] {
  const bySecret = new Map<string, Set<string>>();
  for (const { name, secret } of hosts) {
    if (secret !== undefined) bySecret.set(secret, (bySecret.get(secret) ?? new Set()).add(name));
  }
  return [...bySecret].map(([secretName, names]) => ({ hosts: [...names], secretName }));
}
