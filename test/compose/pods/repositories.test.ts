import { chmod } from 'node:fs/promises';
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import { describeWithEngine } from '../../support/engine.js';
import { containersOf } from '../../support/engine-api.js';
import { idleService, ProcessSandbox, type Sandbox } from '../../support/sandbox.js';

/** Prints its directory and environment, and whether the containers of the pods exist. */
const script = (name: string, more = ''): string => `#!/bin/sh
running=$(docker ps --quiet --filter "label=com.docker.compose.project=$CERC_SO_COMPOSE_PROJECT" | wc -l)
echo "${name} $CERC_SO_COMPOSE_PROJECT $running $PWD $0" >>BASE/log
${more}`;

const stack = ['--stack', 'source/stacks/app'];

describeWithEngine('pods from repositories, with scripts', () => {
  let sandbox: Sandbox;
  beforeAll(async () => {
    sandbox = await ProcessSandbox.make({
      'source/stacks/app/stack.yml': `name: app
pods:
  - name: front
    repository: git.example.com/org/front@v1.2
    path: deploy/here
    pre_start_command: scripts/pre/before.sh
    post_start_command: after.sh
  - name: back
    repository: org/back
    path: ./
    pre_start_command: before.sh
  - name: plain
    repository: internal
    path: simple
`,
      'source/compose/docker-compose-simple.yml': `services:\n${idleService('plain')}`,
      'repositories/front/deploy/here/docker-compose.yml': `services:\n${idleService('front', '    environment: {NAME: "${NAME:-front}"}\n')}`,
      'repositories/front/deploy/here/scripts/pre/before.sh': script(
        'front-before',
        'if [ -e data.txt ]; then cat data.txt >>BASE/log; fi\n',
      ),
      'repositories/front/deploy/here/scripts/pre/data.txt': 'beside the script\n',
      'repositories/front/deploy/here/after.sh': script('front-after', 'exit "${AFTER_CODE:-0}"\n'),
      'repositories/back/docker-compose.yml': `services:\n${idleService('back')}`,
      'repositories/back/before.sh': script('back-before', 'echo to stdout; echo to stderr >&2\n'),
    });
  });
  afterAll(() => sandbox.remove());
  afterEach(() => sandbox.write('log', ''));

  it('are copied with the scripts in their sub-folders and the modes', async () => {
    await sandbox.succeed([...stack, 'deploy', 'init', '--output', 'spec.yml']);
    await sandbox.create('spec.yml', 'd');
    const below = sandbox.path('d');
    const made = Object.entries(await sandbox.fileState('d')).map(([path, state]): [string, string] => [
      path.slice(below.length + 1),
      (Number(state.split(' ')[1]) & 0o777).toString(8),
    ]);
    expect(Object.fromEntries(made.filter(([path]) => /^(pods|compose)\/.*\.(sh|yml|txt)$/.test(path)))).toEqual({
      'compose/docker-compose-front.yml': '644',
      'compose/docker-compose-back.yml': '644',
      'compose/docker-compose-plain.yml': '644',
      'pods/front/scripts/scripts/pre/before.sh': '755',
      'pods/front/scripts/after.sh': '755',
      'pods/back/scripts/before.sh': '755',
    });
  });

  it('run the pre-start scripts in the order of the pods, then the containers, then the post-start scripts', async () => {
    const started = await sandbox.deployment('d', 'start');

    expect(started).toMatchObject({ code: 0 });
    const project = await sandbox.projectOf('d');
    const folder = (pod: string, below = ''): string => sandbox.path('d/pods', pod, 'scripts', below);
    expect((await sandbox.read('log')).trimEnd().split('\n')).toEqual([
      `front-before ${project} 0 ${folder('front', 'scripts/pre')} ./before.sh`,
      `back-before ${project} 0 ${folder('back').replace(/\/$/, '')} ./before.sh`,
      `front-after ${project} 3 ${folder('front').replace(/\/$/, '')} ./after.sh`,
    ]);
    expect(started.stdout).toContain('to stdout\n');
    expect(started.stderr).toContain('to stderr\n');
    expect(Object.keys(await containersOf(project)).sort()).toEqual(['back', 'front', 'plain']);
  });

  it('report a failed post-start script with its path and exit code 1, and leave the containers running', async () => {
    const failed = await sandbox.cli(['deployment', '--dir', 'd', 'start'], { env: { AFTER_CODE: '7' } });
    expect(failed.code).toBe(1);
    expect(failed.stderr).toContain(
      `Error running command: ${sandbox.path('d/pods/front/scripts/after.sh')}: it ended with exit code 7 (pod front)`,
    );
    expect(Object.keys(await sandbox.containers('d'))).toHaveLength(3);
  });

  it('get changed scripts and modes at an update, and restart runs them', async () => {
    await sandbox.write('repositories/back/before.sh', script('back-changed'));
    await chmod(sandbox.path('repositories/back/before.sh'), 0o644);
    const failed = await sandbox.deployment('d', 'restart');
    expect(failed.code).toBe(1);
    expect(failed.stderr).toMatch(
      /before\.sh: it is not executable: .*\(pod back\)\nmake it executable in the repository of the pod/,
    );

    await chmod(sandbox.path('repositories/back/before.sh'), 0o755);
    expect((await sandbox.deployment('d', 'restart')).code).toBe(0);
    expect(await sandbox.read('log')).toContain('back-changed');
    await sandbox.run('d', 'stop');
  });

  it('run in place too, with the scripts where they are', async () => {
    const group = [...stack, 'deploy', '--cluster', `quick${sandbox.base.slice(-6).toLowerCase()}`];
    const project = group.at(-1) ?? '';
    sandbox.watch(project);
    await sandbox.succeed([...group, 'up']);
    expect((await sandbox.read('log')).trimEnd().split('\n')).toEqual([
      `front-before ${project} 0 ${sandbox.path('repositories/front/deploy/here/scripts/pre')} ./before.sh`,
      'beside the script',
      `back-changed ${project} 0 ${sandbox.path('repositories/back')} ./before.sh`,
      `front-after ${project} 3 ${sandbox.path('repositories/front/deploy/here')} ./after.sh`,
    ]);
    await sandbox.succeed([...group, 'down']);

    await sandbox.write('log', '');
    await sandbox.succeed([...group, '--exclude', 'front', 'up']);
    expect(await sandbox.read('log')).not.toContain('front');
    expect(Object.keys(await containersOf(project)).sort()).toEqual(['back', 'plain']);
    await sandbox.succeed([...group, 'down']);
  });

  it('report a missing script at create, before anything is made', async () => {
    await sandbox.edit('source/stacks/app/stack.yml', 'after.sh', 'afterwards.sh');
    const failed = await sandbox.cli(['deploy', 'create', '--spec-file', 'spec.yml', '--deployment-dir', 'e']);
    await sandbox.edit('source/stacks/app/stack.yml', 'afterwards.sh', 'after.sh');
    expect(failed.code).toBe(1);
    expect(failed.stderr).toContain(
      `the script afterwards.sh of pod front does not exist: ${sandbox.path('repositories/front/deploy/here/afterwards.sh')}`,
    );
    expect(await sandbox.exists('e')).toBe(false);
  });

  it.each([
    ['in another base directory', { CERC_REPO_BASE_DIR: '/nonexistent' }, /clone git\.example\.com\/org\/front/],
  ])('report a missing repository: %s', async (_, env, hint) => {
    const failed = await sandbox.cli([...stack, 'deploy', 'init', '--output', 'other.yml'], { env });
    expect(failed.code).toBe(1);
    expect(failed.stderr).toMatch(
      /compose file of pod front is missing: looked for \/nonexistent\/front\/deploy\/here\/docker-compose\.yml/,
    );
    expect(failed.stderr).toMatch(hint);
    expect(await sandbox.exists('other.yml')).toBe(false);
  });
});
