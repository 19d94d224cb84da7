import { chmod, mkdir, symlink } from 'node:fs/promises';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { run } from '../../src/system/process/process.js';
import { commandsOf, notRun, readPages } from '../support/docs/documents.js';
import { describeWithEngine } from '../support/engine.js';
import { cliPath } from '../support/program.js';
import { idleService, Sandbox } from '../support/sandbox.js';

const commands = readPages()
  .filter(({ path }) => path === 'README.md' || path.startsWith('docs/'))
  .flatMap(commandsOf)
  .filter(({ line }, index, all) => index === all.findIndex((first) => first.line === line))
  .filter(({ line }) => notRun[line] === undefined);

const stack = 'remotes/my-stack/stack-orchestrator';

/** What stands for the reader's own stack, and for github.com. */
const files = {
  [`${stack}/stacks/my-stack/stack.yml`]:
    'name: my-stack\nrepos: [github.com/org/name@v1.2]\ncontainers: [org/name]\npods: [my-stack]\n',
  [`${stack}/compose/docker-compose-my-stack.yml`]: `services:\n${idleService('web')}`,
  [`${stack}/container-build/org-name/Dockerfile`]: 'FROM busybox:1.36\n',
  'remotes/name/README': 'code\n',
  'home/.gitconfig': '[url "file://BASE/remotes/"]\n\tinsteadOf = https://github.com/org/\n',
  'bin/laconic-so': `#!/bin/sh\nexec '${process.execPath}' -- '${cliPath}' "$@"\n`,
};

/** Times differ from run to run. */
/** Times and published ports differ from run to run. */
const comparable = (text: string): string => text.replace(/[\d.]+ s$/gm, 'N s').replace(/(?<=0:)\d+$/gm, 'PORT');

describeWithEngine('the command lines of README and docs/, typed in their order in one empty folder', () => {
  let sandbox: Sandbox;
  const typed = (line: string) =>
    run('bash', ['-c', line], {
      cwd: sandbox.path('here'),
      env: {
        ...process.env,
        DOCKER_CONFIG: process.env.DOCKER_CONFIG ?? join(homedir(), '.docker'),
        GIT_CONFIG_GLOBAL: sandbox.path('home/.gitconfig'),
        HOME: sandbox.path('home'),
        PATH: `${sandbox.path('bin')}:${process.env.PATH ?? ''}`,
      },
    });

  beforeAll(async () => {
    sandbox = await Sandbox.make(files);
    await chmod(sandbox.path('bin/laconic-so'), 0o755);
    for (const [repository, tags] of Object.entries({ 'my-stack': ['v1', 'v1.2'], name: ['v1.2'] })) {
      const tree = `remotes/${repository}`;
      await sandbox.git(tree, 'init', '--quiet');
      await sandbox.commit(tree);
      for (const tag of tags) await sandbox.git(tree, 'tag', tag);
    }
    // The demo makes its folder itself; `D` stands for any deployment.
    await mkdir(sandbox.path('here/demo'), { recursive: true });
    await symlink(dirname(cliPath), sandbox.path('here/dist'));
    await symlink('my-demo', sandbox.path('here/D'));
  });

  afterAll(async () => {
    await run('docker', ['image', 'rm', 'org/name:local']);
    for (const directory of ['my-demo', 'demo/deployment']) await sandbox.projectOf(`here/${directory}`);
    await sandbox.remove();
  });

  it.each(commands.map((command) => [command.place, command.line, command] as const))(
    '%s: %s',
    async (_, line, { output }) => {
      const { code, stdout, stderr } = await typed(line);
      expect({ code, stderr: code === 0 ? '' : stderr }).toEqual({ code: 0, stderr: '' });
      expect(comparable(stdout + stderr).split('\n')).toEqual(expect.arrayContaining(output.slice(-1).map(comparable)));
    },
  );
});
