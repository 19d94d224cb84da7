import { readdir, readFile, rm, statfs, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { containersOf } from '../../support/engine-api.js';
import type { CliResult } from '../../support/program.js';
import { describeWithMounts, Mounts } from './mounts.js';
import { Site, stateFiles } from './site.js';
import { isGenerated, readTree, type Tree } from './tree.js';

/**
 * Numbers of free pages that are too few for something that a command writes: the lock, a small file or a larger one.
 */
const tooFew = [0, 1, 8, 30];

describeWithMounts('a full disk', () => {
  const mounts = new Mounts();
  let site: Site;
  let fill: string;

  beforeAll(async () => {
    site = await Site.withStack();
    await mounts.small(site.ground, 4);
    fill = join(site.ground, 'fill');
  });
  afterAll(async () => {
    await mounts.undoAll();
    await site.remove();
  });

  async function leavePages(pages: number): Promise<void> {
    await rm(fill, { force: true });
    const { bfree, bsize } = await statfs(site.ground);
    await writeFile(fill, Buffer.alloc((bfree - pages) * bsize));
  }

  it.each(tooFew)('makes create fail with one message and leave nothing, with %i free pages', async (pages) => {
    await leavePages(pages);

    expectNoSpace(await site.cli(site.createArguments('d')));

    expect(await readdir(site.ground)).toEqual(['fill']);
  });

  it('no longer affects create once there is space', async () => {
    await rm(fill);
    await site.create('../spec-a.yml', 'd');
  });

  it.each([0, 1])('makes init keep the existing file, with %i free pages', async (pages) => {
    await writeFile(join(site.ground, 'spec.yml'), 'mine');
    await leavePages(pages === 0 ? 0 : 1);
    if (pages === 1) await writeFile(join(site.ground, 'last'), 'page');

    expectNoSpace(await site.cli(['--stack', site.stack, 'deploy', 'init', '--output', 'spec.yml', '--force']));

    expect(await readFile(join(site.ground, 'spec.yml'), 'utf8')).toBe('mine');
    await rm(fill);
    await rm(join(site.ground, 'last'), { force: true });
    await site.succeed(['--stack', site.stack, 'deploy', 'init', '--output', 'spec.yml', '--force']);
    expect((await readdir(site.ground)).sort()).toEqual(['d', 'spec.yml']);
    await rm(join(site.ground, 'spec.yml'));
  });

  it('makes an update fail and leave the directory as it was, until there is space', async () => {
    const directory = site.at('d');
    const before = await readTree(directory);
    await site.writeStack('b');
    for (const pages of tooFew) {
      await leavePages(pages);
      expectNoSpace(await site.cli(site.updateArguments('d', 'b')));
      expect(await readTree(directory), `with ${pages} pages`).toEqual(before);
      await site.run('d', 'ps');
    }

    await rm(fill);
    await site.succeed(site.updateArguments('d', 'b'));

    expect(withoutBackups(await readTree(directory, isGenerated))['spec.yml']).toContain('flavour b');
    expect(await readdir(join(directory, 'data'))).toEqual(['extra', 'plain', 'seeded']);
    expect((await readdir(join(directory, '.laconic'))).sort()).toEqual(stateFiles);
  });

  it('keeps start from recording what it started, which is reported, and the next start keeps the containers', async () => {
    const project = await site.projectOf('d');
    await leavePages(0);
    expectNoSpace(await site.deployment('d', 'start'));
    expect(await containersOf(project)).toEqual({});

    await leavePages(1);
    const { stderr } = expectNoSpace(await site.deployment('d', 'start'));
    expect(stderr).toContain('started.json');
    const ids = Object.values(await containersOf(project)).map((container) => container.id);
    expect(ids).toHaveLength(2);

    await rm(fill);
    await site.run('d', 'start');
    const after = Object.values(await containersOf(project));
    expect(after.map((container) => container.id)).toEqual(ids);
    expect(after.map((container) => container.state)).toEqual(['running', 'running']);
  });

  it('does not prevent stop, although the lock cannot be written', async () => {
    await leavePages(0);

    const { stderr } = await site.run('d', 'stop');

    expect(stderr).toContain('WARNING: continuing without a lock');
    expect(await site.containers('d')).toEqual({});
  });
});

describeWithMounts('a read-only directory', () => {
  const mounts = new Mounts();
  let site: Site;

  beforeAll(async () => {
    site = await Site.withStack();
    await site.create('../spec-a.yml', 'd');
    await site.run('d', 'start');
    await mounts.readOnly(site.ground);
  });
  afterAll(async () => {
    await mounts.undoAll();
    await site.remove();
  });

  it.each([
    ['create', () => site.createArguments('other')],
    ['create --update', () => site.updateArguments('d', 'b')],
    ['start', () => site.deploymentArguments('d', 'start')],
    ['restart', () => site.deploymentArguments('d', 'restart')],
    ['update-envs', () => site.deploymentArguments('d', 'update-envs')],
    ['init', () => ['--stack', site.stack, 'deploy', 'init', '--output', join(site.ground, 'spec.yml')]],
  ])('makes %s fail with a message and change nothing', async (_, args) => {
    const before = await readTree(site.ground);
    const { code, stderr } = await site.cli(args());
    expect(code).toBe(1);
    expect(stderr).toMatch(/^Error: cannot .*read-only file system/m);
    expect(stderr).not.toMatch(/^ +at /m);
    expect(await readTree(site.ground)).toEqual(before);
  });

  it.each([['ps'], ['status'], ['logs'], ['port', 'web', '8080'], ['exec', 'web', 'true']])(
    '%s works',
    async (...command) => {
      await site.run('d', ...command);
    },
  );

  it('stop works', async () => {
    await site.run('d', 'stop');
    expect(await site.containers('d')).toEqual({});
  });
});

describeWithMounts('separate file systems', () => {
  const mounts = new Mounts();
  let site: Site;

  beforeAll(async () => {
    site = await Site.withStack();
    await mounts.small(site.ground, 8);
  });
  afterAll(async () => {
    await mounts.undoAll();
    await site.remove();
  });

  it('may hold the deployment and its data', async () => {
    await site.create('../spec-a.yml', 'd');
    const directory = site.at('d');
    await mounts.small(join(directory, 'data'), 2);
    await writeFile(join(directory, 'data/mine'), 'kept');
    await site.writeStack('b');

    await site.succeed(site.updateArguments('d', 'b'));

    const seeds = await readTree(site.path('source/config'), (path) => /^(seeded|extra)\//.test(path));
    expect(await readTree(join(directory, 'data'))).toEqual({ ...seeds, mine: '644 kept' });
    expect((await readdir(join(directory, 'data'))).sort()).toEqual(['extra', 'mine', 'plain', 'seeded']);
    expect((await readdir(join(directory, '.laconic'))).sort()).toEqual(stateFiles);
  });
});

/** Expects exit code 1 and one message that says what has no space, without internals of the program. */
function expectNoSpace(result: CliResult): CliResult {
  expect(result.code).toBe(1);
  expect(result.stderr.match(/^Error: /gm), result.stderr).toHaveLength(1);
  expect(result.stderr).toMatch(/^Error: .*no space left on device/m);
  expect(result.stderr).not.toMatch(/^ +at |bug in laconic-so/m);
  return result;
}

function withoutBackups(tree: Tree): Tree {
  return Object.fromEntries(Object.entries(tree).filter(([path]) => !path.endsWith('.bak')));
}
