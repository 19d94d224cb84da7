import { mkdir, readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { applySteps, type JournalStep, readJournal, writeJournal } from '../../../../src/deployment/access/journal.js';
import { completeJournal } from '../../../../src/deployment/access/recover-update.js';
import { type DeploymentLayout, layoutOf } from '../../../../src/deployment/directory/layout.js';
import { temporaryDirectory } from '../../../support/temporary.js';

/**
 * A directory with two old files and a volume, and a staged update that changes one file, adds one, removes one and
 * adds a volume.
 */
async function staged(): Promise<{ layout: DeploymentLayout; steps: JournalStep[] }> {
  const layout = layoutOf(await temporaryDirectory());
  const put = async (path: string, text: string): Promise<void> => {
    await mkdir(join(layout.root, path, '..'), { recursive: true });
    await writeFile(join(layout.root, path), text);
  };
  await put('config.env', 'A=old\n');
  await put('config/gone', 'gone');
  await put('data/kept/row', 'data');
  await put('.laconic/next/config.env', 'A=new\n');
  await put('.laconic/next/config/fresh', 'fresh');
  await put('.laconic/next/data/extra/seed', 'seed');
  const steps: JournalStep[] = [
    { op: 'replace', path: 'config.env', backup: true, secret: true },
    { op: 'replace', path: 'config/fresh', backup: false, secret: false },
    { op: 'remove', path: 'config/gone', backup: false },
    { op: 'directory', path: 'data/extra' },
  ];
  return { layout, steps };
}

async function expectNew({ root }: DeploymentLayout): Promise<void> {
  expect(await readFile(join(root, 'config.env'), 'utf8')).toBe('A=new\n');
  expect(await readFile(join(root, 'config.env.bak'), 'utf8')).toBe('A=old\n');
  expect((await stat(join(root, 'config.env.bak'))).mode & 0o777).toBe(0o600);
  expect(await readdir(join(root, 'config'))).toEqual(['fresh']);
  expect(await readFile(join(root, 'data/kept/row'), 'utf8')).toBe('data');
  expect(await readFile(join(root, 'data/extra/seed'), 'utf8')).toBe('seed');
}

describe('the journal of an update', () => {
  it('turns the old directory into the new one and keeps backups of what it replaces', async () => {
    const { layout, steps } = await staged();

    await applySteps(layout, steps);

    await expectNew(layout);
  });

  it.each([0, 1, 2, 3, 4])('is completed by a second run after a kill behind step %i', async (done) => {
    const { layout, steps } = await staged();
    await writeJournal(layout, { phase: 'files', steps });
    await applySteps(layout, steps.slice(0, done));

    const journal = await readJournal(layout);
    await applySteps(layout, journal?.steps ?? []);

    await expectNew(layout);
  });

  it('still names the hook that did not run after another command completed it, and is deleted when there are no hooks', async () => {
    for (const hook of ['create of commands.mjs', undefined]) {
      const { layout, steps } = await staged();

      await completeJournal(layout, { phase: 'files', steps, ...(hook === undefined ? {} : { hook }) });

      await expectNew(layout);
      const left = hook === undefined ? undefined : { phase: 'hooks', steps: [], hook };
      expect(await readJournal(layout)).toEqual(left);
      expect(await readdir(layout.state)).toEqual(hook === undefined ? [] : ['journal.json']);
    }
  });

  it('never replaces an existing volume directory', async () => {
    const { layout } = await staged();
    await mkdir(join(layout.next, 'data/kept'), { recursive: true });
    await writeFile(join(layout.next, 'data/kept/row'), 'other');

    await applySteps(layout, [{ op: 'directory', path: 'data/kept' }]);

    expect(await readFile(join(layout.root, 'data/kept/row'), 'utf8')).toBe('data');
  });
});
