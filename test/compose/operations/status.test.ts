import { afterAll, beforeAll, expect, it } from 'vitest';
import { deploymentStatusSchema } from '../../../src/deployers/status.js';
import { describeWithEngine } from '../../support/engine.js';
import { idleService, Sandbox } from '../../support/sandbox.js';

describeWithEngine('status of a deployment of which only a part runs', () => {
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

  it('lists services without a container on stderr, and prints what scripts read on stdout', async () => {
    expect(await sandbox.deployment('d', 'status')).toEqual({
      code: 0,
      stdout: '',
      stderr: 'no container: cache, db, web\n',
    });
    await sandbox.run('d', 'start', 'web');
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
    const status = deploymentStatusSchema.parse(JSON.parse(json.stdout));
    expect(JSON.parse(json.stdout), 'the documented schema describes all of it').toEqual(status);
    expect(status).toMatchObject({ degraded: true, missing: ['cache', 'db'] });
    await sandbox.run('d', 'start');
    expect(await sandbox.deployment('d', 'status')).toMatchObject({ code: 0, stderr: '' });
  });

  it('is degraded when a server was stopped and exited with 0, until start or restart starts it', async () => {
    const worker = `services:\n  worker:\n    image: busybox:1.36\n    command: ["sh", "-c", "trap 'exit 0' TERM; touch /up; while :; do sleep 0.1; done"]\n  once: { image: "busybox:1.36", command: ["true"] }\n`;
    await sandbox.write('worker/stacks/worker/stack.yml', 'name: worker\npods: [worker]\n');
    await sandbox.write('worker/compose/docker-compose-worker.yml', worker);
    await sandbox.write('worker.yml', 'stack: worker/stacks/worker\ndeploy-to: compose\n');
    await sandbox.create('worker.yml', 'w');
    const name = `${await sandbox.projectOf('w')}-worker-1`;
    await sandbox.run('w', 'start');
    for (const again of [['start'], ['restart', '--no-git-pull']]) {
      const up = () => sandbox.docker('exec', name, 'test', '-e', '/up').then(() => true);
      await expect.poll(() => up().catch(() => false), { timeout: 60_000 }).toBe(true);
      expect(await sandbox.deployment('w', 'status', '--exit-code')).toMatchObject({
        code: 0,
        stdout: `${name.replace('worker', 'once')}\texited\texit code 0\tcompleted\n${name}\trunning\n`,
      });
      await sandbox.docker('stop', name);
      expect(await sandbox.deployment('w', 'status', '--exit-code')).toMatchObject({
        code: 1,
        stdout: expect.stringContaining(`${name}\texited\texit code 0\n`) as string,
      });
      await sandbox.run('w', ...again);
    }
    expect((await sandbox.deployment('w', 'status', '--exit-code')).code).toBe(0);
  });

  it('lists what runs even when the compose files cannot be read, and reports that', async () => {
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
    // Commands that need the files name the invalid one, although Compose 2.26 does not.
    for (const command of [['logs'], ['start', 'nosuch']]) {
      const refused = await sandbox.deployment('d', ...command);
      expect(refused).toMatchObject({ code: 1, stdout: '' });
      expect(refused.stderr).toMatch(/^Error: \/.*docker-compose-app\.yml:\d/);
    }
  });
});
