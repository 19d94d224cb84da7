import type { ClusterApi, LiveObject } from '../api/api.js';
import { readCertManager } from '../ingress/tls-secrets.js';
import { requestEach } from '../api/request-each.js';
import { caddyProblem, caddySecrets, isCaddys, secretOf } from '../ingress/host-certificates.js';
import { certificateProblem } from '../ingress/conflicts.js';
import type { Snapshot } from './snapshot.js';
import type { HostStatus } from '../../status.js';
import { mapOf } from '../../../system/plain-map.js';

/**
 * Returns the hosts of a deployment's Ingress, with their addresses and certificates in the cluster.
 * @param kind whether it is a kind cluster, where Caddy issues the certificates
 */
export async function hostsOf(
  api: ClusterApi,
  { ingresses, namespace }: Snapshot,
  kind: boolean,
): Promise<HostStatus[]> {
  const withSecrets = ingresses.some(({ spec }) => (spec.tls ?? []).length > 0);
  // Without cert-manager, or permission to read its certificates, only the Secret is known.
  const { certificates } = withSecrets ? await readCertManager(api, namespace) : { certificates: [] };
  const caddy = kind && ingresses.length > 0 ? await caddySecrets(api) : undefined;
  const hosts = ingresses.flatMap((ingress) => {
    const entry = ingress.status?.loadBalancer?.ingress?.[0];
    const address = entry?.ip ?? entry?.hostname;
    return (ingress.spec.rules ?? []).flatMap(({ host }) => {
      if (host === undefined) return [];
      const secret = secretOf(host, ingress.spec);
      const problem = caddy && isCaddys(ingress.spec) ? caddyProblem(host, caddy, Date.now()) : undefined;
      return [{ host, address, secret, problem }];
    });
  });
  return requestEach(hosts, async ({ secret, problem, ...host }) => {
    const byController = `by the ingress controller${problem === undefined ? '' : `, which ${problem}: https does not work`}`;
    return {
      ...host,
      tls: secret === undefined ? byController : await certificateOf(secret, certificates, namespace, api),
    };
  });
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
