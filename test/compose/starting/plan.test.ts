import { rename } from 'node:fs/promises';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { describeWithEngine } from '../../support/engine.js';
import type { Seen } from '../../support/engine-api.js';
import { idleService, Sandbox } from '../../support/sandbox.js';

const file = 'd/compose/docker-compose-app.yml';
const image = 'laconic-so-test-plan:local';

const oneShot = '  oneshot:\n    image: busybox:1.36\n    command: ["true"]\n';
const completed = '    depends_on: {oneshot: {condition: service_completed_successfully}}\n';
/** One service for each reason for which a start touches a service, or does not. */
const compose = `services:
${idleService('changed', '    environment: {VALUE: "${VALUE:-one}"}\n')}${idleService('follower', '    network_mode: service:changed\n')}${idleService('restarted', '    depends_on: {changed: {condition: service_started, restart: true}}\n')}${idleService('rebuilt').replace('busybox:1.36', image)}${idleService('mounted', '    volumes: ["../config/app/page.txt:/page.txt"]\n')}${oneShot}${idleService('waiting', `    labels: {version: one}\n${completed}`)}${idleService('stored', '    volumes: ["kept:/kept"]\n')}${idleService('stopped')}${idleService('gone')}${idleService('several', '    deploy: {replicas: 2}\n')}${idleService('same')}${idleService('former')}volumes:
  kept:
`;

describeWithEngine('the plan of a dry run', () => {
  let sandbox: Sandbox;
  let project = '';
  beforeAll(async () => {
    sandbox = await Sandbox.make({
      'source/stacks/app/stack.yml': 'name: app\npods: [app]\n',
      'source/compose/docker-compose-app.yml': compose,
      'source/config/app/page.txt': 'one\n',
      'spec.yml': 'stack: source/stacks/app\ndeploy-to: compose\nvolumes:\n  kept: ./data/kept\n',
      'build/Dockerfile': 'FROM busybox:1.36\nLABEL made=anew\n',
    });
    await sandbox.docker('tag', 'busybox:1.36', image);
    await sandbox.create('spec.yml', 'd');
    project = await sandbox.projectOf('d');
  });
  afterAll(async () => {
    await sandbox.remove();
    await sandbox.docker('rmi', image);
  });

  /** The plan of a dry run by service, containers to remove by name, and the commands without their files. */
  const planned = async (...args: string[]) => {
    const before = { files: await sandbox.fileState(), engine: await sandbox.engineState(project) };
    const { stdout } = await sandbox.succeed(['--dry-run', 'deployment', '--dir', 'd', 'start', ...args]);
    expect({ files: await sandbox.fileState(), engine: await sandbox.engineState(project) }).toEqual(before);
    const lines = [...stdout.matchAll(/^ {2}(\w+) (?:container )?([\w, -]+): (.*)$/gm)];
    const steps = lines.flatMap(([, action = '', names = '', why = '']) =>
      names.split(', ').map((name) => [name, { action, why }] as const),
    );
    const commands = [...stdout.matchAll(/^would run docker .* (up .*)$/gm)].map(([, call]) => call);
    return { stdout, steps: Object.fromEntries(steps), commands };
  };

  /** The change of a service's containers between two observations. */
  const happened = (service: string, before: Seen[], after: Seen[]): string => {
    const own = (all: Seen[]): Seen[] => all.filter((one) => one.service === service);
    const [was, is] = [own(before), own(after)];
    if (was.length === 0) return 'create';
    if (is.length === 0) return 'remove';
    if (was.length !== is.length) return 'scale';
    if (is.some(({ id }) => !was.some((one) => one.id === id))) return 'recreate';
    return is.some(({ startedAt }) => !was.some((one) => one.startedAt === startedAt)) ? 'start' : 'leave';
  };

  it('creates everything before the first start', async () => {
    const { stdout, steps, commands } = await planned();
    const names = [...compose.matchAll(/^ {2}(\w+):\n {4}image/gm)].map(([, name]) => name ?? '').sort();
    expect(steps).toEqual(
      Object.fromEntries(names.map((name) => [name, { action: 'create', why: 'it has no container' }])),
    );
    expect(stdout.split('\n')[0]).toBe(`would start project ${project}: ${sandbox.path(file)}`);
    expect(commands).toHaveLength(1);
    await sandbox.run('d', 'start');
    const idle = await planned();
    expect(idle.commands).toEqual([]);
    expect(new Set(Object.values(idle.steps).map(({ action }) => action))).toEqual(new Set(['leave']));
  });

  it('explains what happens to each service, and start does exactly that', async () => {
    await sandbox.write('d/config.env', 'VALUE=two\n');
    await sandbox.edit(file, 'version: one', 'version: two');
    await sandbox.edit(file, idleService('former'), '');
    await sandbox.write('d/config/app/new.txt', 'two\n');
    await rename(sandbox.path('d/config/app/new.txt'), sandbox.path('d/config/app/page.txt'));
    await sandbox.edit(file, '/data/kept', '/data/moved');
    await sandbox.write('d/data/moved/file', 'moved here\n');
    await sandbox.docker('build', '--quiet', '--tag', image, sandbox.path('build'));
    await sandbox.docker('stop', `${project}-stopped-1`);
    await sandbox.docker('rm', '--force', `${project}-gone-1`, `${project}-several-2`);
    const before = Object.values(await sandbox.containers('d'));

    const command = `laconic-so deployment --dir ${sandbox.path('d')} start`;
    const said = await sandbox.run('d', 'status');
    expect(said.stderr).toContain(`the image of rebuilt was rebuilt; recreate its containers with: ${command}\n`);
    const json = await sandbox.run('d', 'status', '--format', 'json');
    expect(JSON.parse(json.stdout)).toMatchObject({
      behind: [{ part: 'image', services: ['rebuilt'], apply: command }],
    });

    const { steps, commands } = await planned();
    expect(steps).toEqual({
      changed: { action: 'recreate', why: 'its configuration changed (environment)' },
      follower: { action: 'recreate', why: 'it follows changed' },
      restarted: { action: 'recreate', why: 'it follows changed' },
      rebuilt: { action: 'recreate', why: `its image ${image} was rebuilt` },
      mounted: {
        action: 'recreate',
        why: `${sandbox.path('d/config/app/page.txt')} changed since it was created`,
      },
      waiting: { action: 'recreate', why: 'its configuration changed (labels)' },
      oneshot: { action: 'start', why: 'waiting depends on it' },
      stored: { action: 'recreate', why: `its volume ${project}_kept moved to another directory` },
      stopped: { action: 'start', why: 'its container is exited' },
      gone: { action: 'create', why: 'it has no container' },
      several: { action: 'scale', why: 'it has 1 of 2 containers' },
      same: { action: 'leave', why: 'nothing differs' },
      [`${project}-former-1`]: { action: 'remove', why: 'the stack has no service former any more' },
      [`volume ${project}_kept`]: { action: 'recreate', why: `the content of ${sandbox.path('d/data/kept')} is kept` },
    });
    expect(commands[0]).toBe('up --detach --force-recreate mounted');

    const { stderr } = await sandbox.run('d', 'start');
    expect(stderr).toContain(`rebuilt is recreated: its image ${image} was rebuilt\n`);
    const after = Object.values(await sandbox.containers('d'));
    const seen = Object.keys(steps)
      .filter((name) => !name.includes(project))
      .map((name) => [name, happened(name, before, after)]);
    const expected = Object.entries(steps).filter(([name]) => !name.includes(project));
    expect(Object.fromEntries(seen)).toEqual(Object.fromEntries(expected.map(([name, { action }]) => [name, action])));
    expect(happened('former', before, after)).toBe('remove');
    const status = await sandbox.run('d', 'status');
    expect(status.stderr).not.toContain('was rebuilt');
  });

  it('lists the containers, networks and volumes that stop removes and keeps, and stop does exactly that', async () => {
    await sandbox.docker('volume', 'create', '--label', `com.docker.compose.project=${project}`, `${project}_foreign`);
    const all = await sandbox.docker(
      'ps',
      '--all',
      '--filter',
      `label=com.docker.compose.project=${project}`,
      '--format',
      '{{.Names}}',
    );
    const names = all.trim().split('\n').sort();
    const dry = (...args: string[]) => sandbox.succeed(['--dry-run', 'deployment', '--dir', 'd', 'stop', ...args]);
    const before = await sandbox.engineState(project);
    const { stdout } = await dry('--delete-volumes');
    const one = await dry('several', '--timeout', '3');
    expect(await sandbox.engineState(project)).toEqual(before);
    const lines = stdout.split('\n');
    expect(lines.slice(0, -2)).toEqual([
      `would stop project ${project}, delete its volumes`,
      ...names.map((name) => `  remove container ${name} (${name.includes('oneshot') ? 'exited' : 'running'})`),
      `  remove network ${project}_default`,
      `  delete volume ${project}_kept`,
      `  keep volume ${project}_foreign: this deployment neither declares nor created it (docker volume rm ${project}_foreign deletes it)`,
      `  keep ${sandbox.path('d/data/moved')}`,
    ]);
    expect(lines.at(-2)).toMatch(/^would run docker compose .* down$/);
    expect(one.stdout.replace(/docker .* (?=stop|rm)/g, '')).toBe(
      [
        `would stop services several of project ${project}`,
        `  remove container ${project}-several-1 (running)`,
        `  remove container ${project}-several-2 (running)`,
        'would run stop --timeout 3 several',
        'would run rm --force several',
        '',
      ].join('\n'),
    );
    await sandbox.run('d', 'stop', '--delete-volumes', '--timeout', '0');
    expect(await sandbox.engineState(project)).toMatchObject({
      containers: {},
      networks: [],
      volumes: [expect.anything()],
    });
    expect((await dry()).stdout).toContain('\n  nothing is running\n');
    await sandbox.docker('volume', 'rm', `${project}_foreign`);
  });
});
