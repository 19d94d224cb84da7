import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { changedContents, checksumsOf } from '../../../../../src/deployers/compose/start/bind-files.js';
import type { ProjectService } from '../../../../../src/deployers/compose/cli/project-model.js';
import { temporaryDirectory } from '../../../../support/temporary.js';

it('a changed bind mount is reported when a folder became the file that was missing, not when files in a folder change', async () => {
  const folder = await temporaryDirectory();
  const path = join(folder, 'late.conf');
  const service = { hostPaths: [path, join(folder, 'nowhere')], copied: [] } as unknown as ProjectService;
  await mkdir(path);
  const recorded = await checksumsOf(service);

  await writeFile(join(path, 'row'), 'x');
  expect(changedContents(recorded, await checksumsOf(service))).toEqual([]);

  await rm(path, { recursive: true });
  await writeFile(path, 'two');
  expect(changedContents(recorded, await checksumsOf(service))).toEqual([path]);
});
