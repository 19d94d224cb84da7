import { mkdir, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from 'vitest';
import { type Disturbed, random, type Timed } from './kill.js';
import { otherVariant, type Site, stateFiles, type Variant } from './site.js';
import { isGenerated, readTree, type Tree, withoutIdentity } from './tree.js';

/** The directory that an undisturbed create makes of each variant. */
async function expectedTrees(site: Site): Promise<Record<Variant, Tree>> {
  const trees: Partial<Record<Variant, Tree>> = {};
  for (const variant of ['b', 'a'] as const) {
    await site.writeStack(variant);
    await site.succeed(site.createArguments('model', variant));
    trees[variant] = withoutIdentity(await readTree(site.at('model'), isGenerated));
    await rm(site.at('model'), { recursive: true });
  }
  return trees as Record<Variant, Tree>;
}

/** `deploy create`: afterwards there is nothing, a complete directory, or one that the same command starts over. */
export async function disturbedCreate(site: Site): Promise<Disturbed> {
  const expected = await expectedTrees(site);
  const directory = site.at('d');
  const remove = () => rm(directory, { recursive: true, force: true });
  const create = site.createArguments('d');
  const undisturbed = async (): Promise<void> => {
    await remove();
    await site.succeed(create);
  };
  const round = async () => {
    await remove();
    return { args: create, check: checkCreated };
  };
  return { command: 'deploy create', undisturbed, round };

  async function checkCreated(timed: Timed): Promise<string> {
    const exists = (await readdir(site.ground)).includes('d');
    const unfinished = exists && (await readdir(join(directory, '.laconic'))).includes('incomplete');
    const whole = exists && !unfinished;
    if (unfinished) {
      const { code, stderr } = await site.deployment('d', 'ps');
      expect(code).toBe(1);
      expect(stderr).toContain('did not finish');
    }
    if (whole) {
      expect(withoutIdentity(await readTree(directory, isGenerated))).toEqual(expected.a);
      const { code, stderr } = await site.cli(create);
      expect(code).toBe(1);
      expect(stderr).toContain('already exists');
    } else {
      await timed(() => site.succeed(create));
    }
    expect(withoutIdentity(await readTree(directory, isGenerated))).toEqual(expected.a);
    expect(await readFile(join(directory, 'hooked.txt'), 'utf8')).toBe('a');
    const seeds = await readTree(site.path('source/config'), (path) => path.startsWith('seeded/'));
    expect(await readTree(join(directory, 'data'))).toEqual(seeds);
    expect((await readdir(join(directory, '.laconic'))).sort()).toEqual(stateFiles);
    expect(await readdir(site.ground), 'nothing is left beside the directory').toEqual(['d']);
    return whole ? 'whole' : unfinished ? 'unfinished' : 'nothing';
  }
}

/** `deploy create --update`: afterwards the directory is the old or the new one, and the data is unchanged. */
export async function disturbedUpdate(site: Site): Promise<Disturbed> {
  const expected = await expectedTrees(site);
  const directory = site.at('u');
  await site.succeed(site.createArguments('u', 'a'));
  await fillVolumes(directory);
  let variant: Variant = 'a';
  const undisturbed = async (): Promise<void> => {
    variant = otherVariant(variant);
    await site.writeStack(variant);
    await site.succeed(site.updateArguments('u', variant));
  };
  // The first update adds a volume, which stays.
  await undisturbed();
  const data = await readTree(join(directory, 'data'));
  const secrets = await readFile(join(directory, 'secrets.env'), 'utf8');
  const coin = random('what comes next');

  const round = async () => {
    const before = variant;
    variant = otherVariant(before);
    await site.writeStack(variant);
    const args = site.updateArguments('u', variant);
    return { args, check: (timed: Timed) => checkUpdated(before, variant, args, timed) };
  };
  return { command: 'deploy create --update', undisturbed, round };

  async function checkUpdated(before: Variant, after: Variant, args: readonly string[], timed: Timed): Promise<string> {
    let outcome = 'retried at once';
    if (coin() < 0.5) {
      await site.run('u', 'ps');
      const tree = withoutIdentity(await readTree(directory, isGenerated));
      const isNew = tree['spec.yml'] === expected[after]['spec.yml'];
      expect(tree).toEqual(expected[isNew ? after : before]);
      outcome = isNew ? 'new' : 'old';
    }
    await timed(() => site.succeed(args));
    expect(withoutIdentity(await readTree(directory, isGenerated))).toEqual(expected[after]);
    expect(await readFile(join(directory, 'hooked.txt'), 'utf8')).toBe(after);
    const backups = await readTree(directory, (path) => path.endsWith('.bak'));
    expect(backups).toEqual(expectedBackups(expected[before], expected[after]));
    expect(await readFile(join(directory, 'secrets.env'), 'utf8')).toBe(secrets);
    expect(await readTree(join(directory, 'data'))).toEqual(data);
    expect((await readdir(join(directory, '.laconic'))).sort()).toEqual(stateFiles);
    // The copy of the secrets is next to the generations.
    const generations = (await readdir(join(directory, '.laconic/history'))).filter((name) => name !== 'secrets.env');
    expect(generations.length).toBeLessThanOrEqual(5);
    expect((await readdir(site.ground)).filter((name) => name !== 'u')).toEqual([]);
    return outcome;
  }
}

/** Every changed file has a backup of its former content; unchanged files have none. */
function expectedBackups(before: Tree, after: Tree): Tree {
  const changing = Object.entries(before).filter(([path, text]) => path in after && after[path] !== text);
  return Object.fromEntries(changing.map(([path, text]) => [`${path}.bak`, text]));
}

/** Data as containers would write it, which no update may touch. */
async function fillVolumes(directory: string): Promise<void> {
  await writeFile(join(directory, 'data/plain/database'), Buffer.alloc(100_000, 'row '), { mode: 0o640 });
  await writeFile(join(directory, 'data/plain/config.env'), 'mine');
  await writeFile(join(directory, 'data/seeded/first.txt'), 'changed by the container');
  await mkdir(join(directory, 'data/plain/pg_wal'));
  await symlink('database', join(directory, 'data/plain/current'));
}
