import { listOf, mapOf } from '../../../system/plain-map.js';
import { issuerAnnotation } from '../objects/network/ingress.js';
import type { FoundCertificate } from '../objects/common/input.js';
import type { KubernetesObject } from '../objects/common/object.js';
import type { ClusterApi, LiveObject } from '../api/api.js';
import { ClusterError, isForbidden } from '../api/errors.js';
import { resources } from '../api/resources.js';

/** cert-manager in the cluster, and its certificates. */
export interface CertManager {
  /** Undefined: the account may not read it. */
  readonly installed: boolean | undefined;
  /** All certificates in the namespace. */
  readonly certificates: readonly LiveObject[];
}

/**
 * Reads the certificates of a namespace; cert-manager may be missing.
 * @throws ClusterError if the server does not answer
 */
export async function readCertManager(api: ClusterApi, namespace: string): Promise<CertManager> {
  try {
    return { installed: true, certificates: await api.list(resources.Certificate, { namespace }) };
  } catch (error) {
    if (!(error instanceof ClusterError)) throw error;
    if (error.status === 404) return { installed: false, certificates: [] };
    if (error.status === 403) return { installed: undefined, certificates: [] };
    throw error;
  }
}

/** Returns the ready and valid ones, sorted by name. Pure. @param now milliseconds since the epoch */
export function validCertificates(certificates: readonly LiveObject[], now: number): FoundCertificate[] {
  return certificates
    .filter(({ metadata, status }) => metadata.deletionTimestamp === undefined && isValid(mapOf(status), now))
    .sort((a, b) => (a.metadata.name < b.metadata.name ? -1 : 1))
    .flatMap(({ metadata, spec }) => {
      const { secretName: secret, dnsNames } = mapOf(spec);
      if (typeof secret !== 'string' || secret === '') return [];
      const names = listOf(dnsNames).filter((name) => typeof name === 'string');
      const ingress = ownerIngress(metadata.ownerReferences);
      return [{ secret, names, ingress }];
    });
}

function isValid({ notBefore, notAfter, conditions }: Record<string, unknown>, now: number): boolean {
  const time = (value: unknown): number => (typeof value === 'string' ? Date.parse(value) : Number.NaN);
  const ready = listOf(conditions)
    .map(mapOf)
    .some(({ type, status }) => type === 'Ready' && status === 'True');
  return ready && time(notBefore) < now && now < time(notAfter);
}

function ownerIngress(owners: unknown): string | undefined {
  const found = listOf(owners)
    .map(mapOf)
    .find(({ kind }) => kind === 'Ingress');
  return typeof found?.name === 'string' ? found.name : undefined;
}

/** Hosts by the ClusterIssuer for their certificates. */
function hostsByIssuer(objects: readonly KubernetesObject[]): Map<string, string[]> {
  const hosts = new Map<string, string[]>();
  for (const { kind, metadata, spec } of objects) {
    const issuer = kind === 'Ingress' ? metadata.annotations?.[issuerAnnotation] : undefined;
    if (issuer === undefined) continue;
    const names = listOf(mapOf(spec).rules).map((rule) => String(mapOf(rule).host));
    hosts.set(issuer, [...(hosts.get(issuer) ?? []), ...names]);
  }
  return hosts;
}

/** Returns one line for each missing issuer: its hosts have no certificate, and nothing else reports it. */
export async function missingIssuers(
  objects: readonly KubernetesObject[],
  installed: boolean | undefined,
  api: ClusterApi,
): Promise<string[]> {
  const lines: string[] = [];
  const advice = 'set tls-secret of the host in the spec to the Secret that holds it, or write tls: false there';
  for (const [issuer, hosts] of hostsByIssuer(objects)) {
    const names = hosts.join(', ');
    if (installed === false) {
      lines.push(`cert-manager is not installed in this cluster: nothing issues a certificate for ${names}; ${advice}`);
    } else if (await isMissing(issuer, api)) {
      lines.push(
        `there is no ClusterIssuer ${issuer} in this cluster: nothing issues a certificate for ${names}; create it, name another as issuer of the host in the spec, or ${advice}`,
      );
    }
  }
  return lines;
}

/** Also false if the account may not read it. */
async function isMissing(issuer: string, api: ClusterApi): Promise<boolean> {
  try {
    return (await api.get(resources.ClusterIssuer, issuer)) === undefined;
  } catch (error) {
    if (isForbidden(error)) return false;
    throw error;
  }
}
