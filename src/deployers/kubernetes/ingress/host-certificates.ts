import { X509Certificate } from 'node:crypto';
import type { Context } from '../../../system/context.js';
import { mapOf } from '../../../system/plain-map.js';
import type { ClusterApi, LiveObject } from '../api/api.js';
import { unlessForbidden } from '../api/errors.js';
import { resources } from '../api/resources.js';
import { caddyNamespace } from '../kind/caddy-manifest.js';
import type { PreparedInput } from '../input/prepare.js';
import { certificateProblem } from './conflicts.js';

/** The hosts and their Secrets in an Ingress. */
export interface IngressHosts {
  ingressClassName?: string;
  rules?: { host?: string }[];
  tls?: { hosts?: string[]; secretName?: string }[];
}

/** Returns the Secret with a host's certificate; undefined if the ingress controller has its own. */
export function secretOf(host: string, { tls }: IngressHosts): string | undefined {
  return tls?.find(({ hosts = [] }) => hosts.includes(host))?.secretName;
}

/** Whether our Caddy in the kind cluster serves the hosts of an Ingress, and issues their certificates. */
export function isCaddys({ ingressClassName = 'caddy' }: IngressHosts): boolean {
  return ingressClassName === 'caddy';
}

/** Returns the Secrets in which Caddy stores its data; undefined if this account may not read them. */
export async function caddySecrets(api: ClusterApi): Promise<LiveObject[] | undefined> {
  return api
    .list(resources.Secret, { namespace: caddyNamespace, labelSelector: 'manager=caddy' })
    .catch(unlessForbidden);
}

/**
 * Returns what is wrong with Caddy's certificate for a host; undefined if nothing is. Pure.
 * @param secrets those of {@link caddySecrets}
 * @param now milliseconds since the epoch
 */
export function caddyProblem(host: string, secrets: readonly LiveObject[], now: number): string | undefined {
  const [, ...parent] = host.split('.');
  // Caddy stores `*.example.org` as `wildcard_.example.org`, and replaces each run of special characters in a path by a
  // dot.
  const names = [host.replace(/^\*\./, 'wildcard.'), ['wildcard', ...parent].join('.')];
  const found = secrets.flatMap(({ metadata, data }) => {
    const name = metadata.name.replace(/\.{2,}/g, '.');
    if (!names.some((each) => name.endsWith(`.${each}.${each}.crt`))) return [];
    const { value } = mapOf(data);
    return [typeof value === 'string' ? validUntil(value) : 0];
  });
  if (found.length === 0) return 'has no certificate for it yet';
  const last = Math.max(...found);
  return last > now ? undefined : `has only one that expired on ${new Date(last).toISOString()}`;
}

/** The end of a certificate, in milliseconds since the epoch; 0 if it is invalid. */
function validUntil(base64: string): number {
  try {
    return Date.parse(new X509Certificate(Buffer.from(base64, 'base64')).validTo);
  } catch {
    return 0;
  }
}

/**
 * Warns, in one line, of host names that have no certificate now and cannot be reached over https. Checks once, since a
 * certificate may take its time or never be issued.
 */
export async function warnAboutCertificates(
  { input: { spec, target }, identity, objects }: Pick<PreparedInput, 'input' | 'identity' | 'objects'>,
  api: ClusterApi,
  { report }: Context,
): Promise<void> {
  const ingresses = objects.filter(({ kind }) => kind === 'Ingress').map((object) => object.spec as IngressHosts);
  const given = new Set(spec.httpProxy.map(({ tlsSecret }) => tlsSecret));
  const missing: string[] = [];
  const caddy = target === 'k8s-kind' && ingresses.length > 0 ? await caddySecrets(api) : undefined;
  for (const ingress of ingresses) {
    for (const { host = '' } of ingress.rules ?? []) {
      const secret = secretOf(host, ingress);
      if (secret === undefined) {
        const problem = caddy && isCaddys(ingress) ? caddyProblem(host, caddy, Date.now()) : undefined;
        if (problem !== undefined) missing.push(`${host} (Caddy ${problem})`);
      } else if (!given.has(secret)) {
        const problem = await certificateProblem(secret, identity.namespace, api);
        if (problem !== undefined) missing.push(`${host} (secret ${secret} ${problem})`);
      }
    }
  }
  if (missing.length === 0) return;
  report.warn(`https does not work yet, for lack of a certificate: ${missing.join(', ')}; see status`);
}
