import { chmod } from 'node:fs/promises';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { describeWithEngine } from '../../support/engine.js';
import { idleService, Sandbox } from '../../support/sandbox.js';

const stack = ['--stack', 'tree/stacks/app'];
const inPlace = [...stack, 'deploy', '--cluster', 'never-made-by-a-dry-run'];

/** Every command, in a sandbox where each of them would do something, and a part of the plan that it prints. */
const plans: [command: string, args: string[], plan: RegExp][] = [
  [
    'init',
    [...stack, 'deploy', 'init', '--output', 'new.yml', '--config', 'A=1'],
    /^would call init of .*commands\.py.*\nwould write \S+\/new\.yml:\nstack: tree\/stacks\/app\n[^]*A: '1'/,
  ],
  [
    'init over a spec',
    [...stack, 'deploy', 'init', '--output', 'spec.yml'],
    /^would refuse to write \S+\/spec\.yml if it differs/m,
  ],
  [
    'create',
    ['deploy', 'create', '--spec-file', 'spec.yml', '--deployment-dir', 'new'],
    /^would create \S+\/new from stack \S+\/tree\/stacks\/app:\n[^]*^ {2}compose\/docker-compose-app\.yml$[^]*\/new\/data\/kept\/ \(volume kept\)\nwould call create of \S+commands\.py\n$/m,
  ],
  [
    'create --update',
    ['deploy', 'create', '--update', '--spec-file', 'changed.yml', '--deployment-dir', 'd'],
    /^would replace compose\/\S+\nwould replace config\.env\nwould create data\/more\/\nwould replace spec\.yml\nthe next start recreates web\nwould call create of/m,
  ],
  ['setup', [...stack, 'deploy', 'setup', 'word'], /^would call setup of \S+commands\.py\n$/],
  ['build-containers', [...stack, 'build-containers'], /laconic\/none/],
  [
    'up',
    [...inPlace, 'up', 'web'],
    /^would start services web of project never-made-by-a-dry-run: \S+docker-compose-app\.yml\n[^]* up --detach web\n/,
  ],
  [
    'down',
    [...inPlace, 'down', '--delete-volumes'],
    /^would stop project never-made-by-a-dry-run, delete its volumes\n {2}from the files alone: .*\n {2}delete volume never-made-by-a-dry-run_kept, if it is there\n {2}delete volume never-made-by-a-dry-run_more, if it is there\nwould run docker .* down\n$/,
  ],
  ['ps in place', [...inPlace, 'ps'], /^would list the containers\n$/],
  ['logs in place', [...inPlace, 'logs'], /^would show the logs of all services\n$/],
  ['port in place', [...inPlace, 'port', 'web', '80'], /^would look up port 80\/tcp of web\n$/],
  ['exec in place', [...inPlace, 'exec', 'web', 'true'], /^would run in web: true\n$/],
  ['k8s list cluster', ['deploy', 'k8s', 'list', 'cluster'], /^would list the kind clusters of this host\n$/],
  [
    'start',
    ['deployment', '--dir', 'd', 'start'],
    /^would start project [\w-]+: \S+\n {2}from the files alone: it is not known what is running: the Docker engine at \S+ cannot be reached: .*\n {2}services: web\nwould run docker compose .* up --detach\nwould set web\.a = web\.b\nwould call start of \S+\/hooks\/commands\.py\n$/,
  ],
  ['up of a deployment', ['deployment', '--dir', 'd', 'up', 'web'], /^would start services web of project/],
  [
    'stop',
    ['deployment', '--dir', 'd', 'stop', '--delete-data', '--yes'],
    /^would stop project [\w-]+, delete its volumes, delete its data\n {2}from the files alone: .*\n {2}delete volume \S+_kept, if it is there\n {2}delete volume \S+_more, if it is there\nwould run/,
  ],
  [
    'down of a deployment',
    ['deployment', '--dir', 'd', 'down', 'web'],
    /^would stop services web of project [\w-]+\n {2}from the files alone: .*\nwould run .* stop web\nwould run .* rm --force web\n$/,
  ],
  [
    'restart',
    ['deployment', '--dir', 'd', 'restart', '--spec-file', '../changed.yml', '--image', 'web=other'],
    /^would run git pull in \S+\/tree: what it changes is not in the plan\n[^]*^would replace config\.env\n[^]*^would start project/m,
  ],
  ['status', ['deployment', '--dir', 'd', 'status', '--exit-code'], /^would show the state of every container\n$/],
  ['ps', ['deployment', '--dir', 'd', 'ps'], /^would list the containers\n$/],
  // It needs no engine in any case.
  ['render', ['deployment', '--dir', 'd', 'render'], /^name: [\w-]+\nservices:\n {2}\w+:\n/],
  ['logs', ['deployment', '--dir', 'd', 'logs', 'web'], /^would show the logs of web\n$/],
  ['exec', ['deployment', '--dir', 'd', 'exec', 'web', '--', 'touch', '/x'], /^would run in web: touch \/x\n$/],
  [
    'port',
    ['deployment', '--dir', 'd', 'port', 'web', '80', '--protocol', 'udp'],
    /^would look up port 80\/udp of web\n$/,
  ],
  ['run-job', ['deployment', '--dir', 'd', 'run-job', 'job'], /^would run job job from \S+docker-compose-job\.yml\n$/],
  [
    'update-envs',
    ['deployment', '--dir', 'edited', 'update-envs'],
    /^would replace config\.env: VALUE \w+[^]*from the files alone: [^]*\nwould recreate web, if it runs: new values of VALUE\n/,
  ],
  [
    'push-images',
    ['deployment', '--dir', 'd', 'push-images'],
    /^would push laconic\/none:local as reg\.example\.org\/x\/none:deploy-\w{8}\n$/,
  ],
  [
    'fetch-containers',
    [...stack, 'fetch-containers', '--image-registry', 'reg.invalid/x'],
    /^would fetch the newest image of reg\.invalid\/x\/laconic\/none as laconic\/none:local, unless it exists here\n$/,
  ],
  [
    'split',
    ['deployment', '--dir', 'd', 'split'],
    /^would change the Compose project of \S+\/d from [\w-]+ to [\w-]+\n$/,
  ],
];

describeWithEngine('--dry-run prints a plan and changes nothing', () => {
  let sandbox: Sandbox;
  beforeAll(async () => {
    const environment =
      '    environment: {VALUE: "${VALUE:-none}"}\n    ports: ["80"]\n    volumes: [kept:/kept, more:/more]\n';
    sandbox = await Sandbox.make({
      'tree/stacks/app/stack.yml':
        'name: app\npods:\n  - app\njobs:\n  - job\ncontainers:\n  - laconic/none\nconfig:\n  web:\n    a: web.b\n',
      'tree/stacks/app/deploy/commands.py': ['init', 'setup', 'create', 'start']
        .map((name) => `def ${name}(*words):\n    open("BASE/called", "a").write("${name}")\n`)
        .join('')
        .concat('start.compose = True\n'),
      'tree/compose/docker-compose-app.yml': `services:\n${idleService('web', environment)}volumes:\n  kept:\n  more:\n`,
      'tree/compose-jobs/docker-compose-job.yml': `services:\n${idleService('job')}  built:\n    image: laconic/none:local\n`,
      'tree/container-build/laconic-none/Dockerfile': 'FROM scratch\nCOPY . /\n',
      'spec.yml':
        'stack: BASE/tree/stacks/app\ndeploy-to: compose\nimage-registry: reg.example.org/x\nvolumes:\n  kept: ./data/kept\n',
      'changed.yml':
        'stack: BASE/tree/stacks/app\ndeploy-to: compose\nimage-registry: reg.example.org/x\nconfig: {VALUE: new}\nvolumes:\n  kept: ./data/kept\n  more: ./data/more\n',
    });
    await sandbox.publish('tree');
    for (const directory of ['d', 'edited']) await sandbox.create('spec.yml', directory);
    await sandbox.edit('edited/spec.yml', 'volumes:', 'config: {VALUE: edited}\nvolumes:');
    await sandbox.write('called', '');
    // These are found before the real ones.
    for (const tool of ['git', 'kind', 'kubectl']) {
      await sandbox.write(`bin/${tool}`, `#!/bin/sh\necho ${tool} "$@" >> BASE/called\nexit 1\n`);
      await chmod(sandbox.path('bin', tool), 0o755);
    }
    // The transfer of the stack has no scripts and would fail, so Compose creates the container.
    const files = [
      '--file',
      sandbox.path('d/compose/docker-compose-app.yml'),
      '--env-file',
      sandbox.path('d/config.env'),
    ];
    await sandbox.docker('compose', ...files, '--project-name', await sandbox.projectOf('d'), 'up', '--detach');
  });
  afterAll(() => sandbox.remove());

  it('for every command in the table, without an engine', async () => {
    const project = await sandbox.projectOf('d');
    const state = async (): Promise<unknown> => ({
      files: await sandbox.fileState(),
      engine: await sandbox.engineState(project),
      quick: await sandbox.engineState('never-made-by-a-dry-run'),
    });
    const before = await state();

    const results = await Promise.all(
      plans.map(async ([command, args, plan]) => {
        // The docker program cannot reach an engine, and a plan needs none.
        const env = {
          DOCKER_HOST: 'unix:///nonexistent/docker.sock',
          PATH: `${sandbox.path('bin')}:${process.env.PATH ?? ''}`,
        };
        const { code, stdout, stderr } = await sandbox.cli(['--dry-run', ...args], { env });
        const problems = stderr.split('\n').filter((line) => /^Error|bug in laconic-so/.test(line));
        return { command, code, problems, plan: plan.test(stdout) ? 'as expected' : stdout };
      }),
    );

    expect(results).toEqual(plans.map(([command]) => ({ command, code: 0, problems: [], plan: 'as expected' })));
    expect(await sandbox.read('called')).toBe('');
    expect(await state()).toEqual(before);
  });

  it('for every command of the program, since the table is complete', async () => {
    const subcommands = async (...path: string[]): Promise<string[]> => {
      const { stdout } = await sandbox.cli([...path, '--help']);
      const list = /^Commands:\n((?: {2}.*\n)+)/m.exec(stdout)?.[1] ?? '';
      return [...list.matchAll(/^ {2}([\w-]+)/gm)].map((match) => match[1] ?? '');
    };
    const tried = (prefix: string): Set<string> =>
      new Set(plans.filter(([, args]) => args.includes(prefix)).flatMap(([, args]) => args));
    const missing = [];
    for (const group of ['deploy', 'deployment']) {
      for (const name of await subcommands(group)) if (!tried(group).has(name)) missing.push(`${group} ${name}`);
    }
    expect(missing).toEqual([]);
  });
});
