import { mkdir, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { layoutOf } from '../../../../src/deployment/directory/layout.js';
import { sha256 } from '../../../../src/system/files/files.js';
import { createFrom } from '../../../support/create-or-update.js';
import { temporaryDirectory } from '../../../support/temporary.js';

/** A deployment of a stack with these configuration files, and a way to update it to others. */
async function deployed(config: Record<string, string>) {
  const base = await temporaryDirectory();
  const root = join(base, 'd');
  const write = async (path: string, text: string): Promise<void> => {
    await mkdir(dirname(join(base, path)), { recursive: true });
    await writeFile(join(base, path), text);
  };
  const configure = async (files: Record<string, string>): Promise<void> => {
    await rm(join(base, 'repo/config'), { recursive: true, force: true });
    for (const [path, text] of Object.entries(files)) await write(`repo/config/app/${path}`, text);
  };
  await write('repo/stacks/app/stack.yml', 'name: app\npods:\n  - app\n');
  await write('repo/compose/docker-compose-app.yml', 'services:\n  web:\n    image: busybox\n');
  await write('spec.yml', `stack: ${join(base, 'repo/stacks/app')}\ndeploy-to: compose\n`);
  await configure(config);
  await createFrom(base, false);
  return {
    base,
    root,
    configure,
    update: () => createFrom(base, true),
    text: (path: string) => readFile(join(root, path), 'utf8'),
  };
}

/** Expects that no part of an update is left to do. */
async function expectFinished(root: string): Promise<void> {
  expect(await readdir(layoutOf(root).state)).not.toContain('journal.json');
}

describe('an update in which a file became a folder or a folder became a file', () => {
  it('replaces a file with a folder', async () => {
    const { root, configure, update, text } = await deployed({ scripts: 'one' });

    await configure({ 'scripts/run.sh': 'two' });
    await update();

    expect(await text('config/app/scripts/run.sh')).toBe('two');
    await expectFinished(root);
  });

  it('replaces a folder with a file', async () => {
    const { root, configure, update, text } = await deployed({ 'scripts/deep/run.sh': 'one', 'scripts/b': 'one' });

    await configure({ scripts: 'two' });
    await update();

    expect(await text('config/app/scripts')).toBe('two');
    await expectFinished(root);
  });

  it('replaces a link to a folder elsewhere with a folder, and writes nothing where the link led', async () => {
    const { base, root, configure, update, text } = await deployed({ page: 'one' });
    await mkdir(join(base, 'elsewhere'));
    // Earlier versions copied links as links and recorded them in the manifest.
    await symlink(join(base, 'elsewhere'), join(root, 'config/app/data'));
    const manifest = layoutOf(root).manifest;
    const entries = JSON.parse(await readFile(manifest, 'utf8')) as Record<string, string>;
    await writeFile(manifest, JSON.stringify({ ...entries, 'config/app/data': sha256(join(base, 'elsewhere')) }));

    await configure({ page: 'one', 'data/row': 'two' });
    await update();

    expect(await text('config/app/data/row')).toBe('two');
    expect(await readdir(join(base, 'elsewhere'))).toEqual([]);
    await expectFinished(root);
  });

  it('replaces an empty folder that the engine made for a missing file with that file', async () => {
    const { root, configure, update, text } = await deployed({ page: 'one' });
    await mkdir(join(root, 'config/app/late.conf'));

    await configure({ page: 'one', 'late.conf': 'two' });
    await update();

    expect(await text('config/app/late.conf')).toBe('two');
    await expectFinished(root);
  });

  it('names a file in the way before anything is changed, and leaves no update to finish', async () => {
    const { root, configure, update, text } = await deployed({ page: 'one' });
    await mkdir(join(root, 'config/app/late.conf'));
    await writeFile(join(root, 'config/app/late.conf/mine'), 'kept');
    await writeFile(join(root, 'config/app/folder'), 'kept');

    await configure({ page: 'two', 'late.conf': 'two', 'folder/a': 'two' });
    await expect(update()).rejects.toThrow(
      /config\/app\/folder is a file, but must become a folder\n.*config\/app\/late.conf is a folder, but must become a file; it contains config\/app\/late.conf\/mine/,
    );

    expect(await text('config/app/page')).toBe('one');
    expect(await text('config/app/folder')).toBe('kept');
    expect(await text('config/app/late.conf/mine')).toBe('kept');
    await expectFinished(root);
  });

  it('keeps an edited file next to the folder that takes its place', async () => {
    const { root, configure, update, text } = await deployed({ scripts: 'one' });
    await writeFile(join(root, 'config/app/scripts'), 'edited');

    await configure({ 'scripts/run.sh': 'two' });
    await update();

    expect(await text('config/app/scripts/run.sh')).toBe('two');
    expect(await text('config/app/scripts.bak')).toBe('edited');
    await expectFinished(root);
  });
});
