import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { type DeploymentFiles, filesOfTree, filesOnDisk } from '../../../../src/deployment/directory/files.js';
import type { GeneratedFile } from '../../../../src/deployment/directory/tree.js';
import { temporaryDirectory } from '../../../support/temporary.js';

const generated = (path: string, source: GeneratedFile['source']): GeneratedFile => ({ path, source, mode: 0o644 });

/** A directory that holds two files, and the tree that an update would write into it. */
async function prepared(): Promise<{ root: string; tree: DeploymentFiles }> {
  const root = await temporaryDirectory();
  mkdirSync(join(root, 'config/web'), { recursive: true });
  writeFileSync(join(root, 'config/web/present.txt'), 'there before');
  symlinkSync('present.txt', join(root, 'config/web/link.txt'));
  const tree = filesOfTree(
    root,
    [
      generated('config/web/new.txt', { text: 'new' }),
      generated('config/web/copy.txt', { copyOf: join(root, 'config/web/present.txt') }),
      generated('config/web/deep/below.txt', { text: 'below' }),
    ],
    ['configmaps/empty'],
  );
  return { root, tree };
}

async function text(tree: DeploymentFiles, path: string): Promise<string | undefined> {
  return (await tree.read(path))?.toString();
}

describe('the files of a deployment directory, written or about to be written', () => {
  it('are read from what will be written, also where it is a copy', async () => {
    const { tree } = await prepared();
    expect(await text(tree, 'config/web/new.txt')).toBe('new');
    expect(await text(tree, 'compose/../config/web/copy.txt')).toBe('there before');
    expect(await tree.kind('config/web/copy.txt')).toBe('file');
  });

  it('include files that an update leaves in place', async () => {
    const { tree } = await prepared();
    expect(await text(tree, 'config/web/link.txt')).toBe('there before');
    const names = ['copy.txt', 'deep', 'link.txt', 'new.txt', 'present.txt'];
    expect(await tree.list('config/web')).toEqual(names);
    expect(await tree.list('config')).toEqual(['web']);
  });

  it('include directories that exist only through generated files', async () => {
    const { tree } = await prepared();
    expect(await tree.kind('config/web/deep')).toBe('directory');
    expect(await tree.list('configmaps/empty')).toEqual([]);
    expect(await tree.list('configmaps')).toEqual(['empty']);
    expect(await text(tree, 'config/web/deep')).toBeUndefined();
  });

  it('are undefined where nothing exists', async () => {
    const { tree } = await prepared();
    expect(await tree.kind('nowhere')).toBeUndefined();
    expect(await tree.read('config/web/present.txt/below')).toBeUndefined();
  });

  it('are read in the same way from an existing directory', async () => {
    const { root } = await prepared();
    const disk = filesOnDisk(root);
    expect((await disk.read('config/web/link.txt'))?.toString()).toBe('there before');
    expect(await disk.list('config/web')).toEqual(['link.txt', 'present.txt']);
    expect(await disk.list('config/web/present.txt')).toBeUndefined();
  });
});
