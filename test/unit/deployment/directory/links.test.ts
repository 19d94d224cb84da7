import { lstat, mkdir, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { createFrom } from '../../../support/create-or-update.js';
import { temporaryDirectory } from '../../../support/temporary.js';

/**
 * Creates and updates from a stack whose configuration, hook neighbours and volume seed are links to files that it
 * shares.
 */
async function stackWithLinks(deployTo: string) {
  const base = await temporaryDirectory();
  const write = async (path: string, text: string): Promise<void> => {
    await mkdir(dirname(join(base, path)), { recursive: true });
    await writeFile(join(base, path), text);
  };
  const link = async (path: string, target: string): Promise<void> => {
    await mkdir(dirname(join(base, path)), { recursive: true });
    await symlink(target, join(base, path));
  };
  const mounts = '["../config/app/entry.sh:/entry.sh:ro", "../config/app/conf:/conf:ro", "seeded:/seeded"]';
  await write('so/stacks/app/stack.yml', 'name: app\npods:\n  - app\n');
  await write(
    'so/compose/docker-compose-app.yml',
    `services:\n  web:\n    image: busybox\n    volumes: ${mounts}\nvolumes: {seeded: }\n`,
  );
  await write('so/config/shared/entry.sh', 'shared entry');
  await write('so/config/shared/conf/site.conf', 'shared site');
  await link('so/config/app/entry.sh', '../shared/entry.sh');
  await link('so/config/app/conf', '../shared/conf');
  await link('so/config/seeded/first', '../shared/entry.sh');
  await write('so/stacks/app/deploy/commands.mjs', 'export function create() {}\n');
  await link('so/stacks/app/deploy/neighbour.txt', '../../../config/shared/entry.sh');
  const volumes = deployTo === 'compose' ? 'volumes: {seeded: ./data/seeded}' : 'volumes: {seeded: }';
  await write('spec.yml', `stack: ${join(base, 'so/stacks/app')}\ndeploy-to: ${deployTo}\n${volumes}\n`);
  return { base, link, create: () => createFrom(base, false), update: () => createFrom(base, true) };
}

async function linksBelow(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { withFileTypes: true, recursive: true });
  return entries.filter((entry) => entry.isSymbolicLink()).map(({ name }) => name);
}

describe('links in the files of a stack', () => {
  it.each(['compose', 'k8s-kind'])('are followed within its repository: %s', async (deployTo) => {
    const { base, create } = await stackWithLinks(deployTo);
    await create();
    const text = (path: string): Promise<string> => readFile(join(base, 'd', path), 'utf8');
    expect(await text('config/app/entry.sh')).toBe('shared entry');
    expect(await text('config/app/conf/site.conf')).toBe('shared site');
    expect(await text('hooks/neighbour.txt')).toBe('shared entry');
    if (deployTo === 'compose') expect(await text('data/seeded/first')).toBe('shared entry');
    expect(await linksBelow(join(base, 'd'))).toEqual([]);
  });

  it('are refused at update when they lead outside the repository, before anything is changed', async () => {
    const { base, link, create, update } = await stackWithLinks('compose');
    await create();
    await writeFile(join(base, 'key'), 'private');
    await writeFile(join(base, 'so/config/shared/entry.sh'), 'changed');
    for (const path of ['so/config/app/key', 'so/config/seeded/key', 'so/stacks/app/deploy/key']) {
      await link(path, join(base, 'key'));
      await expect(update()).rejects.toThrow(
        `${join(base, path)} -> ${join(base, 'key')} leads out of the stack's repository ${join(base, 'so')}`,
      );
      await rm(join(base, path));
    }
    expect(await readFile(join(base, 'd/config/app/entry.sh'), 'utf8')).toBe('shared entry');
    expect(await lstat(join(base, 'd/.laconic/next')).catch(() => undefined)).toBeUndefined();
  });

  it('may lead anywhere in the git working tree, but not into .git', async () => {
    const { base, link, create, update } = await stackWithLinks('compose');
    await mkdir(join(base, '.git'));
    await writeFile(join(base, 'README'), 'of the repository');
    await link('so/config/app/readme', '../../../README');
    await create();
    expect(await readFile(join(base, 'd/config/app/readme'), 'utf8')).toBe('of the repository');
    await writeFile(join(base, '.git/config'), 'url = https://me:token@example.org/so');
    await link('so/config/app/shown', '../../../.git/config');
    await expect(update()).rejects.toThrow(
      `${join(base, 'so/config/app/shown')} -> ../../../.git/config leads to what git keeps about the repository`,
    );
  });
});
