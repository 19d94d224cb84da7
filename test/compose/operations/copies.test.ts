import { cp, rename, rm } from 'node:fs/promises';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { describeWithEngine } from '../../support/engine.js';
import { idleService, Sandbox } from '../../support/sandbox.js';

describeWithEngine('copies of a stopped deployment', () => {
  let sandbox: Sandbox;
  let project = '';
  beforeAll(async () => {
    sandbox = await Sandbox.make({
      'source/stacks/app/stack.yml': 'name: app\npods: [app]\n',
      'source/compose/docker-compose-app.yml': `services:\n${idleService('web', '    volumes: [eng:/eng, shared:/shared]\n')}volumes:\n  eng:\n  shared:\n`,
      'shared/file': 'x',
      'spec.yml': 'stack: source/stacks/app\ndeploy-to: compose\nvolumes:\n  eng:\n  shared: BASE/shared\n',
    });
    await sandbox.create('spec.yml', 'd1');
    project = await sandbox.projectOf('d1');
    await sandbox.run('d1', 'start');
    await sandbox.run('d1', 'exec', 'web', 'echo precious > /eng/x');
    await sandbox.run('d1', 'stop');
    await cp(sandbox.path('d1'), sandbox.path('d2'), { recursive: true });
  });
  afterAll(() => sandbox.remove());

  const volume = (): Promise<string> =>
    sandbox.docker('run', '--rm', '--volume', `${project}_eng:/eng`, 'busybox:1.36', 'cat', '/eng/x');

  it.each([['start'], ['stop', '--delete-volumes'], ['restart', '--no-git-pull'], ['stop', '--delete-data', '--yes']])(
    'have no rights to the original: %s %s is refused',
    async (...words) => {
      const refused = await sandbox.deployment('d2', ...words);
      expect(refused).toMatchObject({ code: 1, stdout: '' });
      expect(refused.stderr).toContain(
        `${sandbox.path('d2')} is a copy of ${sandbox.path('d1')}: both are Compose project`,
      );
      expect(refused.stderr).toContain(`run deployment --dir ${sandbox.path('d2')} split`);
      expect(await volume()).toBe('precious\n');
    },
  );

  it('leave the original usable, become deployments of their own after split, and are warned about what they share', async () => {
    await sandbox.run('d1', 'start');
    await sandbox.run('d1', 'stop');
    await sandbox.run('d2', 'split');
    const own = await sandbox.projectOf('d2');
    const started = await sandbox.run('d2', 'start');
    expect(started.stderr).toContain(
      `volume ${own}_shared is the directory ${sandbox.path('shared')}, and so is volume ${project}_shared of project ${project}`,
    );
    await sandbox.run('d2', 'stop', '--delete-volumes');
    expect(await volume()).toBe('precious\n');
  });

  it('replace an original that is gone, as a restored or a moved directory does', async () => {
    await rename(sandbox.path('d1'), sandbox.path('moved'));
    await sandbox.run('moved', 'start');
    await sandbox.run('moved', 'stop');
    await cp(sandbox.path('moved'), sandbox.path('restored'), { recursive: true });
    await rm(sandbox.path('moved'), { recursive: true });
    await sandbox.run('restored', 'start');
    expect((await sandbox.deployment('restored', 'exec', 'web', 'cat /eng/x')).stdout).toBe('precious\n');
    await sandbox.run('restored', 'stop', '--delete-volumes');
    await expect(volume()).rejects.toThrow();
    expect(await sandbox.read('shared/file')).toBe('x');
  });

  it('made by an older version are reported at start, and delete no volumes without a decision', async () => {
    await sandbox.create('spec.yml', 'old');
    await cp(sandbox.path('old'), sandbox.path('older'), { recursive: true });
    for (const directory of ['old', 'older']) await rm(sandbox.path(directory, '.laconic/place.json'));
    await sandbox.run('old', 'start');
    await sandbox.run('old', 'stop');
    const { stderr } = await sandbox.run('older', 'start');
    const told = `WARNING: ${sandbox.path('old')} is a deployment of Compose project ${await sandbox.projectOf('old')} as well`;
    expect(stderr.split('\n').filter((line) => line.startsWith(told))).toHaveLength(1);
    await sandbox.run('older', 'stop');
    const refused = await sandbox.deployment('older', 'stop', '--delete-volumes');
    expect(refused).toMatchObject({ code: 1, stdout: '' });
    expect(refused.stderr).toContain(`may belong to another deployment directory: ${sandbox.path('old')}, not to`);
    expect(
      await sandbox.docker('volume', 'ls', '--quiet', '--filter', `name=${await sandbox.projectOf('old')}_eng`),
    ).not.toBe('');
  });

  it('without a record of their place are refused too when the volumes show where their data is', async () => {
    await sandbox.write('inside.yml', (await sandbox.read('spec.yml')).replace(/shared: .*/, 'shared: ./data/shared'));
    await sandbox.create('inside.yml', 'holder');
    await sandbox.run('holder', 'start');
    await sandbox.run('holder', 'stop');
    await cp(sandbox.path('holder'), sandbox.path('blank'), { recursive: true });
    for (const directory of ['holder', 'blank']) await rm(sandbox.path(directory, '.laconic'), { recursive: true });
    for (const words of [['start'], ['--dry-run', 'start'], ['restart', '--no-git-pull']]) {
      const dry = words[0] === '--dry-run';
      const refused = await sandbox.cli([
        ...(dry ? ['--dry-run'] : []),
        ...['deployment', '--dir', 'blank', ...(dry ? ['start'] : words)],
      ]);
      expect(refused.code).toBe(1);
      expect(refused.stderr).toContain(`may belong to another deployment directory: ${sandbox.path('holder')}, not to`);
    }
    expect(await sandbox.containers('holder')).toEqual({});
    await sandbox.run('holder', 'start');
  });
});
