import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { createFrom } from '../../../support/create-or-update.js';
import { temporaryDirectory } from '../../../support/temporary.js';

/** A deployment whose manifest is lost, made from a stack that has since lost a file and a hook. */
async function withoutManifest(lost: string) {
  const base = await temporaryDirectory();
  const write = async (path: string, text: string): Promise<void> => {
    await mkdir(dirname(join(base, path)), { recursive: true });
    await writeFile(join(base, path), text);
  };
  await write('repo/stacks/app/stack.yml', 'name: app\npods:\n  - app\n');
  await write('repo/stacks/app/deploy/commands.mjs', 'export function create() {}\n');
  await write('repo/compose/docker-compose-app.yml', 'services:\n  web:\n    image: busybox\nvolumes: {state: }\n');
  await write('repo/config/app/kept', 'one');
  await write('repo/config/app/gone', 'one');
  await write(
    'spec.yml',
    `stack: ${join(base, 'repo/stacks/app')}\ndeploy-to: compose\nvolumes: {state: ./config/state}\n`,
  );
  await createFrom(base, false);
  await rm(join(base, lost), { recursive: true });
  return { base, write, remove: (path: string) => rm(join(base, path), { recursive: true }) };
}

const missing = 'd/.laconic/manifest.json is missing';

describe('an update of a directory without its manifest', () => {
  it('lists the files that nothing generates any more, and leaves them', async () => {
    const { base, write, remove } = await withoutManifest('d/.laconic/manifest.json');
    await remove('repo/config/app/gone');
    await remove('repo/stacks/app/deploy');
    await write('repo/config/app/kept', 'two');
    await write('d/config/app/kept', 'edited');
    await write('d/config/app/mine', 'mine');
    await write('d/config/state/row', 'data of a container');

    const said = await createFrom(base, true);

    expect(said).toContain(missing);
    expect(said).toContain('no longer generated: config/app/gone, config/app/mine, hooks/commands.mjs. Delete');
    const texts = ['gone', 'mine', 'kept', 'kept.bak'].map((name) =>
      readFile(join(base, 'd/config/app', name), 'utf8'),
    );
    expect(await Promise.all(texts)).toEqual(['one', 'mine', 'two', 'edited']);
    expect(await createFrom(base, true)).not.toContain('manifest');
  });

  it('reports the missing manifest when no such file is left', async () => {
    const { base } = await withoutManifest('d/.laconic/manifest.json');
    const said = await createFrom(base, true);
    expect(said).toContain(missing);
    expect(said).not.toContain('no longer generated');
  });

  it('reports nothing for a directory of the Python program, which has no manifest', async () => {
    const { base } = await withoutManifest('d/.laconic');
    expect(await createFrom(base, true)).not.toContain('manifest');
  });
});
