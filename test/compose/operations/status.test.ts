import { afterAll, beforeAll, expect, it } from 'vitest';
import { describeWithEngine } from '../../support/engine.js';
import { idleService, Sandbox } from '../../support/sandbox.js';

describeWithEngine('status of a deployment that runs in part (02 §7.5, decision 31)', () => {
  let sandbox: Sandbox;
  let project = '';
  beforeAll(async () => {
    sandbox = await Sandbox.make({
      'source/stacks/app/stack.yml': 'name: app\npods: [app]\n',
      'source/compose/docker-compose-app.yml': `services:\n${['web', 'db', 'cache'].map((name) => idleService(name)).join('')}${idleService('debugger', '    profiles: [debug]\n')}`,
      'spec.yml': 'stack: source/stacks/app\ndeploy-to: compose\n',
    });
    await sandbox.create('spec.yml', 'd');
    project = await sandbox.projectOf('d');
  });
  afterAll(() => sandbox.remove());

  it('names services without a container on stderr; stdout is what scripts read', async () => {
    expect(await sandbox.deployment('d', 'status')).toEqual({
      code: 0,
      stdout: '',
      stderr: 'no container: cache, db, web\n',
    });
    await sandbox.succeed(['deployment', '--dir', 'd', 'start', 'web']);
    expect(await sandbox.deployment('d', 'status')).toEqual({
      code: 0,
      stdout: `${project}-web-1\trunning\n`,
      stderr: 'no container: cache, db\n',
    });
    expect(await sandbox.deployment('d', 'status', '--exit-code')).toMatchObject({
      code: 1,
      stdout: `${project}-web-1\trunning\n`,
      stderr: 'no container: cache, db\n',
    });
    const json = await sandbox.deployment('d', 'status', '--format', 'json');
    expect(json).toMatchObject({ code: 0, stderr: '' });
    expect(JSON.parse(json.stdout)).toMatchObject({ missing: ['cache', 'db'] });
    await sandbox.succeed(['deployment', '--dir', 'd', 'start']);
    expect(await sandbox.deployment('d', 'status')).toMatchObject({ code: 0, stderr: '' });
  });

  it('shows what runs although the compose files cannot be read, and says that they cannot', async () => {
    await sandbox.edit('d/compose/docker-compose-app.yml', 'services:\n', 'services: [\n');
    const status = await sandbox.deployment('d', 'status');
    expect(status).toMatchObject({
      code: 0,
      stdout: ['cache', 'db', 'web'].map((name) => `${project}-${name}-1\trunning\n`).join(''),
    });
    expect(status.stderr).toMatch(
      /^WARNING: cannot tell which services have no container: .*docker-compose-app\.yml:\d/,
    );
    expect((await sandbox.deployment('d', 'status', '--exit-code')).code).toBe(1);
    // Commands that need the files name the one that is broken, though Compose 2.26 does not.
    for (const command of [['logs'], ['start', 'nosuch']]) {
      const refused = await sandbox.deployment('d', ...command);
      expect(refused).toMatchObject({ code: 1, stdout: '' });
      expect(refused.stderr).toMatch(/^Error: \/.*docker-compose-app\.yml:\d/);
    }
  });
});
