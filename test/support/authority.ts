import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { runOrFail } from '../../src/system/process/process.js';

/** Files of a certificate and of its key, in PEM. */
export interface KeyPair {
  certificate: string;
  key: string;
}

/**
 * A certificate authority of a test: trusted by nobody but who is given its certificate (NODE_EXTRA_CA_CERTS,
 * GIT_SSL_CAINFO).
 */
export interface Authority extends KeyPair {
  /** Makes a certificate for a server that is reached as localhost or 127.0.0.1, or by these names too. */
  issue(name: string, ...names: readonly string[]): Promise<KeyPair>;
}

const curve = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];

async function openssl(...args: string[]): Promise<void> {
  await runOrFail(`openssl ${args[0] ?? ''}`, 'openssl', args);
}

/** Makes an authority whose files are in `folder`. Its key is for elliptic curves (P-256), as are those it issues. */
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

/** The DER form of a certificate file, in base64: what its lines say. */
export async function derOf(certificate: string): Promise<string> {
  return (await readFile(certificate, 'utf8')).replaceAll(/-----[^-]+-----|\s/g, '');
}
