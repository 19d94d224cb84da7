import { cp, rename, rm, symlink } from 'node:fs/promises';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { containersOf, labelled } from '../../support/engine-api.js';
import { describeWithEngine } from '../../support/engine.js';
import { idleService, Sandbox } from '../../support/sandbox.js';

const volumes = '    volumes: [data:/data, plain:/plain]\n';
const compose = `services:\n${idleService('web', '    depends_on: [db]\n')}${idleService('db', volumes)}volumes:\n  data:\n  plain:\n`;

let sandbox: Sandbox;
let project: string;

/** A running deployment `d` with `web`, `db`, a bind volume below the directory and an engine volume. */
async function makeRunning(): Promise<void> {
  sandbox = await Sandbox.make({
    'source/stacks/app/stack.yml': 'name: app\npods: [app]\njobs: [tidy]\n',
    'source/compose/docker-compose-app.yml': compose,
    'source/compose-jobs/docker-compose-tidy.yml': `services:\n${idleService('tidy')}`,
    'spec.yml': 'stack: source/stacks/app\ndeploy-to: compose\nvolumes:\n  data: ./data/data\n  plain:\n',
  });
  await sandbox.create('spec.yml', 'd');
  project = await sandbox.projectOf('d');
  await sandbox.run('d', 'start', '--no-wait');
}

const services = async (of = project): Promise<string[]> => Object.keys(await containersOf(of)).sort();
const volumesLeft = (): Promise<string[]> => labelled('volumes', project);
const networks = (): Promise<string[]> => labelled('networks', project);

describeWithEngine('stop of a deployment whose directory no longer exists', () => {
  beforeEach(makeRunning);
  afterEach(() => sandbox.remove());

  it('finds it by its labels, with every spelling of the path, and keeps the volumes', async () => {
    await symlink(sandbox.base, `${sandbox.base}-link`);
    try {
      await rm(sandbox.path('d'), { recursive: true });
      const stopped = await sandbox.deployment(`${sandbox.base}-link/x/../d`, 'stop', '1');
      expect(stopped).toMatchObject({ code: 0, stdout: '' });
      expect(stopped.stderr).toContain('/d does not exist: its containers and volumes are found by their labels');
      expect(stopped.stderr).toContain(`stopped: project ${project}\n`);
      expect(stopped.stderr.indexOf('web: removed')).toBeLessThan(stopped.stderr.indexOf('db: stopping'));
      expect([await services(), await networks()]).toEqual([[], []]);
      expect(await volumesLeft()).toEqual([`${project}_data`, `${project}_plain`]);
      // Nothing is left that refers to the directory.
      const again = await sandbox.deployment('d', 'stop');
      expect(again).toMatchObject({ code: 1, stdout: '', stderr: 'Error: deployment directory d does not exist\n' });
    } finally {
      await rm(`${sandbox.base}-link`);
    }
  });

  it('deletes the volumes when asked, also later, and reports what it kept', async () => {
    // The engine makes a directory that belongs to root and that an operator cannot delete, so half a directory is
    // left.
    await rename(sandbox.path('d/data'), sandbox.path('data'));
    await rm(sandbox.path('d'), { recursive: true });
    await sandbox.write('d/data/data/precious', 'rows');
    const stopped = await sandbox.deployment('d', 'stop', '--delete-volumes', '--timeout', '1');
    expect(stopped).toMatchObject({ code: 0, stdout: '' });
    expect(stopped.stderr).toContain(`${sandbox.path('d')} has no deployment.yml`);
    expect(stopped.stderr).toContain(`kept: ${sandbox.path('d/data/data')}\n`);
    expect([await services(), await volumesLeft()]).toEqual([[], []]);
    expect(await sandbox.read('d/data/data/precious')).toBe('rows');
  });

  it('deletes the data in the directory when its containers had been stopped before', async () => {
    await sandbox.run('d', 'stop', '1');
    await rm(sandbox.path('d'), { recursive: true });
    const stopped = await sandbox.deployment('d', 'stop', '--delete-volumes');
    expect(stopped).toMatchObject({ code: 0, stdout: '' });
    // Nothing proves that the other volume belongs to the deployment.
    expect(await volumesLeft()).toEqual([`${project}_plain`]);
  });

  it('leaves a project alone that somebody started by hand from files in the directory', async () => {
    const hand = await sandbox.write('app/compose/docker-compose.yml', `services:\n${idleService('db')}`);
    const other = `${project}hand`;
    sandbox.watch(other);
    await sandbox.docker('compose', '--file', hand, '--project-name', other, 'up', '--detach');
    await rename(sandbox.path('app'), sandbox.path('gone'));
    const stopped = await sandbox.deployment('app', 'stop');
    expect(stopped).toMatchObject({ code: 1, stdout: '' });
    expect(stopped.stderr).toContain(`left alone: ${other}-db-1, from files in ${sandbox.path('app')}`);
    expect(await services(other)).toEqual(['db']);
  });

  it('stops one service, refuses while a job runs, and changes nothing in a dry run', async () => {
    await rename(sandbox.path('d'), sandbox.path('moved'));
    const dry = await sandbox.cli(['--dry-run', 'deployment', '--dir', 'd', 'stop']);
    expect(dry).toMatchObject({ code: 0, stderr: '' });
    expect(dry.stdout).toMatch(/\/d does not exist: would stop the containers that were started from it\n/);
    expect(await services()).toEqual(['db', 'web']);
    const wrong = await sandbox.deployment('d', 'stop', 'wbe');
    expect(wrong.code).toBe(1);
    expect(wrong.stderr).toContain(
      'service wbe has no container, did you mean "web"?\nservices with containers: db, web',
    );
    expect(await sandbox.deployment('d', 'stop', 'web')).toMatchObject({ code: 0 });
    expect(await services()).toEqual(['db']);

    await rename(sandbox.path('moved'), sandbox.path('d'));
    const job = ['--file', sandbox.path('d/compose-jobs/docker-compose-tidy.yml'), '--project-name', project];
    await sandbox.docker('compose', ...job, 'run', '--rm', '--detach', 'tidy');
    await rm(sandbox.path('d'), { recursive: true });
    const refused = await sandbox.deployment('d', 'stop');
    expect(refused.code).toBe(1);
    expect(refused.stderr).toMatch(/a job of this deployment is running: .*--force/s);
    expect(await sandbox.deployment('d', 'stop', '--force')).toMatchObject({ code: 0 });
    expect(await services()).toEqual([]);
  });

  it('leaves alone what another directory started in the same project', async () => {
    await sandbox.docker('rm', '--force', `${project}-web-1`);
    await cp(sandbox.path('d'), sandbox.path('other'), { recursive: true });
    const other = ['--file', sandbox.path('other/compose/docker-compose-app.yml'), '--project-name', project];
    await sandbox.docker('compose', ...other, 'up', '--detach', '--no-deps', 'web');
    await rm(sandbox.path('d'), { recursive: true });
    const stopped = await sandbox.deployment('d', 'stop', '--delete-volumes');
    expect(stopped).toMatchObject({ code: 0, stdout: '' });
    expect(stopped.stderr).toContain(
      `WARNING: project ${project} keeps running: ${project}-web-1 were not started from this directory`,
    );
    expect(await services()).toEqual(['web']);
    expect(await networks()).toHaveLength(1);
    expect(await volumesLeft()).toContain(`${project}_plain`);
  });
});

describeWithEngine('stop with unusable files', () => {
  beforeEach(makeRunning);
  afterEach(() => sandbox.remove());

  it.each<[string, (sandbox: Sandbox) => Promise<unknown>, RegExp]>([
    [
      'is invalid YAML',
      (one) => one.edit('d/compose/docker-compose-app.yml', 'services:\n', 'services: [\n'),
      /docker-compose-app\.yml:\d+: /,
    ],
    [
      'is invalid for Compose',
      (one) => one.edit('d/compose/docker-compose-app.yml', 'image: busybox:1.36', 'imagine: busybox'),
      /imagine/,
    ],
    ['is missing', (one) => rm(one.path('d/compose/docker-compose-app.yml')), /compose file of pod app is missing/],
    ['has an invalid env file', (one) => one.write('d/config.env', "A='open\n"), /d\/config\.env:1/],
  ])('stops by labels, with a message, when the compose file %s', async (_, harm, why) => {
    await harm(sandbox);
    const some = await sandbox.deployment('d', 'stop', 'web');
    expect(some).toMatchObject({ code: 0, stdout: '' });
    expect(some.stderr).toMatch(/^WARNING: the files of this deployment cannot be used; .* by their labels: /m);
    expect(some.stderr).toMatch(why);
    expect(await services()).toEqual(['db']);
    // The running containers can be listed, too.
    expect(await sandbox.deployment('d', 'status')).toMatchObject({ code: 0, stdout: `${project}-db-1\trunning\n` });
    expect((await sandbox.deployment('d', 'start')).code).toBe(1);

    const all = await sandbox.deployment('d', 'stop', '--delete-volumes', '--timeout', '1');
    expect(all).toMatchObject({ code: 0, stdout: '' });
    expect(all.stderr).toContain(`kept: ${sandbox.path('d/data/data')}\n`);
    expect([await services(), await networks(), await volumesLeft()]).toEqual([[], [], []]);
  });
});
