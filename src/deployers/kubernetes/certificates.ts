import type { Context } from '../../system/context.js';
import { LaconicError } from '../../system/errors.js';
import type { ClusterApi } from './cluster/api.js';
import { type CertManager, missingIssuers, readCertManager, validCertificates } from './cluster/certificates.js';
import type { FoundCertificate } from './objects/input.js';
import type { KubernetesObject } from './objects/object.js';

/** cert-manager's certificates for one start of a deployment, read once, and what it lacks. */
export class Certificates {
  readonly #connect: () => Promise<ClusterApi>;
  #read: Promise<CertManager> | undefined;

  /** @param connect called when something is asked */
  constructor(connect: () => Promise<ClusterApi>) {
    this.#connect = connect;
  }

  /** The valid ones of a namespace. @throws ClusterError when the cluster does not answer */
  async valid(namespace: string): Promise<FoundCertificate[]> {
    this.#read ??= this.#connect().then((api) => readCertManager(api, namespace));
    return validCertificates((await this.#read).certificates, Date.now());
  }

  /** Warns where the Ingresses of these objects ask an issuer that is not there; says whether it did. */
  async tellMissing(objects: readonly KubernetesObject[], { report }: Context): Promise<boolean> {
    const { installed } = (await this.#read) ?? { installed: undefined };
    const lines = await missingIssuers(objects, installed, await this.#connect());
    for (const line of lines) report.warn(line);
    return lines.length > 0;
  }
}

/**
 * As {@link Certificates.valid}, where a cluster that does not answer is no reason to fail: without it none are known.
 */
export function certificatesIfAny(
  connect: () => Promise<ClusterApi>,
  { report }: Context,
): (namespace: string) => Promise<FoundCertificate[]> {
  return async (namespace) => {
    try {
      return await new Certificates(connect).valid(namespace);
    } catch (error) {
      if (!(error instanceof LaconicError) || error.exitCode !== 1) throw error;
      report.warn(`it is not known which certificates the namespace has, so start may use others: ${error.message}`);
      return [];
    }
  };
}
