import { readdir, rm } from 'node:fs/promises';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { describeWithEngine } from '../../support/engine.js';
import { containersOf } from '../../support/engine-api.js';
import { idleService, Sandbox } from '../../support/sandbox.js';

const stack = 'source/stacks/app';
const compose = 'source/compose/docker-compose-app.yml';
const update = ['deploy', 'create', '--update', '--spec-file', 'spec.yml', '--deployment-dir', 'd'];

/** One service for each way in which a change reaches a container, or does not. */
const services = {
  valued: '    environment:\n      A: ${VALUE:-}\n',
  defaulted: '    environment:\n      A: ${SAME:-80}\n',
  mounted: '    volumes: ["../config/app/page.txt:/page.txt"]\n',
  'in-directory': '    volumes: ["../config/app:/app"]\n',
  listed: '    env_file: ../config/app/list.env\n',
  written: '    labels: {version: one}\n',
  extending: '    extends: {file: parts.yml, service: base}\n',
  follower: '    network_mode: service:valued\n',
  untouched: '    environment:\n      A: ${OTHER:-}\n',
  former: '',
};

const hook = `
def create(context, extra_args):
    def label(compose):
        compose["services"]["untouched"]["labels"] = {"by": "hook"}
    context.modify_yaml(context.compose_file("app"), label)
`;

describeWithEngine('init, create and --update report what they wrote and what to do next', () => {
  let sandbox: Sandbox;
  beforeAll(async () => {
    const texts = Object.entries(services).map(([name, more]) => idleService(name, more));
    sandbox = await Sandbox.make({
      [`${stack}/stack.yml`]: 'name: app\npods:\n  - app\ncontainers:\n  - example/app\n',
      [`${stack}/deploy/commands.py`]: hook,
      [compose]: `services:\n${texts.join('')}`,
      'source/compose/parts.yml': 'services:\n  base:\n    labels: {version: one}\n',
      'source/config/app/page.txt': 'one\n',
      'source/config/app/list.env': 'LISTED=${FROM_LIST:-}\n',
    });
  });
  afterAll(() => sandbox.remove());

  it('init prints the file and a create command with an unused directory name', async () => {
    const init = [
      '--stack',
      stack,
      'deploy',
      'init',
      '--output',
      'spec.yml',
      '--config',
      'VALUE=1,OTHER=1,FROM_LIST=1',
    ];
    const next = 'next: laconic-so deploy create --spec-file spec.yml --deployment-dir deployment-001\n';
    expect(await sandbox.succeed(init)).toMatchObject({
      stdout: '',
      stderr: `spec.yml is written: edit it for this deployment\n${next}`,
    });
    expect(await sandbox.succeed(init)).toMatchObject({
      stderr: `nothing changed: spec.yml already has this content\n${next}`,
    });
    await sandbox.write('deployment-001/taken', '');
    const quoted = [...init.slice(0, 5), "it's new.yml"];
    expect((await sandbox.succeed(quoted)).stderr).toContain(
      "create --spec-file 'it'\\''s new.yml' --deployment-dir deployment-002\n",
    );
    expect(await sandbox.succeed(['--quiet', ...init])).toMatchObject({ stdout: '', stderr: '' });
  });

  it('create prints the directory, the images that the stack builds, and the start command', async () => {
    expect(await sandbox.create('spec.yml', 'd')).toMatchObject({
      stdout: '',
      stderr: `d is created from spec.yml and the stack in ${sandbox.path(stack)}
it needs the images example/app:local; if they are missing: laconic-so --stack ${stack} build-containers
next: laconic-so deployment --dir d start
`,
    });
  });

  it('an update without changes says so, although a hook edits a file each time', async () => {
    expect(await sandbox.succeed(update)).toMatchObject({ stdout: '', stderr: 'nothing changed in d\n' });
    expect(await sandbox.succeed(['--quiet', ...update])).toMatchObject({ stdout: '', stderr: '' });
  });

  it('an update lists the changed files and exactly the services that the next start recreates', async () => {
    expect(await sandbox.deployment('d', 'start')).toMatchObject({ code: 0 });
    const project = await sandbox.projectOf('d');
    const before = await containersOf(project);

    await sandbox.edit('spec.yml', 'VALUE: ', 'SAME: 80\n  VALUE: more than ');
    await sandbox.edit('spec.yml', "FROM_LIST: '1'", 'FROM_LIST: two');
    await sandbox.edit(compose, 'labels: {version: one}', 'labels: {version: two}');
    await sandbox.edit(compose, `${idleService('former')}`, idleService('added'));
    await sandbox.edit('source/compose/parts.yml', 'one', 'two');
    await sandbox.write('source/config/app/page.txt', 'two\n');
    await sandbox.write('source/config/app/more.txt', '');
    const { stdout, stderr } = await sandbox.succeed(update);
    expect(stdout).toBe('');
    expect(stderr).toBe(`changed in d:
  compose/docker-compose-app.yml
  compose/parts.yml
  config.env
  config/app/more.txt (new)
  config/app/page.txt
  spec.yml
the next start recreates extending, follower, listed, mounted, valued, written; adds added; removes former
next: laconic-so deployment --dir d start
`);

    expect(await sandbox.deployment('d', 'start')).toMatchObject({ code: 0 });
    const after = await containersOf(project);
    const recreated = Object.keys(after).filter((name) => name in before && after[name]?.id !== before[name]?.id);
    expect(recreated.sort()).toEqual(['extending', 'follower', 'listed', 'mounted', 'valued', 'written']);
    expect(Object.keys(after).sort()).toEqual(
      ['added', ...Object.keys(before).filter((name) => name !== 'former')].sort(),
    );
  });

  it('restart lists the files, then continues by itself', async () => {
    await sandbox.write('source/config/app/more.txt', 'more\n');
    const { stderr } = await sandbox.run('d', 'restart');
    expect(stderr).toContain('changed in d:\n  config/app/more.txt\nno service needs to be recreated\n');
    expect(stderr).not.toContain('next:');
  });

  it('an update reports the backup of a file that was edited by hand, but not of one that a hook edited', async () => {
    await sandbox.write('d/config/app/page.txt', 'edited here\n');
    await sandbox.edit(compose, 'labels: {version: two}', 'labels: {version: three}');
    const dry = await sandbox.succeed(['--dry-run', ...update]);
    expect(dry.stdout).toContain('would replace config/app/page.txt (edited in this directory)\n');
    expect(dry.stdout).toContain('would replace compose/docker-compose-app.yml\n');
    const { stderr } = await sandbox.succeed(update);
    expect(stderr.split('\n').filter((line) => line.startsWith('WARNING'))).toEqual([
      'WARNING: config/app/page.txt was edited in this directory and is replaced: the edited file is kept as config/app/page.txt.bak (after the next change in .laconic/history); make such changes in the stack or the spec',
    ]);
    expect(await sandbox.read('d/config/app/page.txt.bak')).toBe('edited here\n');

    await sandbox.write('source/config/app/page.txt', 'three\n');
    expect((await sandbox.succeed(update)).stderr, 'nothing was edited since').not.toContain('WARNING');
    const generations = await readdir(sandbox.path('d/.laconic/history'));
    const pages = generations.map((one) => sandbox.read(`d/.laconic/history/${one}/config/app/page.txt`));
    expect(await Promise.all(pages), 'the second update has put its own into .bak').toContain('edited here\n');
  });

  it('removing a file that left the stack and was edited by hand gives the same warning', async () => {
    await sandbox.write('d/config/app/more.txt', 'edited here\n');
    await rm(sandbox.path('source/config/app/more.txt'));
    const { stderr } = await sandbox.succeed(update);
    expect(stderr).toContain('WARNING: config/app/more.txt was edited in this directory and is removed');
    expect(await sandbox.read('d/config/app/more.txt.bak')).toBe('edited here\n');
  });

  it('a directory in the place of a file that left the stack is kept, which is reported once', async () => {
    await sandbox.write('source/config/app/late.txt', 'late\n');
    await sandbox.succeed(update);
    await rm(sandbox.path('source/config/app/late.txt'));
    await rm(sandbox.path('d/config/app/late.txt'));
    await sandbox.write('d/config/app/late.txt/own', 'of the operator\n');
    const { stderr } = await sandbox.succeed(update);
    expect(stderr).toContain(
      'WARNING: config/app/late.txt is no longer part of the stack, but not a regular file: it is kept\n',
    );
    expect(await sandbox.read('d/config/app/late.txt/own')).toBe('of the operator\n');
    expect((await sandbox.succeed(update)).stderr).not.toContain('late.txt');
  });
});
