import { mkdir, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import type { Journal } from '../../../src/deployment/journal.js';
import { describeWithEngine } from '../../support/engine.js';
import { durations, killAfter, killRounds, launch, random, seed, type Timed } from './kill.js';
import { otherVariant, Site, type Variant, stateFiles } from './site.js';
import { exists, until } from './waiting.js';
import { isGenerated, readTree, type Tree, withoutIdentity } from './tree.js';

const kills = { create: 100, update: 80, replacing: 20 };

/** Milliseconds; on two cores with nothing else to do it takes about a minute. */
const patience = 600_000;

describeWithEngine('kill -9 while a deployment directory is written (decisions 1, 2, 3)', () => {
  // At the same time, on a site each: most of a run is one process that starts.
  it.concurrent(
    `create: ${kills.create} kills leave nothing, or what the same command starts over, or all of it`,
    async () => {
      const site = await Site.make();
      try {
        await killCreates(site);
      } finally {
        await site.remove();
      }
    },
    patience,
  );

  it.concurrent(
    `create --update: ${kills.update} kills leave the old directory or the new one, and the data alone`,
    async () => {
      const site = await Site.make();
      try {
        await killUpdates(site);
      } finally {
        await site.remove();
      }
    },
    patience,
  );

  it.concurrent('a hook that outlives its killed command is awaited by the next one', async () => {
    const site = await Site.make();
    const began = join(site.directory, 'began');
    try {
      await site.writeHook(`import { execFileSync } from 'node:child_process';
export const create = ({ deploymentDir }) =>
  execFileSync('sh', ['-c', 'touch ' + deploymentDir + '/early SITE/began; while [ ! -e SITE/go ]; do sleep 0.1; done; touch ' + deploymentDir + '/late'], { stdio: 'ignore' });`);
      const { child, ended } = launch(site.createArguments('d'));
      await until('the hook began', () => exists(began));
      child.kill('SIGKILL');
      await ended;
      await site.writeStack('a');

      const next = launch(site.createArguments('d'));
      await until('it waits for the hook', () => next.said.stderr.includes('left running: sh (process'));
      await writeFile(join(site.directory, 'go'), '');

      const { code, stderr } = await next.ended;
      expect(code, stderr).toBe(0);
      expect(stderr).not.toContain('still running');
      expect(await readdir(site.deployment('d'))).not.toEqual(
        expect.arrayContaining([expect.stringMatching(/early|late/)]),
      );
    } finally {
      await site.remove();
    }
  });
});

/** What an undisturbed create makes of each variant. */
async function undisturbed(site: Site): Promise<Record<Variant, Tree>> {
  const trees: Partial<Record<Variant, Tree>> = {};
  for (const variant of ['b', 'a'] as const) {
    await site.writeStack(variant);
    await site.succeed(site.createArguments('model', variant));
    trees[variant] = withoutIdentity(await readTree(site.deployment('model'), isGenerated));
    await rm(site.deployment('model'), { recursive: true });
  }
  return trees as Record<Variant, Tree>;
}

async function killCreates(site: Site): Promise<void> {
  const expected = await undisturbed(site);
  const directory = site.deployment('d');
  const remove = () => rm(directory, { recursive: true, force: true });
  const create = site.createArguments('d');
  const undisturbedRuns = await durations(
    Array.from({ length: 7 }, () => async () => {
      await remove();
      await site.succeed(create);
    }),
  );
  await killRounds('deploy create', kills.create, undisturbedRuns, site.ground, async () => {
    await remove();
    return { args: create, check: checkCreated };
  });

  async function checkCreated(timed: Timed): Promise<string> {
    const exists = (await readdir(site.ground)).includes('d');
    const unfinished = exists && (await readdir(join(directory, '.laconic'))).includes('incomplete');
    const whole = exists && !unfinished;
    if (unfinished) {
      const { code, stderr } = await site.cli(site.deploymentArguments('d', 'ps'));
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
    const seeds = await readTree(join(site.directory, 'source/config'), (path) => path.startsWith('seeded/'));
    expect(await readTree(join(directory, 'data'))).toEqual(seeds);
    expect((await readdir(join(directory, '.laconic'))).sort()).toEqual(stateFiles);
    expect(await readdir(site.ground), 'nothing is left beside the directory').toEqual(['d']);
    return whole ? 'whole' : unfinished ? 'unfinished' : 'nothing';
  }
}

async function killUpdates(site: Site): Promise<void> {
  const expected = await undisturbed(site);
  const directory = site.deployment('u');
  await site.succeed(site.createArguments('u', 'a'));
  await fillVolumes(directory);
  let variant: Variant = 'a';
  const update = async (): Promise<void> => {
    variant = otherVariant(variant);
    await site.writeStack(variant);
    await site.succeed(site.updateArguments('u', variant));
  };
  const undisturbedRuns = await durations(Array.from({ length: 7 }, () => update));
  const data = await readTree(join(directory, 'data'));
  const secrets = await readFile(join(directory, 'secrets.env'), 'utf8');
  const coin = random('what comes next');

  await killRounds('deploy create --update', kills.update, undisturbedRuns, site.ground, async () => {
    const before = variant;
    variant = otherVariant(before);
    await site.writeStack(variant);
    const args = site.updateArguments('u', variant);
    return { args, check: (timed) => checkUpdated(before, variant, args, timed) };
  });

  // The renames take milliseconds: few of those kills meet them.
  const moment = random('while files are replaced');
  const tally: Record<string, number> = {};
  const journal = join(directory, '.laconic/journal.json');
  for (let number = 0; number < kills.replacing; number += 1) {
    const before = variant;
    variant = otherVariant(before);
    await site.writeStack(variant);
    const args = site.updateArguments('u', variant);
    const milliseconds = moment() * 12;
    await killAfter(args, milliseconds, site.ground, journal);
    const stood = (await exists(journal))
      ? (JSON.parse(await readFile(journal, 'utf8')) as Journal).phase
      : 'no journal';
    const outcome = `${stood}, ${await checkUpdated(before, variant, args, (work) => work())}`;
    tally[outcome] = (tally[outcome] ?? 0) + 1;
  }
  process.stderr.write(`while files are replaced: ${JSON.stringify(tally)}, LACONIC_TEST_SEED=${seed}\n`);

  async function checkUpdated(before: Variant, after: Variant, args: readonly string[], timed: Timed): Promise<string> {
    let outcome = 'retried at once';
    if (coin() < 0.5) {
      await site.succeed(site.deploymentArguments('u', 'ps'));
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
    // Beside the generations stands the copy of the secrets.
    const generations = (await readdir(join(directory, '.laconic/history'))).filter((name) => name !== 'secrets.env');
    expect(generations.length).toBeLessThanOrEqual(5);
    expect((await readdir(site.ground)).filter((name) => name !== 'u')).toEqual([]);
    return outcome;
  }
}

/** Every file that changes leaves what it was before; what stays the same leaves nothing. */
function expectedBackups(before: Tree, after: Tree): Tree {
  const changing = Object.entries(before).filter(([path, text]) => path in after && after[path] !== text);
  return Object.fromEntries(changing.map(([path, text]) => [`${path}.bak`, text]));
}

/** What containers would have written: nothing an update may touch. */
async function fillVolumes(directory: string): Promise<void> {
  await writeFile(join(directory, 'data/plain/database'), Buffer.alloc(100_000, 'row '), { mode: 0o640 });
  await writeFile(join(directory, 'data/plain/config.env'), 'mine');
  await writeFile(join(directory, 'data/seeded/first.txt'), 'changed by the container');
  await mkdir(join(directory, 'data/plain/pg_wal'));
  await symlink('database', join(directory, 'data/plain/current'));
}
