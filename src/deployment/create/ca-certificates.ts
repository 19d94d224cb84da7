import { X509Certificate } from 'node:crypto';
import { join, resolve } from 'node:path';
import type { Spec } from '../../spec/parse.js';
import { errorMessage, type Problem } from '../../system/errors.js';
import { kindOf, readText } from '../../system/files/files.js';
import { expandHome } from '../../system/files/path-names.js';
import type { GeneratedFile } from '../directory/tree.js';

/** The folder of a deployment directory with the certificates that `ca-certificates` of the spec names. */
export const caFolder = 'ca-certificates';

/** The file with all of them, in the folder and in containers. */
export const caBundle = 'laconic-ca-bundle.pem';

/** Where containers find the files. */
export const caPlace = '/etc/ssl/certs';

/** The variable by which Node.js trusts the bundle in addition to the authorities that it knows. */
export const caVariable = 'NODE_EXTRA_CA_CERTS';

/**
 * Copies the certificates of the authorities that a spec names into the directory: a file each, and one with all.
 * @param root the deployment directory: a file that is not accessible, as at an update from another machine, is kept
 * @param cwd where relative paths of the spec start
 */
export async function caFiles(
  { caCertificates, yaml }: Spec,
  root: string,
  cwd: string,
): Promise<{ files: GeneratedFile[]; problems: Problem[]; warnings: Problem[] }> {
  const problems: Problem[] = [];
  const warnings: Problem[] = [];
  const texts = new Map<string, string>();
  for (const [index, given] of caCertificates.entries()) {
    const name = `laconic-extra-ca-${index}.pem`;
    const [source, copy] = [resolve(cwd, expandHome(given)), join(root, caFolder, name)];
    const at = (message: string): Problem => yaml.problem(['ca-certificates', index], `${given} ${message}`);
    const kept = (await kindOf(source)) !== 'file' && (await kindOf(copy)) === 'file';
    if (kept) warnings.push(at('is not a file: the deployment keeps its copy'));
    else if ((await kindOf(source)) !== 'file') {
      problems.push(at('is not a file'));
      continue;
    }
    const text = await readText(kept ? copy : source);
    const why = faultOf(text);
    if (why !== undefined) problems.push(at(why));
    texts.set(name, text.endsWith('\n') ? text : `${text}\n`);
  }
  const all = texts.size === 0 ? [] : [...texts, [caBundle, [...texts.values()].join('')] as const];
  const files = all.map(([name, text]) => ({ path: join(caFolder, name), source: { text }, mode: 0o644 }));
  return { files, problems, warnings };
}

/** Why a program would not trust these certificates; undefined if it would. */
function faultOf(text: string): string | undefined {
  const blocks = text.match(/-----BEGIN CERTIFICATE-----[\s\S]*?-----END CERTIFICATE-----/g) ?? [];
  if (blocks.length === 0) return 'holds no certificate in PEM format (-----BEGIN CERTIFICATE-----)';
  for (const block of blocks) {
    try {
      const { validTo, subject } = new X509Certificate(block);
      if (Date.parse(validTo) < Date.now())
        return `is expired: ${subject.replaceAll('\n', ', ')} was valid to ${validTo}`;
    } catch (error) {
      return `holds a certificate that cannot be read: ${errorMessage(error)}`;
    }
  }
  return undefined;
}
