import type { Context } from '../../../system/context.js';
import { isExplained } from '../../../system/errors.js';
import type { ClusterApi } from '../api/api.js';
import { type CertManager, missingIssuers, readCertManager, validCertificates } from './tls-secrets.js';
import type { FoundCertificate } from '../objects/common/input.js';
import type { KubernetesObject } from '../objects/common/object.js';

/** cert-manager's certificates for one start of a deployment, read once, and the missing issuers. */
export class Certificates {
  readonly #connect: () => Promise<ClusterApi>;
  #read: Promise<CertManager> | undefined;

  /** @param connect called when the cluster is first needed */
  constructor(connect: () => Promise<ClusterApi>) {
    this.#connect = connect;
  }

  /** Returns the valid ones of a namespace. @throws ClusterError if the cluster does not answer */
  async valid(namespace: string): Promise<FoundCertificate[]> {
    this.#read ??= this.#connect().then((api) => readCertManager(api, namespace));
    return validCertificates((await this.#read).certificates, Date.now());
  }

  /** Warns of missing issuers for the Ingresses of these objects; returns whether there are any. */
  async tellMissing(objects: readonly KubernetesObject[], { report }: Context): Promise<boolean> {
    const { installed } = (await this.#read) ?? { installed: undefined };
    const lines = await missingIssuers(objects, installed, await this.#connect());
    for (const line of lines) report.warn(line);
    return lines.length > 0;
  }
}

/** Like {@link Certificates.valid}, but without certificates, instead of an error, if the cluster does not answer. */
export function certificatesIfAny(
  connect: () => Promise<ClusterApi>,
  { report }: Context,
): (namespace: string) => Promise<FoundCertificate[]> {
  return async (namespace) => {
    try {
      return await new Certificates(connect).valid(namespace);
    } catch (error) {
      if (!isExplained(error)) throw error;
      report.warn(`it is not known which certificates the namespace has, so start may choose others: ${error.message}`);
      return [];
    }
  };
}
