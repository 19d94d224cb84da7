import { cp, mkdtemp, rename, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { describeWithEngine } from '../../support/engine.js';
import { Shop } from './shop.js';

describeWithEngine('split of a deployment that shares nothing, or whose original is unknown', () => {
  let shop: Shop;
  let elsewhere = '';
  beforeEach(async () => {
    shop = await Shop.withDeployment();
    elsewhere = await mkdtemp(join(tmpdir(), 'laconic-elsewhere-'));
  });
  afterEach(async () => {
    await shop.remove();
    await rm(elsewhere, { recursive: true, force: true });
  });

  const expectNothingToSplit = async (...more: string[]): Promise<void> => {
    const before = await shop.read('shop/deployment.yml');
    const split = await shop.command('split', ...more);
    expect(split).toMatchObject({ code: 1, stdout: '' });
    expect(split.stderr).toContain(`Error: nothing to split: no other deployment directory is known`);
    expect(split.stderr).toContain('split --shared-with DIRECTORY');
    expect(split.stderr).not.toContain('WARNING');
    expect(await shop.read('shop/deployment.yml')).toBe(before);
  };

  it('is refused before the first start, while it runs, and after its directory was moved', async () => {
    await expectNothingToSplit();
    await shop.pythonUp();
    await expectNothingToSplit();
    const before = await shop.containers();
    await rename(shop.root, join(elsewhere, 'shop'));
    const moved = await shop.deployment(join(elsewhere, 'shop'), 'split');
    expect(moved).toMatchObject({ code: 1, stdout: '' });
    expect(moved.stderr).toContain('nothing to split');
    await rename(join(elsewhere, 'shop'), shop.root);
    expect(await shop.containers()).toEqual(before);
  });

  it('gives a copy next to the original a project before either was started', async () => {
    const copy = shop.path('copy');
    await cp(shop.root, copy, { recursive: true });
    const split = await shop.deployment(copy, 'split');
    expect(split).toMatchObject({ code: 0 });
    expect(split.stdout).toBe(`${copy} is Compose project ${shop.project}d now (was ${shop.project})\n`);
    // Each has a project now, and neither is split again.
    await expectNothingToSplit();
    expect((await shop.deployment(copy, 'split')).code).toBe(1);
  });

  it('gives a copy far from the original a project when it ran once, since its volumes refer to it', async () => {
    await shop.pythonUp();
    const copy = join(elsewhere, 'copy');
    await cp(shop.root, copy, { recursive: true });
    await shop.docker('rm', '--force', ...['side', 'web'].map((service) => `${shop.project}-${service}-1`));
    const split = await shop.deployment(copy, 'split');
    expect(split).toMatchObject({ code: 0 });
  });

  it('gives a copy of an unknown original a project when the other directory is named, after checking it', async () => {
    const copy = join(elsewhere, 'copy');
    await cp(shop.root, copy, { recursive: true });
    await expectNothingToSplit();
    for (const [named, why] of [
      [shop.root, 'this is the deployment itself'],
      [elsewhere, 'this is not a deployment directory'],
      [join(elsewhere, 'nowhere'), 'this is not a deployment directory'],
    ] as const) {
      const refused = await shop.command('split', '--shared-with', named);
      expect(refused).toMatchObject({ code: 1, stdout: '', stderr: `Error: --shared-with ${named}: ${why}\n` });
    }
    const split = await shop.deployment(copy, 'split', '--shared-with', shop.root);
    expect(split).toMatchObject({ code: 0 });
    const late = await shop.command('split', '--shared-with', copy);
    expect(late.stderr).toContain(`its Compose project is ${shop.project}d, not ${shop.project}`);
  });
});
