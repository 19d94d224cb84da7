import { mkdir } from 'node:fs/promises';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { describeWithEngine } from '../../support/engine.js';
import { containersOf } from '../../support/engine-api.js';
import { idleService, Sandbox } from '../../support/sandbox.js';

describeWithEngine('paths with characters that are special to Compose', () => {
  let sandbox: Sandbox;
  beforeAll(async () => {
    sandbox = await Sandbox.make({
      'source/stacks/app/stack.yml': 'name: app\npods:\n  - app\n',
      'source/config/app/page.txt': 'page\n',
      'source/compose/docker-compose-app.yml': `services:\n${idleService('web', '    volumes: ["data:/data", "store:/store", "../config/app/page.txt:/page.txt"]\n')}volumes: {data: , store: }\n`,
    });
    await mkdir(sandbox.path('a$x'));
    await mkdir(sandbox.path('a'));
    await sandbox.write(
      'spec.yml',
      "stack: source/stacks/app\ndeploy-to: compose\nvolumes:\n  data: 'BASE/a$x'\n  store: './data/$(touch P) ${HOME}'\n",
    );
  });
  afterAll(() => sandbox.remove());

  it('a $ is part of the name: containers write where the spec says, and later commands find the data', async () => {
    const directory = 'd$HOME $(touch P)';
    const { stderr } = await sandbox.create('spec.yml', directory);
    expect(stderr).toContain('spec.yml:5 volumes.store: ${HOME} is not a variable here');
    const run = (...args: string[]) => sandbox.run(directory, ...args);
    const { stderr: starting } = await run('start');
    expect(starting).not.toContain('WARNING');
    await run('exec', 'web', 'sh', '-c', 'cp /page.txt /data/file; cp /page.txt /store/file');
    expect(await sandbox.read('a$x/file')).toBe('page\n');
    expect(await sandbox.exists('a/file')).toBe(false);
    expect(await sandbox.read(`${directory}/data/$(touch P) \${HOME}/file`)).toBe('page\n');
    expect(await sandbox.exists('P')).toBe(false);

    const project = await sandbox.projectOf(directory);
    const before = await containersOf(project);
    await run('start');
    expect(await containersOf(project), 'nothing differs').toEqual(before);
    await sandbox.write(`${directory}/config/app/page.txt`, 'other\n');
    expect((await run('start')).stderr).toContain('page.txt changed');
    await run('stop', '--delete-data', '--yes');
    expect(await sandbox.exists(`${directory}/data/$(touch P) \${HOME}/file`)).toBe(false);
    expect(await sandbox.exists('a$x/file'), 'not below data/').toBe(true);
  });

  it('a colon in the path of a deployment is refused before anything is made', async () => {
    const create = ['deploy', 'create', '--spec-file', 'spec.yml', '--deployment-dir', 'a:b'];
    const { code, stderr } = await sandbox.cli(create);
    expect({ code, stderr }).toMatchObject({ code: 1 });
    expect(stderr).toContain('contains a colon');
    expect(await sandbox.exists('a:b')).toBe(false);
  });

  it('a colon in the path of a volume is accepted', async () => {
    await sandbox.write(
      'colon.yml',
      'stack: source/stacks/app\ndeploy-to: compose\nvolumes: {data: "./data/a:b", store: ./data/c}\n',
    );
    await sandbox.create('colon.yml', 'colon');
    await sandbox.run('colon', 'start');
    await sandbox.run('colon', 'exec', 'web', 'touch', '/data/here');
    expect(await sandbox.exists('colon/data/a:b/here')).toBe(true);
  });
});
