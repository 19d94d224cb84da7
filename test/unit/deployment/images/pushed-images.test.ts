import { readFile, stat, writeFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { layoutOf } from '../../../../src/deployment/directory/layout.js';
import { readPushedImages, recordPushedImages } from '../../../../src/deployment/images/pushed-images.js';
import { testContext } from '../../../support/context.js';
import { temporaryDirectory } from '../../../support/temporary.js';

describe('the digests of pushed images', () => {
  it('are added to those of earlier pushes, readable by the owner only', async () => {
    const layout = layoutOf(await temporaryDirectory());
    const context = testContext(layout.root);
    expect(await readPushedImages(layout)).toEqual(new Map());
    await recordPushedImages(layout, new Map([['r/b:1', 'sha256:3']]), context);
    await recordPushedImages(layout, new Map([['r/a:1', 'sha256:2']]), context);
    await recordPushedImages(layout, new Map([['r/b:1', 'sha256:1']]), context);
    expect([...(await readPushedImages(layout))]).toEqual([
      ['r/a:1', 'sha256:2'],
      ['r/b:1', 'sha256:1'],
    ]);
    expect((await stat(layout.pushedImages)).mode & 0o777).toBe(0o600);
  });

  it('are all kept when pushes run at the same time', async () => {
    const layout = layoutOf(await temporaryDirectory());
    const names = Array.from({ length: 8 }, (_, at) => `r/${at}:1`);
    const record = (name: string) =>
      recordPushedImages(layout, new Map([[name, 'sha256:1']]), testContext(layout.root));
    await Promise.all(names.map(record));
    expect([...(await readPushedImages(layout)).keys()]).toEqual(names);
  });

  it.each(['{"cut', '[]', '{"r/a:1": 5}', 'null'])('stay in a damaged file, which is named: %s', async (text) => {
    const layout = layoutOf(await temporaryDirectory());
    const context = testContext(layout.root);
    await recordPushedImages(layout, new Map([['r/b:1', 'sha256:1']]), context);
    await writeFile(layout.pushedImages, text);
    const damaged = `${layout.pushedImages} is damaged`;
    await expect(readPushedImages(layout)).rejects.toThrow(damaged);
    await expect(recordPushedImages(layout, new Map([['r/a:1', 'sha256:2']]), context)).rejects.toThrow(damaged);
    expect(await readFile(layout.pushedImages, 'utf8')).toBe(text);
  });

  it('are reported as not recorded when their directory cannot be created', async () => {
    const layout = layoutOf(await temporaryDirectory());
    await writeFile(layout.state, '');
    const pushed = new Map([['r/a:1', 'sha256:2']]);
    const recorded = recordPushedImages(layout, pushed, testContext(layout.root));
    await expect(recorded).rejects.toThrow(`cannot create directory ${layout.state}`);
  });
});
