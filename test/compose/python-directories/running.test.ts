import { cp, mkdir, readdir, rename, rm, symlink } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { containersOf } from '../../support/engine-api.js';
import { describeWithEngine } from '../../support/engine.js';
import { Shop } from './shop.js';

describeWithEngine('a running deployment of the Python program', () => {
  let shop: Shop;
  beforeAll(async () => {
    shop = await Shop.withDeployment();
    await symlink(shop.root, shop.path('linked'));
    await shop.pythonUp();
  });
  afterAll(() => shop.remove());

  it.each([
    ['as it is', (root: string) => root],
    ['with ..', (root: string) => `${root}/compose/../../${basename(root)}`],
    ['relative', (root: string) => `./${basename(root)}/`],
    ['through a symbolic link', () => 'linked'],
  ])('continues in place, and start recreates nothing: --dir %s', async (_, spelt) => {
    const before = await shop.containers();
    expect(Object.keys(before).sort()).toEqual(['side', 'web']);

    const started = await shop.deployment(spelt(shop.root), 'start');

    expect(started).toMatchObject({ code: 0, stdout: '' });
    expect(started.stderr).not.toMatch(/WARNING/);
    expect(await shop.containers()).toEqual(before);
  });

  it('runs its scripts that were copied flat, and its start hook', async () => {
    expect(
      await shop.docker('run', '--rm', '--volume', `${shop.base}:/base`, 'busybox:1.36', 'head', '-2', '/base/log'),
    ).toBe(`before ${shop.project}\nafter ${shop.project}\n`);
    expect(await shop.read('shop/start-file')).toBe(`by ${shop.project}`);
  });

  it('works with ps, status, port, logs and exec', async () => {
    const ps = await shop.command('ps');
    expect(ps.stdout).toMatch(/^Running containers:\nid: [0-9a-f]{64}, name: .*-side-1, ports: \n/);
    const status = await shop.command('status');
    expect(status.stdout).toBe(`${shop.project}-side-1\trunning\n${shop.project}-web-1\trunning\n`);
    const port = await shop.command('port', 'web', '80');
    expect(port.stdout).toMatch(/^0\.0\.0\.0:\d+\n$/);
    const logs = await shop.command('logs', 'web');
    expect(logs.stdout).toMatch(/^web-1 {2}\| shop is open, greeting hello\n/);
    const exec = await shop.command('exec', 'web', 'echo $GREETING $SETTING; exit 7');
    expect(exec).toMatchObject({ code: 7, stdout: 'hello first\n' });
    const page = await fetch(`http://127.0.0.1:${port.stdout.trim().split(':')[1] ?? ''}/`);
    expect(await page.text()).toBe('page: hello\n');
  });

  it('shares volumes and network with a job, which disturbs nothing', async () => {
    const before = await shop.containers();
    const job = await shop.command('run-job', 'count');
    expect(job).toMatchObject({ code: 0, stdout: 'Running job: count\nthe rows\n' });
    expect(await shop.read('shop/data/data/counted')).toBe('hello\n');
    expect(await shop.containers()).toEqual(before);
  });

  it('keeps data and engine volumes through stop and start', async () => {
    await shop.inWeb('echo mine > /scratch/note');
    expect(await shop.command('stop', '1')).toMatchObject({ code: 0 });
    expect(await shop.containers()).toEqual({});
    expect(await shop.command('start')).toMatchObject({ code: 0 });
    expect(await shop.inWeb('cat /scratch/note /data/kept')).toBe('mine\nthe rows\n');
    expect(await shop.read('shop/config.env')).toContain('\nGREETING=hello\n');
  });

  it('keeps host directories with stop --delete-volumes, and starts again after --delete-data has emptied them', async () => {
    const stopped = await shop.command('stop', '1', '--delete-volumes');
    expect(stopped).toMatchObject({ code: 0, stdout: '' });
    expect(stopped.stderr).toContain(`\nkept: ${shop.root}/data/data\n`);
    expect(await shop.read('shop/data/data/kept')).toBe('the rows\n');
    const emptied = await shop.command('stop', '--delete-data', '--yes');
    expect(emptied).toMatchObject({ code: 0, stdout: `deleted: ${shop.root}/data/data\n` });
    expect(await readdir(join(shop.root, 'data/data'))).toEqual([]);
    await shop.write('shop/data/data/kept', 'the rows\n');
    expect(await shop.command('start')).toMatchObject({ code: 0 });
    expect(await shop.inWeb('cat /data/kept; ls /scratch')).toBe('the rows\n');
  });

  it('causes only a warning for an invalid section of the spec that was never used', async () => {
    const before = await shop.containers();
    const spec = await shop.read('shop/spec.yml');
    const broken = `${spec}resources:\n  containers: lots\nreplicas: many\nannotations:\nfoo: bar\n`;
    await shop.write('shop/spec.yml', broken);
    const started = await shop.command('start');
    expect(started.code).toBe(0);
    expect(started.stderr).toMatch(/WARNING: .*spec\.yml:\d+ resources\.containers: must be a map/);
    expect(started.stderr).toMatch(/WARNING: .*spec\.yml:\d+ replicas: must be a whole number, found "many"/);
    expect(await shop.command('ps')).toMatchObject({ code: 0 });
    expect(await shop.containers()).toEqual(before);
    await shop.write('shop/spec.yml', spec);
  });

  it('starts with its data after its directory was moved', async () => {
    await rm(shop.path('linked'));
    const moved = shop.path('elsewhere');
    await mkdir(moved);
    await rename(shop.root, join(moved, 'shop'));
    shop.root = join(moved, 'shop');
    const started = await shop.command('start');
    expect(started).toMatchObject({ code: 0 });
    expect(await shop.inWeb('cat /data/kept')).toBe('the rows\n');
    const device = await shop.docker('volume', 'inspect', `${shop.project}_data`, '--format', '{{.Options.device}}');
    expect(device.trim()).toBe(join(shop.root, 'data', 'data'));
  });

  it('is not confused with a copy of its directory, which is refused with both paths until split gives it a project', async () => {
    const original = shop.root;
    const before = await shop.containers();
    const copy = shop.path('copy');
    await cp(original, copy, { recursive: true });
    await rm(join(copy, 'data/data/kept'));
    for (const command of ['start', 'stop', 'ps', 'restart']) {
      const refused = await shop.deployment(copy, command);
      expect(refused, command).toMatchObject({ code: 1, stdout: '' });
      expect(refused.stderr, command).toContain(
        `the containers of project ${shop.project} belong to another deployment directory: ${original}, not to ${copy}`,
      );
      expect(refused.stderr, command).toContain(`deployment --dir ${copy} split`);
    }
    expect(await shop.containers()).toEqual(before);

    const split = await shop.deployment(copy, 'split');
    expect(split.code).toBe(0);
    expect(split.stderr).toMatch(/WARNING: volume scratch has no path in the spec/);
    const own = `${shop.project}d`;
    shop.watch(own);
    const started = await shop.deployment(copy, 'start');
    expect(started).toMatchObject({ code: 0 });
    expect(Object.keys(await containersOf(own)).sort()).toEqual(['side', 'web']);
    expect(await shop.inWeb('ls /data /scratch', own)).not.toContain('kept');
    expect(await shop.deployment(copy, 'stop', '1', '--delete-volumes')).toMatchObject({ code: 0 });
    expect(await shop.containers()).toEqual(before);
  });
});
