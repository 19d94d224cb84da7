import { rename, rm } from 'node:fs/promises';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { describeWithEngine } from '../../support/engine.js';
import { idleService, Sandbox } from '../../support/sandbox.js';

const compose = 'source/compose/docker-compose-app.yml';
const web = (flavour: string): string =>
  `services:\n${idleService('web', `    environment: {FLAVOUR: "${flavour}", TITLE: "\${TITLE:-none}"}\n    volumes: ["../config/app:/app"]\n`)}`;

describeWithEngine('a deployment that is behind its stack or spec', () => {
  let sandbox: Sandbox;
  beforeAll(async () => {
    sandbox = await Sandbox.make({
      'source/stacks/app/stack.yml': 'name: app\npods:\n  - app\n',
      [compose]: web('one'),
      'source/config/app/page.txt': 'one\n',
      'spec.yml': 'stack: BASE/source/stacks/app\ndeploy-to: compose\nconfig: {TITLE: first}\n',
    });
    await sandbox.create('spec.yml', 'd');
    await sandbox.run('d', 'start');
  });
  afterAll(() => sandbox.remove());

  const status = async (): Promise<{ behind: unknown }> =>
    JSON.parse((await sandbox.run('d', 'status', '--format', 'json')).stdout) as {
      behind: unknown;
    };
  const said = async (command: string): Promise<string> => (await sandbox.run('d', command)).stderr;

  it('prints the same status in a dry run', async () => {
    for (const command of ['status', 'ps']) {
      const { stdout } = await sandbox.run('d', command);
      expect(stdout).toMatch(/web/);
      expect((await sandbox.succeed(['--dry-run', 'deployment', '--dir', 'd', command])).stdout).toBe(stdout);
    }
  });

  it('is not reported while nothing has changed', async () => {
    expect(await said('status')).toBe('');
    expect(await said('start')).not.toContain('apply it with');
    expect(await status()).toMatchObject({ behind: [] });
  });

  it('is reported for an edited spec and changed files of the stack, with the command that applies both', async () => {
    await sandbox.edit('d/spec.yml', 'first', 'second');
    await sandbox.write(compose, web('two'));
    await sandbox.write('source/config/app/page.txt', 'two\n');
    const apply = `laconic-so deploy create --update --spec-file ${sandbox.path('d/spec.yml')} --deployment-dir ${sandbox.path('d')}`;
    const spec = `${sandbox.path('d/spec.yml')} was edited after the directory was created from it; apply it with: ${apply}\n`;
    const stack = `the stack has changed since the directory was created from it (${sandbox.path(compose)} and 1 more); apply it with: ${apply}\n`;
    for (const command of ['start', 'status']) {
      const stderr = await said(command);
      expect(stderr).toContain(spec);
      expect(stderr).toContain(stack);
    }
    expect(await status()).toMatchObject({
      behind: [
        { part: 'spec', files: [sandbox.path('d/spec.yml')], apply },
        { part: 'stack', files: [sandbox.path(compose), sandbox.path('source/config/app/page.txt')], apply },
      ],
    });
    expect((await sandbox.containers('d')).web?.env).toMatchObject({ TITLE: 'first' });

    await sandbox.succeed(apply.split(' ').slice(1));
    expect(await said('start')).not.toContain('apply it with');
    expect((await sandbox.containers('d')).web?.env).toMatchObject({
      TITLE: 'second',
      FLAVOUR: 'two',
    });
  });

  it('is reported for files that were added to the stack or removed from it', async () => {
    await sandbox.write('source/config/app/more.txt', 'more\n');
    await rm(sandbox.path('source/config/app/page.txt'));
    expect(await status()).toMatchObject({
      behind: [
        {
          part: 'stack',
          files: [sandbox.path('source/config/app/more.txt'), sandbox.path('source/config/app/page.txt')],
        },
      ],
    });
    await sandbox.create('d/spec.yml', 'd', '--update');
    expect(await status()).toMatchObject({ behind: [] });
    await rename(sandbox.path(compose), sandbox.path('source/compose/away.yml'));
    expect(await status()).toMatchObject({ behind: [{ part: 'stack', files: [sandbox.path(compose)] }] });
  });

  it('is not reported when the stack is no longer on this host', async () => {
    await rm(sandbox.path('source'), { recursive: true });
    expect(await status()).toMatchObject({ behind: [] });
  });
});
