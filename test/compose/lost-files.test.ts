import { rm } from 'node:fs/promises';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { describeWithEngine } from '../support/engine.js';
import { idleService, Sandbox } from '../support/sandbox.js';

const losses: [file: string, fault: string, lose: (sandbox: Sandbox, file: string) => Promise<unknown>][] = [
  ['config.env', 'is missing', (sandbox, file) => rm(sandbox.path(file))],
  ['config.env', 'is empty', (sandbox, file) => sandbox.write(file, '')],
  ['compose/docker-compose-side.yml', 'is empty', (sandbox, file) => sandbox.write(file, '')],
  ['compose-jobs/docker-compose-once.yml', 'is missing', (sandbox, file) => rm(sandbox.path(file))],
  ['config/app/page.txt', 'is missing', (sandbox, file) => rm(sandbox.path(file))],
  [
    'config/app/page.txt',
    'is a folder',
    async (sandbox, file) => {
      await rm(sandbox.path(file));
      await sandbox.write(`${file}/file`, '');
    },
  ],
];

describeWithEngine('a deployment that lost a generated file', () => {
  let sandbox: Sandbox;
  beforeAll(async () => {
    const app =
      '    environment: {GREETING: "${GREETING:-hi}"}\n    volumes: ["../config/app/page.txt:/page.txt:ro"]\n';
    sandbox = await Sandbox.make({
      'source/stacks/app/stack.yml': 'name: app\npods:\n  - app\n  - side\njobs:\n  - once\n',
      'source/compose/docker-compose-app.yml': `services:\n${idleService('web', app)}`,
      'source/compose/docker-compose-side.yml': `services:\n${idleService('side')}`,
      'source/compose-jobs/docker-compose-once.yml': `services:\n${idleService('once')}`,
      'source/config/app/page.txt': 'page\n',
      'spec.yml': 'stack: source/stacks/app\ndeploy-to: compose\nconfig: {GREETING: hey}\n',
    });
    await sandbox.create('spec.yml', 'd');
    await sandbox.run('d', 'start');
  });
  afterAll(() => sandbox.remove());

  it.each(losses)('does not start or run jobs without %s: it %s', async (file, fault, lose) => {
    const before = await sandbox.engineState(await sandbox.projectOf('d'));
    const text = await sandbox.read(`d/${file}`);
    await lose(sandbox, `d/${file}`);

    for (const command of [['start'], ['run-job', 'once']]) {
      const { code, stderr } = await sandbox.deployment('d', ...command);
      expect(code).toBe(1);
      expect(stderr).toContain(`\n${file} ${fault}\n`);
      expect(stderr).toContain('deploy create --update --spec-file');
    }
    expect(await sandbox.engineState(await sandbox.projectOf('d'))).toEqual(before);

    await rm(sandbox.path(`d/${file}`), { recursive: true, force: true });
    await sandbox.succeed(['deploy', 'create', '--update', '--spec-file', 'd/spec.yml', '--deployment-dir', 'd']);
    expect(await sandbox.read(`d/${file}`)).toBe(text);
    await sandbox.run('d', 'start');
    expect(await sandbox.engineState(await sandbox.projectOf('d'))).toEqual(before);
  });
});
