import { afterAll, beforeAll, expect, it } from 'vitest';
import { describeWithEngine } from '../../support/engine.js';
import { type CliResult } from '../../support/program.js';
import { containersOf } from '../../support/engine-api.js';
import { idleService, Sandbox } from '../../support/sandbox.js';

const stack = 'source/stacks/app';

describeWithEngine('a stack run in place', () => {
  let sandbox: Sandbox;
  let project: string;
  const deploy = (...args: string[]): Promise<CliResult> => sandbox.cli(['--stack', stack, 'deploy', ...args]);

  beforeAll(async () => {
    sandbox = await Sandbox.make({
      [`${stack}/stack.yml`]: 'name: app\npods:\n  - one\n  - two\n',
      'source/compose/docker-compose-one.yml': `services:\n${idleService('one', '    environment: {VALUE: "${VALUE:-none}"}\n    ports: ["8000", "8001/udp"]\n    volumes: [kept:/kept]\n')}volumes:\n  kept:\n`,
      'source/compose/docker-compose-two.yml': `services:\n${idleService('two')}`,
      'values.env': 'VALUE=from the file\n',
    });
    const ps = await sandbox.succeed(['--stack', stack, 'deploy', '--env-file', 'values.env', 'up']);
    expect(ps.stdout).toBe('');
    const list = await sandbox.succeed(['--stack', stack, 'deploy', 'ps', '--format', 'json']);
    const { containers } = JSON.parse(list.stdout) as { containers: { name: string; service: string }[] };
    project = /^(.*)-one-1$/.exec(containers.find(({ service }) => service === 'one')?.name ?? '')?.[1] ?? '';
    sandbox.watch(project);
  });
  afterAll(() => sandbox.remove());

  it('has an env file, plain volumes and a project name of 16 hex digits', async () => {
    expect(project).toMatch(/^laconic-[0-9a-f]{16}$/);
    const { one } = await containersOf(project);
    expect(one?.env.VALUE).toBe('from the file');
    const volume = JSON.parse(await sandbox.docker('volume', 'inspect', `${project}_kept`)) as { Options: unknown }[];
    expect(volume[0]?.Options).toBeNull();
  });

  it('is the same project from any directory, with any selection of pods', async () => {
    const all = await deploy('ps');
    expect(all.stdout.match(/^id: /gm)).toHaveLength(2);
    const elsewhere = [
      sandbox.cli(['--stack', '.', 'deploy', 'ps'], { cwd: stack }),
      sandbox.cli(['--stack', sandbox.path(stack), 'deploy', 'ps'], { cwd: 'repositories' }),
      deploy('--include', 'two', 'ps'),
    ];
    for (const { stdout } of await Promise.all(elsewhere)) expect(stdout).toBe(all.stdout);
  });

  it('starts and stops nothing in a project of somebody else, and deletes none of its volumes', async () => {
    const foreign = await sandbox.write(
      'foreign/compose.yml',
      `services:\n${idleService('pg', '    volumes: [pg:/pg]\n')}${idleService('one', '    volumes: [kept:/kept]\n')}volumes:\n  pg:\n  kept:\n`,
    );
    const other = `${project}foreign`;
    sandbox.watch(other);
    const compose = (...args: string[]) =>
      sandbox.docker('compose', '--file', foreign, '--project-name', other, ...args);
    await compose('up', '--detach');
    for (const words of [['up'], ['down'], ['down', '--delete-volumes']]) {
      const refused = await deploy('--cluster', other, ...words);
      expect(refused).toMatchObject({ code: 1, stdout: '' });
      expect(refused.stderr).toContain(
        `project ${other} has containers that were started from ${sandbox.path('foreign')}`,
      );
    }
    expect(Object.keys(await containersOf(other)).sort()).toEqual(['one', 'pg']);
    expect(await sandbox.engineState(other)).toMatchObject({ volumes: [`${other}_kept`, `${other}_pg`] });
    await compose('down');
    const down = await deploy('--cluster', other, 'down', '--delete-volumes');
    expect(down.code).toBe(0);
    expect(down.stderr).toContain(`kept: volume ${other}_pg`);
    const warned = await deploy('--cluster', other, 'up');
    expect(warned.code).toBe(0);
    expect(warned.stderr).toContain(`project ${other} has volumes that this stack does not declare: ${other}_pg`);
    expect((await deploy('--cluster', other, 'down', '--delete-volumes')).code).toBe(0);
    expect(await sandbox.docker('volume', 'inspect', '--format', '{{.Name}}', `${other}_pg`)).toBe(`${other}_pg\n`);
  });

  it('answers port with --protocol, and lists what is published instead', async () => {
    expect((await deploy('port', 'one', '8000')).stdout).toMatch(/^0\.0\.0\.0:[1-9]\d*\n$/);
    expect((await deploy('port', 'one', '8001', '--protocol', 'udp')).stdout).toMatch(/^0\.0\.0\.0:[1-9]\d*\n$/);
    for (const words of [['8001'], ['8000', '--index', '2'], ['9000']]) {
      expect(await deploy('port', 'one', ...words)).toMatchObject({ code: 1, stdout: '' });
    }
  });

  it('runs exec with one word in a shell, several as they are, and exits with the code of the command', async () => {
    expect(await deploy('exec', 'one', 'echo "$VALUE" | wc -w')).toMatchObject({ code: 0, stdout: '3\n' });
    expect(await deploy('exec', 'one', '--', 'echo', '$VALUE', '-n')).toMatchObject({ code: 0, stdout: '$VALUE -n\n' });
    expect(await deploy('exec', 'one', 'exit 42')).toMatchObject({ code: 42 });
  });

  it('selects what is started and stopped with --include and --exclude, with a warning for unknown names and an error when nothing is left', async () => {
    expect((await deploy('--include', 'two', 'down')).code).toBe(0);
    expect(Object.keys(await containersOf(project))).toEqual(['one']);
    const { code, stderr } = await deploy('--exclude', 'one,three', 'up');
    expect(code).toBe(0);
    expect(stderr).toMatch(/^WARNING: .*three.*one, two/m);
    expect(Object.keys(await containersOf(project)).sort()).toEqual(['one', 'two']);
    const empty = await deploy('--exclude', 'one,two', 'up');
    expect(empty.code).toBe(1);
    expect(empty.stderr).toMatch(/leave no pod to deploy\npods: one, two/);
  });

  it('refuses commands that need a deployment, and options that would be ignored', async () => {
    const kubernetes = await deploy('--deploy-to', 'k8s-kind', 'up');
    expect(kubernetes.code).toBe(1);
    expect(kubernetes.stderr).toContain('deployment --dir');
    expect(await deploy('--include', 'one', 'init', '--output', 'spec.yml')).toMatchObject({ code: 2 });
    expect(await sandbox.exists('spec.yml')).toBe(false);
    const missing = await deploy('--env-file', './none.env', 'up');
    expect(missing.code).not.toBe(0);
    expect(missing.stderr).toContain('none.env');
    expect(await deploy('--cluster', 'Not A Name', 'up')).toMatchObject({ code: 1 });
  });

  it('keeps the volumes with down, and deletes them with --delete-volumes', async () => {
    expect((await deploy('down', '0')).code).toBe(0);
    expect(await sandbox.engineState(project)).toMatchObject({
      containers: {},
      networks: [],
      volumes: [`${project}_kept`],
    });
    expect((await deploy('down', '--delete-volumes')).code).toBe(0);
    expect(await sandbox.engineState(project)).toMatchObject({ volumes: [] });
  });
});
