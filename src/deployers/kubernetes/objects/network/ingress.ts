import { isIP } from 'node:net';
import type { ServiceModel } from '../../../../compose/model/types.js';
import type { HttpProxy } from '../../../../spec/model.js';
import { quote } from '../../../../system/yaml/yaml.js';
import type { PodFileInput } from '../common/input.js';
import { metadata } from '../common/metadata.js';
import type { KubernetesObject } from '../common/object.js';
import type { Scope } from '../common/scope.js';
import { declaredPorts } from './proxied-and-headless-services.js';

/** The default ClusterIssuer, for a host without an issuer or secret of its own. */
const defaultIssuer = 'letsencrypt-prod';
const defaultClass = 'caddy';

/** With it an Ingress requests certificates from cert-manager. */
export const issuerAnnotation = 'cert-manager.io/cluster-issuer';

interface Host {
  name: string;
  paths: object[];
  issuer: string | undefined;
  secret: string | undefined;
}

/**
 * Builds the Ingress of the spec's `http-proxy`. On kind Caddy issues the certificates itself, so only named secrets
 * are in `tls`; elsewhere each host has a secret, filled by cert-manager unless the spec names it or the namespace
 * already has a certificate for it. cert-manager acts on a whole Ingress, so each issuer gets one: the first host's has
 * the plain name.
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
        ...(issuer === '' ? {} : { annotations: { [issuerAnnotation]: issuer } }),
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
  // Kubernetes also treats 010.0.0.1 as an address.
  if (isIP(name) !== 0 || /^\d+(\.\d+){3}$/.test(name)) {
    const message = `${quote(proxy.hostName)} is an IP address, and an Ingress takes host names only: write a name that resolves to it`;
    findings.errors.push(yaml.problem([...at, 'host-name'], message));
    return undefined;
  }
  if (!hostName.test(name) || name.length > 253) {
    findings.errors.push(yaml.problem([...at, 'host-name'], `${quote(proxy.hostName)} is not a host name`));
    return undefined;
  }
  const paths = proxy.routes.flatMap((route, position) => backendPath(scope, route, [...at, 'routes', position]));
  if (proxy.routes.length === 0) {
    findings.warnings.push(yaml.problem([...at, 'routes'], 'has no routes: nothing answers on this host'));
  }
  if (paths.length === 0) return undefined;
  if (input.target === 'k8s-kind') {
    if (proxy.issuer !== undefined) {
      findings.warnings.push(
        yaml.problem([...at, 'issuer'], 'is not used on kind: Caddy issues the certificates itself'),
      );
    }
    if (proxy.withoutTls) {
      findings.warnings.push(
        yaml.problem([...at, 'tls'], 'has no effect on kind: Caddy issues a certificate for every host'),
      );
    }
    return { name, paths, issuer: undefined, secret: proxy.tlsSecret };
  }
  if (proxy.withoutTls) return { name, paths, issuer: undefined, secret: undefined };
  const secret = proxy.tlsSecret ?? existingSecret(scope, proxy, name);
  const issuer = proxy.issuer ?? (secret === undefined ? defaultIssuer : undefined);
  return { name, paths, issuer, secret: secret ?? names.tlsSecret(name) };
}

/**
 * Whether the spec leaves a host's certificate open: an existing one in the namespace is then preferred to an issuer.
 */
export function takesExistingCertificate({ tlsSecret, issuer, withoutTls }: HttpProxy): boolean {
  return tlsSecret === undefined && issuer === undefined && withoutTls === undefined;
}

/**
 * Returns the secret of the first certificate for a host. Those that cert-manager created for an Ingress of this
 * deployment do not count: without the issuer on the Ingress nobody would renew them.
 */
function existingSecret({ input, names }: Scope, proxy: HttpProxy, host: string): string | undefined {
  if (!takesExistingCertificate(proxy)) return undefined;
  const wildcard = host.replace(/^[^.]+/, '*');
  const ours = (ingress: string | undefined): boolean =>
    ingress !== undefined && (ingress === names.ingress || ingress.startsWith(`${names.ingress}-`));
  return input.certificates.find(
    (certificate) =>
      !ours(certificate.ingress) && certificate.names.some((name) => [host, wildcard].includes(name.toLowerCase())),
  )?.secret;
}

function backendPath(scope: Scope, route: HttpProxy['routes'][number], at: (string | number)[]): object[] {
  const { yaml } = scope.input.spec;
  const podFile = scope.podFileOf.get(route.service);
  if (podFile === undefined) {
    const known = [...scope.podFileOf.keys()].join(', ');
    const message = `no pod has a service ${quote(route.service)}: ${known === '' ? 'there is none' : `there are ${known}`}`;
    scope.findings.errors.push(yaml.problem([...at, 'proxy-to'], message));
    return [];
  }
  if (!/^\/(?!.*(?:\/\/|\/\.{1,2}(?:\/|$)|%2[fF]))/.test(route.path)) {
    const message = `${quote(route.path)} is not a path that can be routed: it starts with "/" and has no "//", "/./", "/../" or "%2f"`;
    scope.findings.errors.push(yaml.problem([...at, 'path'], message));
    return [];
  }
  warnOfPort(scope, podFile, route, at);
  const service = { name: scope.names.ingressService(podFile.name), port: { number: route.port } };
  return [{ path: route.path, pathType: 'Prefix', backend: { service } }];
}

/**
 * Warns of a route to a port that the service does not declare although it declares others, unless another service in
 * the pod declares it.
 */
function warnOfPort(
  { input, findings }: Scope,
  podFile: PodFileInput,
  { service, port }: HttpProxy['routes'][number],
  at: (string | number)[],
): void {
  const ports = (one: ServiceModel): number[] =>
    declaredPorts(one).flatMap((each) => (each.protocol === 'tcp' ? [each.port] : []));
  const all = [...podFile.model.services.values()];
  const own = all.filter(({ name }) => name === service).flatMap(ports);
  if (own.length === 0 || all.flatMap(ports).includes(port)) return;
  const message = `${quote(service)} declares the ports ${own.join(', ')} in its compose file, and ${port} is not among them: nothing may answer there`;
  findings.warnings.push(input.spec.yaml.problem([...at, 'proxy-to'], message));
}

/** One entry per secret, with all its hosts. */
function tlsSection(hosts: readonly Host[]): { hosts: string[]; secretName: string }[] {
  const bySecret = new Map<string, Set<string>>();
  for (const { name, secret } of hosts) {
    if (secret !== undefined) bySecret.set(secret, (bySecret.get(secret) ?? new Set()).add(name));
  }
  return [...bySecret].map(([secretName, names]) => ({ hosts: [...names], secretName }));
}
