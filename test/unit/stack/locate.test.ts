import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { locateStack } from '../../../src/stack/locate.js';
import { LaconicError } from '../../../src/system/errors.js';

describe('the location of a stack', () => {
  let root: string;
  let packageDirectory: string;

  beforeEach(async () => {
    root = await mkdtemp(join(tmpdir(), 'locate-'));
    packageDirectory = join(root, 'package');
    await stackAt(join(packageDirectory, 'stacks', 'test'));
    await stackAt(join(packageDirectory, 'stacks', 'container-registry'));
    await mkdir(join(packageDirectory, 'stacks', 'hollow'));
    await stackAt(join(root, 'repo', 'so', 'stacks', 'demo'));
  });

  afterEach(async () => {
    await rm(root, { recursive: true });
  });

  async function stackAt(directory: string): Promise<void> {
    await mkdir(directory, { recursive: true });
    await writeFile(join(directory, 'stack.yml'), 'pods: []\n');
  }

  const locate = (reference: string, cwd = root) => locateStack(reference, { cwd, packageDirectory, home: root });

  async function failure(reference: string, cwd = root): Promise<{ message: string; hint: string | undefined }> {
    const error: unknown = await locate(reference, cwd).catch((thrown: unknown) => thrown);
    if (!(error instanceof LaconicError)) throw new Error(`${reference} was found, or failed otherwise`);
    return { message: error.message, hint: error.hint };
  }

  it('is in the program for a bare name', async () => {
    const directory = join(packageDirectory, 'stacks', 'test');
    expect(await locate('test')).toEqual({
      reference: 'test',
      directory,
      external: false,
      file: join(directory, 'stack.yml'),
    });
  });

  it('is the same absolute directory however the path is spelled', async () => {
    const directory = join(root, 'repo', 'so', 'stacks', 'demo');
    const spellings: [string, string][] = [
      ['repo/so/stacks/demo', root],
      ['./repo/so/stacks/demo/', root],
      ['demo', join(root, 'repo', 'so', 'stacks')],
      ['.', directory],
      ['../demo', directory],
      [directory, '/'],
      ['~/repo/so/stacks/demo', '/'],
      ['repo/so/stacks/demo/stack.yml', root],
      ['stack.yml', directory],
    ];
    for (const [reference, cwd] of spellings) {
      expect(await locate(reference, cwd)).toEqual({
        reference,
        directory,
        external: true,
        file: join(directory, 'stack.yml'),
      });
    }
  });

  it('keeps symbolic links, since the folder above the link matters', async () => {
    const link = join(root, 'link');
    await symlink(join(root, 'repo', 'so', 'stacks', 'demo'), link);
    expect((await locate('link')).directory).toBe(link);
  });

  it('is not a folder without stack.yml that has the name of a bundled stack', async () => {
    await mkdir(join(root, 'test'));
    expect((await locate('test')).external).toBe(false);
    await writeFile(join(root, 'test', 'stack.yml'), 'pods: []\n');
    expect((await locate('test')).external).toBe(true);
  });

  it('is reported when stack.yml is missing there', async () => {
    await mkdir(join(root, 'empty'));
    expect(await failure('./empty')).toEqual({
      message: 'stack.yml file is missing from stack: ./empty',
      hint: `${join(root, 'empty')} is a directory, but there is no stack.yml in it`,
    });
    expect((await failure('hollow')).message).toBe('stack.yml file is missing from stack: hollow');
  });

  it('is reported as missing, with names that look similar', async () => {
    expect(await failure('tset')).toEqual({ message: 'stack tset does not exist', hint: 'did you mean "test"?' });
    expect((await failure('zzzzzzzz')).hint).toContain('container-registry, hollow, test');
    expect(await failure('repo/so/stacks/demp')).toEqual({
      message: 'stack repo/so/stacks/demp does not exist',
      hint: `did you mean ${join(root, 'repo', 'so', 'stacks', 'demo')}?`,
    });
  });

  it.each(['', ' ', '..', '../../etc', '-x', 'a b', '~nobody', "'", 'te\nst', '\0', 'x'.repeat(5000)])(
    'is never below the bundled stacks for the path %j',
    async (reference) => {
      await expect(locate(reference)).rejects.toBeInstanceOf(LaconicError);
    },
  );
});
