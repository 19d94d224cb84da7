import type { ClusterApi } from '../cluster/api.js';
import { ClusterError } from '../cluster/errors.js';
import { resources } from '../cluster/resources.js';
import type { IngressFacts, Snapshot } from './snapshot.js';
import type { HostStatus } from './status.js';
import { mapOf } from '../../../system/plain-map.js';

/** The hosts of a deployment's Ingress, and what the cluster knows of their addresses and certificates (04 §5.7). */
export async function hostsOf(api: ClusterApi, { ingresses, namespace }: Snapshot): Promise<HostStatus[]> {
  const hosts: HostStatus[] = [];
  for (const ingress of ingresses) {
    const entry = ingress.status?.loadBalancer?.ingress?.[0];
    const address = entry?.ip ?? entry?.hostname;
    for (const { host } of ingress.spec.rules ?? []) {
      if (host === undefined) continue;
      const tls = await certificateOf(host, ingress, api, namespace);
      hosts.push({ host, ...(address === undefined ? {} : { address }), tls });
    }
  }
  return hosts;
}

async function certificateOf(
  host: string,
  { spec }: IngressFacts,
  api: ClusterApi,
  namespace: string,
): Promise<string> {
  const secret = spec.tls?.find(({ hosts = [] }) => hosts.includes(host))?.secretName;
  if (secret === undefined) return 'by the ingress controller';
  const certificate = await api.get(resources.Certificate, secret, namespace).catch((error: unknown) => {
    // A cluster without cert-manager, or an account that may not look: the Secret is all that is known.
    if (error instanceof ClusterError && error.status !== undefined) return undefined;
    throw error;
  });
  if (certificate === undefined) return `secret ${secret}`;
  const { notBefore, notAfter } = mapOf(certificate.status);
  const names = mapOf(certificate.spec).dnsNames;
  const listed = (Array.isArray(names) ? names : []).map((name) => `'${String(name)}'`).join(', ');
  return `notBefore: ${text(notBefore)}; notAfter: ${text(notAfter)}; names: [${listed}]`;
}

function text(value: unknown): string {
  return typeof value === 'string' ? value : '?';
}
