import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { describeWithEngine } from '../../support/engine.js';
import { durations, killRounds, type Timed } from './kill.js';
import { otherVariant, Site, type Variant, stateFiles } from './site.js';
import { isGenerated, readTree, type Tree, withoutIdentity } from './tree.js';

const kills = { start: 10, restart: 10 };

/** Milliseconds; on two cores with nothing else to do it takes about a minute. */
const patience = 600_000;

describeWithEngine('kill -9 while containers are made (decisions 2, 5, 13)', () => {
  let site: Site;
  let directory: string;
  let project: string;
  let variant: Variant = 'a';
  const expected = {} as Record<Variant, Tree>;
  let data: Tree;
  let secrets: string;

  beforeAll(async () => {
    site = await Site.make();
    directory = site.deployment('c');
    await site.succeed(site.createArguments('c', 'a'));
    project = await site.project('c');
    expected.a = await generated();
    data = await readTree(join(directory, 'data'));
    secrets = await readFile(join(directory, 'secrets.env'), 'utf8');
  });
  afterAll(() => site.remove());

  it(
    `start: after ${kills.start} kills the next start brings everything up`,
    async () => {
      const start = site.deploymentArguments('c', 'start');
      const undisturbedRuns = await durations(
        [1, 2, 3].map(() => async () => {
          await site.removeContainers(project);
          await site.succeed(start);
        }),
      );
      await killRounds('deployment start', kills.start, undisturbedRuns, site.ground, async () => {
        await site.removeContainers(project);
        const check = async (timed: Timed): Promise<string> => {
          const left = Object.keys(await site.containers(project)).length;
          await timed(() => site.succeed(start));
          await expectRunning();
          return `${left} containers`;
        };
        return { args: start, check };
      });
    },
    patience,
  );

  it(
    `restart: after ${kills.restart} kills the directory is old or new, and the next restart completes it`,
    async () => {
      const restart = site.deploymentArguments('c', 'restart');
      await site.succeed(site.deploymentArguments('c', 'start'));
      const change = async (): Promise<void> => {
        variant = otherVariant(variant);
        await site.writeStack(variant);
      };
      const undisturbedRuns = await durations(
        [1, 2, 3, 4].map(() => async () => {
          await change();
          await site.succeed(restart);
          expected[variant] = await generated();
        }),
      );
      await killRounds('deployment restart', kills.restart, undisturbedRuns, site.ground, async () => {
        const before = variant;
        await change();
        const check = async (timed: Timed): Promise<string> => {
          await site.succeed(site.deploymentArguments('c', 'status'));
          const tree = await generated();
          const isNew = tree['stack.yml'] === expected[variant]['stack.yml'];
          expect(tree).toEqual(expected[isNew ? variant : before]);
          await timed(() => site.succeed(restart));
          await expectRunning();
          return isNew ? 'new' : 'old';
        };
        return { args: restart, check };
      });
    },
    patience,
  );

  async function generated(): Promise<Tree> {
    return withoutIdentity(await readTree(directory, isGenerated));
  }

  async function expectRunning(): Promise<void> {
    const containers = Object.values(await site.containers(project));
    expect(containers.map(({ service, state, health }) => [service, state, health]).sort()).toEqual([
      ['side', 'running', undefined],
      ['web', 'running', 'healthy'],
    ]);
    expect(containers.find(({ service }) => service === 'web')?.env).toContain(`VARIANT=${variant}`);
    const password = /PASSWORD='?([0-9a-f]{32})/.exec(secrets)?.[1] ?? 'no password';
    expect(containers.find(({ service }) => service === 'side')?.env).toContain(`PASSWORD=${password}`);
    expect(await generated()).toEqual(expected[variant]);
    expect(await readFile(join(directory, 'secrets.env'), 'utf8')).toBe(secrets);
    expect(await readTree(join(directory, 'data'))).toEqual(data);
    const state = await readdir(join(directory, '.laconic'));
    expect(state.sort()).toEqual([...stateFiles, 'started.json'].sort());
    expect(await readdir(site.ground)).toEqual(['c']);
  }
});
