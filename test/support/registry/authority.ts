import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { runOrFail } from '../../../src/system/process/process.js';

/** Files of a certificate and of its key, in PEM format. */
export interface KeyPair {
  certificate: string;
  key: string;
}

/**
 * A certificate authority for tests: only programs with its certificate trust it (NODE_EXTRA_CA_CERTS, GIT_SSL_CAINFO).
 */
export interface Authority extends KeyPair {
  /** Issues a certificate for a server at localhost or 127.0.0.1, and at these names too. */
  issue(name: string, ...names: readonly string[]): Promise<KeyPair>;
}

const curve = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];

async function openssl(...args: string[]): Promise<void> {
  await runOrFail(`openssl ${args[0] ?? ''}`, 'openssl', args);
}

/**
 * Creates an authority with its files in `folder`. Its key is an elliptic-curve key (P-256), as are those it issues.
 */
export async function makeAuthority(folder: string): Promise<Authority> {
  await mkdir(folder, { recursive: true });
  const files = (name: string): KeyPair => ({
    certificate: join(folder, `${name}.pem`),
    key: join(folder, `${name}.key`),
  });
  const own = files('authority');
  const subject = ['-subj', '/CN=laconic-so test authority', '-days', '2'];
  await openssl('req', '-x509', ...curve, ...subject, '-keyout', own.key, '-out', own.certificate);
  return {
    ...own,
    issue: async (name, ...names) => {
      const issued = files(name);
      const request = join(folder, `${name}.csr`);
      const extensions = join(folder, `${name}.ext`);
      const alternatives = ['IP:127.0.0.1', ...['localhost', ...names].map((each) => `DNS:${each}`)].join(',');
      await writeFile(extensions, `subjectAltName=${alternatives}\n`);
      await openssl('req', ...curve, '-subj', `/CN=${name}`, '-keyout', issued.key, '-out', request);
      const signer = ['-CA', own.certificate, '-CAkey', own.key, '-CAcreateserial', '-days', '2'];
      await openssl('x509', '-req', '-in', request, ...signer, '-extfile', extensions, '-out', issued.certificate);
      return issued;
    },
  };
}

/** The certificate in DER form as base64, which is the content of the PEM lines. */
export async function derOf(certificate: string): Promise<string> {
  return (await readFile(certificate, 'utf8')).replaceAll(/-----[^-]+-----|\s/g, '');
}
