import { afterAll, beforeAll, expect, it } from 'vitest';
import { describeWithEngine } from '../../support/engine.js';
import { containersOf } from '../../support/engine-api.js';
import { idleService, Sandbox } from '../../support/sandbox.js';

/** Characters that a shell would interpret. */
const nasty = `it's "two words"  $HOME \`id\` ; echo hacked * \\ ü # end`;

const service = (name: string, mounted: string): string =>
  idleService(name, `    volumes: ["../config/app/${mounted}"]\n    init: true\n`);

describeWithEngine('the config: section of stack.yml at start', () => {
  let sandbox: Sandbox;
  let project: string;
  beforeAll(async () => {
    sandbox = await Sandbox.make({
      'source/stacks/app/stack.yml':
        'name: app\npods:\n  - app\nconfig:\n  reader:\n    greeting: writer.key\n    second: writer.late\n',
      'source/compose/docker-compose-app.yml': `services:\n${service('writer', 'export:/docker-entrypoint-scripts.d')}${service('reader', 'import:/scripts')}`,
      'source/config/app/export/key': nasty,
      'source/config/app/export/export-key.sh': 'cat /docker-entrypoint-scripts.d/key; echo\n',
      'source/config/app/export/export-late.sh': 'test -e /tmp/asked && echo now || { touch /tmp/asked; exit 1; }\n',
      'source/config/app/import/import-greeting.sh': 'printf "%s|" "$#" "$1" >/greeting; echo imported-greeting\n',
      'source/config/app/import/import-second.sh': 'printf "%s|" "$#" "$1" >/second\n',
      'spec.yml': 'stack: source/stacks/app\ndeploy-to: compose\n',
    });
    await sandbox.create('spec.yml', 'd');
    project = await sandbox.projectOf('d');
  });
  afterAll(() => sandbox.remove());
  const inReader = async (file: string): Promise<string> =>
    (await sandbox.run('d', 'exec', 'reader', '--', 'cat', file)).stdout;

  it('are listed by a dry run', async () => {
    const dry = await sandbox.cli(['--dry-run', 'deployment', '--dir', 'd', 'start']);
    expect(dry.code).toBe(0);
    expect(dry.stdout).toContain('would set reader.greeting = writer.key\n');
    expect(await containersOf(project)).toEqual({});
  });

  it('pass a value completely, as one argument, and wait for one that comes late', async () => {
    const started = await sandbox.succeed(['--verbose', 'deployment', '--dir', 'd', 'start']);
    expect(await inReader('/greeting')).toBe(`1|${nasty}|`);
    expect(await inReader('/second')).toBe('1|now|');
    expect(started.stderr).toContain('Setting reader.greeting = writer.key\n');
    expect(started.stderr).toContain('Config export script returned an error, re-trying');
    expect(started.stdout + started.stderr).not.toContain('two words');
  });

  it('are repeated by restart, and print nothing without --verbose', async () => {
    await sandbox.run('d', 'exec', 'reader', 'rm /greeting');
    const { code, stdout, stderr } = await sandbox.deployment('d', 'restart');
    expect(code).toBe(0);
    expect(await inReader('/greeting')).toBe(`1|${nasty}|`);
    expect(stdout + stderr).not.toMatch(/Setting|imported-greeting/);
  });

  it('fail with exit code 1 when a script is missing, and leave the containers running', async () => {
    await sandbox.edit('d/stack.yml', 'writer.key', 'writer.none');
    const failed = await sandbox.deployment('d', 'start');
    expect(failed.code).toBe(1);
    expect(failed.stderr).toMatch(
      /^Error: config transfer reader\.greeting = writer\.none: Fatal error reading config source: .*export-none\.sh/m,
    );
    expect(Object.keys(await containersOf(project)).sort()).toEqual(['reader', 'writer']);
  });
});
