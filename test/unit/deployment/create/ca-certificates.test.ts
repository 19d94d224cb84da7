import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { caFiles } from '../../../../src/deployment/create/ca-certificates.js';
import { parseSpec } from '../../../../src/spec/parse.js';
import { formatProblem } from '../../../../src/system/errors.js';
import { runOrFail } from '../../../../src/system/process/process.js';
import { makeAuthority } from '../../../support/registry/authority.js';
import { temporaryDirectory } from '../../../support/temporary.js';

describe('the certificates of authorities', () => {
  let folder: string;
  let valid: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'laconic-ca-'));
    const { certificate, key } = await makeAuthority(folder);
    valid = await readFile(certificate, 'utf8');
    const [request, expired] = ['old.csr', 'old.pem'].map((name) => join(folder, name)) as [string, string];
    await runOrFail('openssl', 'openssl', ['req', '-new', '-key', key, '-subj', '/CN=old', '-out', request]);
    const sign = ['x509', '-req', '-in', request, '-signkey', key, '-days', '-1', '-out', expired];
    await runOrFail('openssl', 'openssl', sign);
    await writeFile(join(folder, 'text.pem'), 'no certificate\n');
    await writeFile(join(folder, 'broken.pem'), '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n');
  });

  afterAll(() => rm(folder, { recursive: true }));

  const files = async (paths: string, root = '/nowhere') => {
    const { spec } = parseSpec(`stack: x\ndeploy-to: compose\nca-certificates: [${paths}]\n`, 'spec.yml');
    const made = await caFiles(spec, root, folder);
    const says = [...made.problems, ...made.warnings].map(formatProblem);
    const texts = made.files.map(({ path, source }) => [path, 'text' in source ? source.text : '']);
    return { texts, says, problems: made.problems.length };
  };

  it('are copied one by one and as a bundle', async () => {
    const two = `${valid}${valid}`;
    await writeFile(join(folder, 'two.pem'), two.trimEnd());
    expect(await files('authority.pem, two.pem')).toEqual({
      texts: [
        ['ca-certificates/laconic-extra-ca-0.pem', valid],
        ['ca-certificates/laconic-extra-ca-1.pem', two],
        ['ca-certificates/laconic-ca-bundle.pem', `${valid}${two}`],
      ],
      says: [],
      problems: 0,
    });
    expect((await files('')).texts).toEqual([]);
  });

  it('are refused with their line when no program would trust them', async () => {
    const { says, problems } = await files('gone.pem, text.pem, broken.pem, old.pem');
    expect(problems).toBe(4);
    expect(says).toEqual([
      'spec.yml:3 ca-certificates[0]: gone.pem is not a file',
      'spec.yml:3 ca-certificates[1]: text.pem holds no certificate in PEM format (-----BEGIN CERTIFICATE-----)',
      expect.stringMatching(/^spec\.yml:3 ca-certificates\[2\]: broken\.pem holds a certificate that cannot be read: /),
      expect.stringMatching(/^spec\.yml:3 ca-certificates\[3\]: old\.pem is expired: CN=old was valid to /),
    ]);
  });

  it('are kept in a directory that has them when the file itself cannot be reached any more', async () => {
    const root = await temporaryDirectory();
    await mkdir(join(root, 'ca-certificates'));
    await writeFile(join(root, 'ca-certificates/laconic-extra-ca-0.pem'), valid);
    const { texts, says, problems } = await files('moved.pem', root);
    expect(texts.map(([, text]) => text)).toEqual([valid, valid]);
    expect(problems).toBe(0);
    expect(says).toEqual(['spec.yml:3 ca-certificates[0]: moved.pem is not a file: the deployment keeps its copy']);
  });
});
