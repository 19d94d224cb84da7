import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { changedContents, checksumsOf } from '../../../src/deployers/compose/bind-files.js';
import type { ServiceModel } from '../../../src/deployers/compose/model.js';
import { temporaryDirectory } from '../../support/temporary.js';

it('a folder that the engine made in the place of a missing file, and is that file by now, is a change; its content is none', async () => {
  const folder = await temporaryDirectory();
  const path = join(folder, 'late.conf');
  const service = { hostPaths: [path, join(folder, 'nowhere')], copied: [] } as unknown as ServiceModel;
  await mkdir(path);
  const recorded = await checksumsOf(service);

  await writeFile(join(path, 'row'), 'x');
  expect(changedContents(recorded, await checksumsOf(service))).toEqual([]);

  await rm(path, { recursive: true });
  await writeFile(path, 'two');
  expect(changedContents(recorded, await checksumsOf(service))).toEqual([path]);
});
