import type { ClusterApi, LiveObject } from '../cluster/api.js';
import { readCertManager } from '../cluster/certificates.js';
import { inParallel } from '../cluster/parallel.js';
import { certificateProblem } from '../traffic.js';
import type { IngressFacts, Snapshot } from './snapshot.js';
import type { HostStatus } from './status.js';
import { mapOf } from '../../../system/plain-map.js';

/** The hosts of a deployment's Ingress, and what the cluster knows of their addresses and certificates (04 §5.7). */
export async function hostsOf(api: ClusterApi, { ingresses, namespace }: Snapshot): Promise<HostStatus[]> {
  const withSecrets = ingresses.some(({ spec }) => (spec.tls ?? []).length > 0);
  // In a cluster without cert-manager, or where the account may not look, the Secret is all that is known.
  const { certificates } = withSecrets ? await readCertManager(api, namespace) : { certificates: [] };
  const hosts = ingresses.flatMap((ingress) => {
    const entry = ingress.status?.loadBalancer?.ingress?.[0];
    const address = entry?.ip ?? entry?.hostname;
    return (ingress.spec.rules ?? []).flatMap(({ host }) => {
      if (host === undefined) return [];
      const secret = secretOf(host, ingress);
      return [{ host, ...(address === undefined ? {} : { address }), secret }];
    });
  });
  return inParallel(hosts, async ({ secret, ...host }) => ({
    ...host,
    tls: secret === undefined ? 'by the ingress controller' : await certificateOf(secret, certificates, namespace, api),
  }));
}

function secretOf(host: string, { spec }: IngressFacts): string | undefined {
  return spec.tls?.find(({ hosts = [] }) => hosts.includes(host))?.secretName;
}

async function certificateOf(
  secret: string,
  certificates: readonly LiveObject[],
  namespace: string,
  api: ClusterApi,
): Promise<string> {
  const certificate = certificates.find((each) => mapOf(each.spec).secretName === secret);
  if (certificate === undefined) {
    const problem = await certificateProblem(secret, namespace, api);
    return problem === undefined
      ? `secret ${secret}`
      : `secret ${secret} ${problem}: the ingress controller chooses a certificate`;
  }
  const { notBefore, notAfter } = mapOf(certificate.status);
  const names = mapOf(certificate.spec).dnsNames;
  const listed = (Array.isArray(names) ? names : []).map((name) => `'${String(name)}'`).join(', ');
  return `notBefore: ${text(notBefore)}; notAfter: ${text(notAfter)}; names: [${listed}]`;
}

function text(value: unknown): string {
  return typeof value === 'string' ? value : '?';
}
