import { randomBytes } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import fc from 'fast-check';
import { expect, it, onTestFinished } from 'vitest';
import { renderConfigEnv } from '../../src/spec/environment.js';
import { renderSecretsEnv, resolveSecrets } from '../../src/spec/generated-secrets.js';
import { run, runOrFail } from '../../src/system/process/process.js';
import { describeWithEngine } from '../support/engine.js';
import { envFileSpecials } from '../support/values/env-values.js';
import { temporaryDirectory } from '../support/temporary.js';
import { composeConfig, literal } from './values-support.js';

const known = [
  '',
  ' ',
  '\t',
  '\n',
  '\r',
  '\r\n',
  '$',
  '$$',
  '${',
  '$HOME',
  '${HOME:-x}',
  '\\',
  '\\\\',
  '\\n',
  '\\$',
  '\\"',
  '"',
  "'",
  `'"\\$`,
  '#',
  ' #',
  'a # b',
  '=',
  'A=B',
  ' lead',
  'trail ',
  '\\',
  'trail\\',
  '"quoted"',
  "'quoted'",
  'multi\nline\n',
  'x\0'.slice(0, 1),
  'ünïcödé 漢字 🎉',
  '\ufeffbom',
  '\u0085\u00a0\u2028',
  '`id`',
  '!',
  '~',
  '*',
  '{}',
  '[1, 2]',
  'true',
  'null',
  '\x01\x1b[31m\x7f',
  '\v\f',
  '%s',
  'export A=1',
  '$generate',
  '-',
  ':',
  'a: b',
];

const value = fc.string({
  unit: fc.oneof(
    {
      weight: 3,
      arbitrary: fc.constantFrom(...envFileSpecials, ':', '-', '`', '!'),
    },
    {
      weight: 1,
      arbitrary: fc.string({ unit: 'grapheme', minLength: 1, maxLength: 1 }).filter((text) => !text.includes('\0')),
    },
  ),
  maxLength: 16,
});

function environmentOf(count: number): Record<string, string> {
  return Object.fromEntries(Array.from({ length: count }, (_, index) => [`V${index}`, `\${V${index}}`]));
}

describeWithEngine('config.env', () => {
  it('gives Docker Compose exactly the values of the spec', async () => {
    const values = [...known, ...fc.sample(value, { numRuns: 3000, seed: 42 })];
    const entries = new Map(values.map((text, index) => [`V${index}`, text]));
    const file = { services: { a: { image: 'none', environment: environmentOf(values.length) } } };
    const config = await composeConfig(await temporaryDirectory(), file, {
      envFile: renderConfigEnv(entries, [{ path: 'c.env', text: 'LAST=1' }]),
      // Names in the file must not be expanded from the environment.
      env: { A: 'leaked', n: 'leaked', AA: 'leaked' },
    });
    const seen = config.services.a?.environment ?? {};
    for (const [index, text] of values.entries()) {
      expect({ text, seen: literal(seen[`V${index}`]) }).toEqual({ text, seen: text });
    }
  });

  it('passes values and secrets to a container byte for byte', async () => {
    const directory = await temporaryDirectory();
    const project = `values-${randomBytes(4).toString('hex')}`;
    const image = `${project}:local`;
    await runOrFail('import', 'docker', ['import', '-', image], { input: '\0'.repeat(1024) });
    const compose = ['compose', '--project-name', project, '--env-file', 'config.env', '--env-file', 'secrets.env'];
    onTestFinished(async () => {
      await run('docker', [...compose, 'down', '--volumes'], { cwd: directory });
      await run('docker', ['image', 'rm', image]);
    });

    const secrets = resolveSecrets(new Map([['SECRET', 'a $x "\'\\\n$generate:base64:32$ # é']]), undefined, {
      rotate: new Set(),
    });
    const entries = new Map(known.map((text, index) => [`V${index}`, text]));
    await writeFile(join(directory, 'config.env'), renderConfigEnv(entries, []));
    await writeFile(join(directory, 'secrets.env'), renderSecretsEnv(secrets));
    const environment = { ...environmentOf(known.length), SECRET: '${SECRET:?}' };
    const file = { services: { a: { image, command: ['/none'], network_mode: 'none', environment } } };
    await writeFile(join(directory, 'docker-compose.yml'), JSON.stringify(file));
    await runOrFail('create', 'docker', [...compose, 'create'], { cwd: directory });

    const inspected = await runOrFail('inspect', 'docker', [
      'inspect',
      '--format',
      '{{json .Config.Env}}',
      `${project}-a-1`,
    ]);
    const container = new Set(JSON.parse(inspected.stdout) as string[]);
    for (const [name, text] of [...entries, ...secrets.secret]) expect(container).toContain(`${name}=${text}`);
  });
});
