import { mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { deleteData, describeDeletion, planDataDeletion } from '../../../../src/deployment/access/delete-data.js';
import { layoutOf } from '../../../../src/deployment/directory/layout.js';
import type { Spec } from '../../../../src/spec/model.js';
import { testContext } from '../../../support/context.js';

describe('deleting the data of a deployment', () => {
  let base = '';
  beforeEach(async () => {
    base = await mkdtemp(join(tmpdir(), 'laconic-data-'));
  });
  afterEach(() => rm(base, { recursive: true }));

  const write = async (path: string, text: string): Promise<void> => {
    await mkdir(dirname(join(base, path)), { recursive: true });
    await writeFile(join(base, path), text);
  };
  const read = (path: string): Promise<string> => readFile(join(base, path), 'utf8');
  const deployment = (volumes: Record<string, string | undefined>) => ({
    layout: layoutOf(join(base, 'd')),
    spec: { volumes: new Map(Object.entries(volumes)) } as unknown as Spec,
  });

  it('empties its volume directories and lists what else is in data', async () => {
    await write('d/data/rows/a', 'x'.repeat(2048));
    await write('d/data/rows/inner/b', 'y');
    await write('d/data/left/file', 'of a volume that is in the spec no more');
    await write('d/store/w', 'elsewhere');
    await write('abs/f', 'elsewhere');
    await mkdir(join(base, 'd/data/empty'));
    const volumes = {
      rows: './data/rows',
      empty: './data/empty',
      w: './store',
      abs: join(base, 'abs'),
      engine: undefined,
    };

    expect(describeDeletion(await planDataDeletion(deployment(volumes)))).toEqual([
      expect.stringMatching(/^\/.*\/d\/data\/rows, 2\.0 KiB$/),
    ]);
    const context = testContext(base);
    await deleteData(deployment(volumes), context);

    expect(context.output.stdout).toBe(`deleted: ${base}/d/data/rows\n`);
    expect(context.output.stderr.split('\n').slice(0, -1)).toEqual([
      `kept: ${base}/d/store: not below ${base}/d/data`,
      `kept: ${base}/abs: not below ${base}/d/data`,
      `kept: ${base}/d/data/left: it is not a volume of this deployment`,
    ]);
    expect(await readdir(join(base, 'd/data/rows'))).toEqual([]);
    expect(await read('d/store/w')).toBe('elsewhere');
    expect(await read('abs/f')).toBe('elsewhere');
  });

  it('resolves a data directory that is a link, and deletes nothing else where it leads', async () => {
    await write('disk/rows/a', 'rows');
    await write('disk/others/file', 'precious');
    await mkdir(join(base, 'd'));
    await symlink('../disk', join(base, 'd/data'));
    const volumes = { rows: './data/rows' };

    expect(describeDeletion(await planDataDeletion(deployment(volumes)))).toEqual([
      `${base}/d/data/rows (${base}/disk/rows), 4 B`,
    ]);
    const context = testContext(base);
    await deleteData(deployment(volumes), context);

    expect(await readdir(join(base, 'disk/rows'))).toEqual([]);
    expect(await read('disk/others/file')).toBe('precious');
    expect(context.output.stderr).toContain(`kept: ${base}/d/data/others: it is not a volume`);
  });

  it.each([
    ['a volume that is a link to a place outside data', 'd/data/rows', '../../disk'],
    ['a link on the way to a volume', 'd/data/below', '../../disk'],
    ['data that leads to the deployment itself', 'd/data', '.'],
    ['data that leads to a parent of the deployment', 'd/data', '..'],
  ])('never follows a link that leads elsewhere: %s', async (_, link, target) => {
    await write('disk/rows/a', 'precious');
    await write('d/rows/a', 'precious');
    await write('rows/a', 'precious');
    await mkdir(dirname(join(base, link)), { recursive: true });
    await symlink(target, join(base, link));

    const context = testContext(base);
    await deleteData(deployment({ rows: './data/rows', below: './data/below/rows' }), context);

    expect(context.output.stdout).toBe('');
    expect(context.output.stderr).toContain('leads to');
    expect(await read('disk/rows/a')).toBe('precious');
    expect(await read('d/rows/a')).toBe('precious');
    expect(await read('rows/a')).toBe('precious');
  });

  it('does nothing without a data directory', async () => {
    await mkdir(join(base, 'd'));
    const context = testContext(base);
    await deleteData(deployment({ rows: './data/rows' }), context);
    expect(context.output).toEqual({ stdout: '', stderr: '' });
  });
});
