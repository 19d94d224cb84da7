import { symlink } from 'node:fs/promises';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { describeWithEngine } from '../../support/engine.js';
import { Shop } from './shop.js';

describeWithEngine('containers that were started through a symbolic link', () => {
  let shop: Shop;
  beforeAll(async () => {
    shop = await Shop.withDeployment();
    await symlink(shop.root, shop.path('linked'));
    await shop.pythonUp(shop.path('linked'));
  });
  afterAll(() => shop.remove());

  it('are left alone when the real path is given, also next to a container of a killed run-job', async () => {
    const linked = shop.path('linked');
    const job = ['--file', `${linked}/compose-jobs/docker-compose-count.yml`, '--env-file', `${linked}/config.env`];
    const run = ['--project-name', shop.project, 'run', '--detach', 'count'];
    await shop.docker('wait', (await shop.docker('compose', ...job, ...run)).trim());
    const before = await shop.containers();
    expect(Object.keys(before)).toHaveLength(3);
    expect(before.web?.labels['com.docker.compose.project.working_dir']).toBe(`${linked}/compose`);

    expect(await shop.command('start')).toMatchObject({ code: 0, stdout: '' });
    expect(await shop.deployment(linked, 'start')).toMatchObject({ code: 0, stdout: '' });
    expect(await shop.containers()).toEqual(before);
  });
});

describeWithEngine('two directories with the same cluster-id from the Python program', () => {
  let first: Shop;
  let second: Shop;
  beforeAll(async () => {
    first = await Shop.withDeployment();
    second = await Shop.withDeployment({ clusterId: first.project });
    first.watch(`${first.project}d`);
    await second.write('shop/data/data/kept', 'rows of the second\n');
    await first.pythonUp();
    await second.pythonUp();
  });
  afterAll(async () => {
    await second.remove();
    await first.remove();
  });

  it('are refused while the second has replaced a container, which uses the data of the first: nothing starts or is split', async () => {
    expect(await first.inWeb('cat /data/kept')).toBe('the rows\n');
    const before = await first.containers();
    for (const [shop, other] of [
      [first, second],
      [second, first],
    ] as const) {
      const refused = await shop.command('start');
      expect(refused).toMatchObject({ code: 1, stdout: '' });
      expect(refused.stderr).toContain(`another deployment directory: ${other.root}, not to ${shop.root}`);
    }
    const name = (service: string) => `${first.project}-${service}-1`;
    for (const [shop, side, web] of [
      [first, 'belongs to it', `of ${second.root} uses its ${first.root}/data/data`],
      [second, undefined, 'belongs to it'],
    ] as const) {
      const split = await shop.command('split');
      expect(split).toMatchObject({ code: 1, stdout: '' });
      const lines = [...(side === undefined ? [] : [`${name('side')} ${side}`]), `${name('web')} ${web}`];
      expect(split.stderr).toContain(` cannot leave project ${first.project} now:\n${lines.join('\n')}\n`);
    }
    expect(await first.containers()).toEqual(before);
  });

  it('get a project each, with their own data, once those containers are removed', async () => {
    const names = ['side', 'web'].map((service) => `${first.project}-${service}-1`);
    await first.docker('rm', '--force', ...names);
    expect(await first.command('split')).toMatchObject({ code: 0 });
    expect(await first.command('start', '--no-wait')).toMatchObject({ code: 0 });
    const started = await second.command('start');
    expect(started).toMatchObject({ code: 1, stdout: '' });
    expect(started.stderr).toContain(`its present path ${first.root}/data/data still holds data`);
    expect(await second.command('start', '--no-wait', '--accept-new-path')).toMatchObject({ code: 0 });
    expect((await first.command('exec', 'web', 'cat /data/kept')).stdout).toBe('the rows\n');
    expect((await second.command('exec', 'web', 'cat /data/kept')).stdout).toBe('rows of the second\n');
  });
});
