import { readdirSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { type ComposeReading, readCompose } from '../../src/compose/model/normalize.js';
import type { ComposeModel } from '../../src/compose/model/types.js';
import { InvalidFileError } from '../../src/system/errors.js';
import { parseYaml } from '../../src/system/yaml/yaml.js';
import { describeWithEngine } from '../support/engine.js';
import { askCompose, ours, theirs } from './model-support.js';

const fixtures = join(import.meta.dirname, 'fixtures');

/** `NOTHING` is not set. */
const variables: Record<string, string> = {
  SET: 'set',
  EMPTY: '',
  PORT: '8088',
  HOST_IP: '127.0.0.1',
  PROTOCOL: 'udp',
  DIRECTORY: './dir',
  NAME: 'from-name',
  YES: 'true',
  QUOTES: `a'b"c`,
  DOLLARS: '$x ${y} $$',
  LINES: 'l1\nl2',
};

function corpus(folder: string): string[] {
  return readdirSync(join(fixtures, folder))
    .filter((name) => name.endsWith('.yml'))
    .sort();
}

async function read(folder: string, file: string, profiles: readonly string[]): Promise<ComposeReading> {
  const yaml = parseYaml(await readFile(join(fixtures, folder, file), 'utf8'), file);
  return readCompose({ yaml, lookup: (name) => variables[name], profiles });
}

async function normalized(folder: string, file: string, profiles: readonly string[] = []): Promise<ComposeModel> {
  const reading = await read(folder, file, profiles);
  const texts = new Map<string, string>();
  for (const { path } of reading.envFiles) {
    if (!path.includes('missing')) texts.set(path, await readFile(join(fixtures, folder, path), 'utf8'));
  }
  return reading.normalize(texts).model;
}

async function expectEqual(file: string, profiles: readonly string[] = []): Promise<void> {
  const config = await askCompose(join(fixtures, 'model'), file, { variables, profiles });
  if ('refused' in config) throw new Error(`Compose refuses ${file}: ${config.refused}`);
  const model = await normalized('model', file, profiles);
  expect([...model.services.keys()].sort()).toEqual(Object.keys(config.services).sort());
  for (const [name, service] of model.services) {
    expect({ name, ...ours(service) }).toEqual({ name, ...theirs(config.services[name] ?? {}) });
  }
  for (const section of ['volumes', 'secrets', 'configs'] as const) {
    const seen = new Map(Object.entries(config[section] ?? {}));
    for (const name of seen.keys()) expect(model[section].has(name)).toBe(true);
  }
}

describeWithEngine('the compose model equals docker compose config', () => {
  for (const file of corpus('model')) {
    it.concurrent(file, () => expectEqual(file));
  }

  it.concurrent.each([[['debug']], [['test', 'off']], [['*']]])('with profiles %j', async (profiles) => {
    await expectEqual('profiles.yml', profiles);
    await expectEqual('profiles-extends.yml', profiles);
  });

  it('for the definitions of volumes, secrets and configs', async () => {
    const directory = join(fixtures, 'model');
    const [volumes, files] = await Promise.all(
      ['volumes-top.yml', 'secrets-configs.yml'].map((file) => askCompose(directory, file, { variables })),
    );
    if (volumes === undefined || 'refused' in volumes || files === undefined || 'refused' in files) {
      throw new Error('Compose refuses the corpus');
    }
    const ourVolumes = (await normalized('model', 'volumes-top.yml')).volumes;
    for (const [name, { external = false, driver, driver_opts = {}, name: real }] of Object.entries(
      volumes.volumes ?? {},
    )) {
      const found = ourVolumes.get(name);
      expect({ name, driver: found?.driver, options: Object.fromEntries(found?.driver_opts ?? []) }).toEqual({
        name,
        driver,
        options: driver_opts,
      });
      expect(found?.external).toBe(external);
      expect(found?.name ?? (external ? name : `model_${name}`)).toBe(real);
    }
    const ourFiles = await normalized('model', 'secrets-configs.yml');
    for (const [name, secret] of Object.entries(files.secrets ?? {})) {
      const { external, file, environment } = ourFiles.secrets.get(name) ?? {};
      expect({ name, external, file, environment }).toEqual({
        name,
        external: secret.external ?? false,
        file: secret.file,
        environment: secret.environment,
      });
    }
    expect(ourFiles.configs.get('content-config')?.content).toBe(files.configs?.['content-config']?.content);
  });
});

describeWithEngine('files that Compose rejects are rejected with file, line and key', () => {
  for (const file of corpus('model-refused')) {
    it.concurrent(file, async () => {
      expect(await askCompose(join(fixtures, 'model-refused'), file, { variables })).toHaveProperty('refused');
      const reading = await read('model-refused', file, []);
      const problems = problemsOf(reading);
      expect(problems.length).toBeGreaterThan(0);
      for (const problem of problems) {
        expect(problem.file).toBe(file);
        expect(problem.line).toBeGreaterThan(0);
        expect(problem.key ?? '').not.toBe('');
      }
    });
  }
});

describe('the files of the corpus', () => {
  it('are at least forty that Compose accepts', () => {
    expect(corpus('model').length).toBeGreaterThanOrEqual(40);
  });
});

function problemsOf(reading: ComposeReading): InvalidFileError['problems'] {
  try {
    reading.normalize();
  } catch (error) {
    if (error instanceof InvalidFileError) return error.problems;
    throw error;
  }
  return [];
}
