import { readdir, rm } from 'node:fs/promises';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { describeWithEngine } from '../../support/engine.js';
import { Sandbox } from '../../support/sandbox.js';

const repository = (name: string, service: string): Record<string, string> => ({
  [`${name}/stack-orchestrator/stacks/${name}/stack.yml`]: `pods: [${name}]\n`,
  [`${name}/stack-orchestrator/compose/docker-compose-${name}.yml`]: [
    'services:',
    `  ${service}:`,
    '    image: busybox:1.36',
    '    command: sh -c "sleep 1000"',
    '    stop_signal: SIGKILL',
    '    environment: { LEVEL: "${LEVEL:-none}" }',
    '    volumes: ["rows:/rows"]',
    'volumes:',
    '  rows:',
    '',
  ].join('\n'),
});

const spec = (name: string, level: string): string =>
  `stack: BASE/${name}/stack-orchestrator/stacks/${name}\ndeploy-to: compose\nconfig:\n  LEVEL: ${level}\nvolumes:\n  rows: ./data/rows\n`;

describeWithEngine('mix-ups that would cost services or data', () => {
  let sandbox: Sandbox;
  const deployment = (...args: string[]) => sandbox.deployment('d', ...args);
  const update = (file: string, ...more: string[]) =>
    sandbox.cli(['deploy', 'create', '--update', '--spec-file', file, '--deployment-dir', 'd', ...more]);
  const services = async (): Promise<string> => (await deployment('ps')).stdout;

  beforeAll(async () => {
    sandbox = await Sandbox.make({
      ...repository('shop', 'web'),
      ...repository('bank', 'teller'),
      'shop.yml': spec('shop', 'one'),
      'bank.yml': spec('bank', 'one'),
    });
    await sandbox.create('shop.yml', 'd');
    await sandbox.run('d', 'start');
  });
  afterAll(() => sandbox.remove());

  it('update and restart refuse a spec of another stack unless --accept-other-stack is given', async () => {
    const before = await services();

    const refused = await update('bank.yml');
    expect(refused.code).toBe(1);
    expect(refused.stderr).toMatch(
      /^Error: bank\.yml is a spec of stack .*\/bank, and .*\/d is a deployment of stack .*\/shop$/m,
    );
    expect(refused.stderr).toContain('--accept-other-stack');
    expect((await deployment('restart', '--spec-file', sandbox.path('bank.yml'))).code).toBe(1);
    expect((await deployment('start')).code).toBe(0);
    expect(await services()).toBe(before);

    expect(await update('bank.yml', '--accept-other-stack')).toMatchObject({ code: 0 });
    expect(await update('shop.yml', '--accept-other-stack')).toMatchObject({ code: 0 });
    expect((await deployment('start')).code).toBe(0);
    expect(await services()).toBe(before);
  });

  it('start refuses to run with a missing volume directory, and an update reports the directory that it creates', async () => {
    await rm(sandbox.path('d/data/rows'), { recursive: true });

    for (const state of ['running', 'stopped']) {
      if (state === 'stopped') await sandbox.run('d', 'stop');
      const refused = await deployment('start');
      expect({ state, code: refused.code }).toEqual({ state, code: 1 });
      expect(refused.stderr).toMatch(/^Error: the directory of volume \S+_rows does not exist: .*\/d\/data\/rows$/m);
    }

    const made = await update('shop.yml');
    expect(made.code).toBe(0);
    expect(made.stderr).toContain('the directory of volume rows, data/rows, is missing: an empty one is created');
    expect(await readdir(sandbox.path('d/data'))).toEqual(['rows']);
    expect((await deployment('start')).code).toBe(0);
  });
});
