import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { run } from '../../../src/system/process/process.js';
import { containersOf, labelled, type Seen } from '../../support/engine-api.js';
import { describeWithEngine } from '../../support/engine.js';
import { Site } from './site.js';
import { readTree } from './tree.js';

/** Everything of one project that a command of another deployment could touch. */
interface Snapshot {
  containers: Record<string, Seen>;
  volumes: unknown;
  networks: unknown;
}

describeWithEngine('two deployments of one stack, and a foreign project with the same names', () => {
  let site: Site;
  let one: string;
  let two: string;
  const foreign = `lsres-foreign-${Date.now().toString(36)}`;

  beforeAll(async () => {
    site = await Site.withStack();
    await site.succeed(site.createArguments('one'));
    await site.succeed(site.createArguments('two'));
    [one, two] = [await site.projectOf('one'), await site.projectOf('two')];
    site.watch(foreign);
    const file = await site.write('foreign/docker-compose.yml', await foreignCompose());
    await site.docker('compose', '--file', file, '--project-name', foreign, 'up', '--detach', '--wait');
    await site.run('two', 'start');
  });
  afterAll(() => site.remove());

  /**
   * The stack's own services and volumes, with engine volumes instead of directories, and healthy whatever they
   * contain.
   */
  async function foreignCompose(): Promise<string> {
    const text = await readFile(site.path('source/compose/docker-compose-sturdy.yml'), 'utf8');
    return text
      .replace(/ +- \.\.\/config.*\n/, '')
      .replace(/test: .*/, "test: [CMD, 'true']")
      .replaceAll('$FLAVOUR', 'x')
      .replaceAll('${PASSWORD}', 'x');
  }

  async function snapshot(project: string): Promise<Snapshot> {
    const inspect = async (kind: 'volume' | 'network'): Promise<unknown> => {
      const ids = await labelled(`${kind}s`, project);
      if (ids.length === 0) return [];
      const all = JSON.parse((await run('docker', [kind, 'inspect', ...ids])).stdout) as Record<string, unknown>[];
      return all.map(({ Name, Id, CreatedAt, Created, Mountpoint, Options }) => ({
        Name,
        Id,
        CreatedAt,
        Created,
        Mountpoint,
        Options,
      }));
    };
    return {
      containers: await containersOf(project),
      volumes: await inspect('volume'),
      networks: await inspect('network'),
    };
  }

  const commands: [string, string[]][] = [
    ['start', ['start']],
    ['ps', ['ps']],
    ['restart with a changed stack', ['restart']],
    ['update-envs', ['update-envs']],
    ['stop of one service', ['stop', 'web']],
    ['start again', ['start']],
    ['stop', ['stop']],
    ['stop --delete-volumes when stopped', ['stop', '--delete-volumes']],
    ['start once more', ['start']],
    ['stop --delete-volumes --delete-data', ['stop', '--delete-volumes', '--delete-data', '--yes']],
  ];

  it('have different ids', () => {
    expect(new Set([one, two, foreign]).size).toBe(3);
  });

  it.each(commands)('are not affected by %s of one of them', async (name, args) => {
    const before = {
      two: await snapshot(two),
      foreign: await snapshot(foreign),
      data: await readTree(site.at('two')),
    };
    expect(Object.keys(before.two.containers)).toHaveLength(2);
    expect(Object.keys(before.foreign.containers)).toHaveLength(2);
    expect(before.foreign.volumes).toHaveLength(2);
    if (name.startsWith('restart')) await site.writeStack('b');

    await site.run('one', ...args);

    expect(await snapshot(two)).toEqual(before.two);
    expect(await snapshot(foreign)).toEqual(before.foreign);
    expect(await readTree(site.at('two'))).toEqual(before.data);
  });

  it('lose deleted data only in the deployment where it was deleted', async () => {
    expect(await snapshot(one)).toEqual({ containers: {}, volumes: [], networks: [] });
    expect(await readTree(join(site.at('one'), 'data'))).toEqual({});
  });
});
