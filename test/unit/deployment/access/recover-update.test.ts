import { chmod, mkdir, readFile, rm, rmdir, stat, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { lockDeployment, openForReading } from '../../../../src/deployment/access/open.js';
import { behindParts } from '../../../../src/deployment/directory/changed-sources.js';
import { layoutOf } from '../../../../src/deployment/directory/layout.js';
import { testContext } from '../../../support/context.js';
import { createFrom } from '../../../support/create-or-update.js';
import { temporaryDirectory } from '../../../support/temporary.js';

/**
 * A deployment whose update stopped half way, with its stack: `compose/` is new, `config/app/page` is not. What stopped
 * it is gone.
 */
async function interrupted() {
  const base = await temporaryDirectory();
  const layout = layoutOf(join(base, 'd'));
  const write = async (path: string, text: string): Promise<void> => {
    await mkdir(dirname(join(base, path)), { recursive: true });
    await writeFile(join(base, path), text);
  };
  const text = (path: string): Promise<string> => readFile(join(base, path), 'utf8');
  await write('repo/stacks/app/stack.yml', 'name: app\npods:\n  - app\n');
  await write('repo/compose/docker-compose-app.yml', 'services:\n  web:\n    image: busybox\n');
  await write('repo/config/app/page', 'one');
  await write('repo/config/app/run.sh', 'true');
  await write('spec.yml', `stack: ${join(base, 'repo/stacks/app')}\ndeploy-to: compose\n`);
  await createFrom(base, false);

  await write('repo/compose/docker-compose-app.yml', 'services:\n  web:\n    image: busybox:${UNSET}\n');
  await write('repo/config/app/page', 'two');
  await chmod(join(base, 'repo/config/app/run.sh'), 0o755);
  await mkdir(join(base, 'repo/config/app/empty'));
  const inTheWay = join(layout.config, 'app/page.bak');
  await mkdir(inTheWay);
  await expect(createFrom(base, true)).rejects.toThrow('cannot update');
  await rmdir(inTheWay);
  expect(await text('d/compose/docker-compose-app.yml')).toContain('UNSET');
  expect(await text('d/config/app/page')).toBe('one');
  return { base, layout, write, text };
}

describe('an interrupted update', () => {
  it('is completed by the next command as if it had not been interrupted', async () => {
    const { base, layout, text } = await interrupted();

    const context = testContext(base);
    await openForReading('d', context);

    expect(context.output.stderr).toContain('an interrupted update of this deployment was completed');
    expect(await text('d/config/app/page')).toBe('two');
    expect((await stat(join(layout.config, 'app/run.sh'))).mode & 0o777).toBe(0o755);
    expect((await stat(join(layout.config, 'app/empty'))).isDirectory()).toBe(true);
    expect(await behindParts(layout)).toEqual([]);
    expect(await text('d/.laconic/reported-warnings.json')).toContain('UNSET');
    const sources = await text('d/.laconic/sources.json');
    expect(await createFrom(base, true)).toContain('nothing changed');
    expect(await text('d/.laconic/sources.json')).toBe(sources);
  });

  it('is not said to be completed without its new files: only another update goes on, and stop works', async () => {
    const { base, layout, text } = await interrupted();
    const journal = await text('d/.laconic/journal.json');
    await rm(layout.next, { recursive: true });

    const opened = openForReading('d', testContext(base));
    await expect(opened).rejects.toThrow('an interrupted update of this deployment cannot be completed');
    await expect(opened).rejects.toMatchObject({ hint: expect.stringContaining('deploy create --update') as string });
    const context = testContext(base);
    await (await lockDeployment(layout, 0, context, { must: 'stop' })).release();
    expect(context.output.stderr).toContain('the files stay as they are');
    expect(await text('d/.laconic/journal.json')).toBe(journal);

    const said = await createFrom(base, true);
    expect(said).toContain('this update replaces all files');
    expect(said).not.toContain('was edited');
    expect(await text('d/config/app/page')).toBe('two');
    expect(await behindParts(layout)).toEqual([]);
    await openForReading('d', testContext(base));
  });

  it('is completed where all new files were in place already, and not with other files than it recorded', async () => {
    const done = await interrupted();
    const journal = await done.text('d/.laconic/journal.json');
    await openForReading('d', testContext(done.base));
    await done.write('d/.laconic/journal.json', journal);
    await openForReading('d', testContext(done.base));

    const { base, layout, text, write } = await interrupted();
    await write('d/.laconic/next/config/app/page', 'three');
    await expect(openForReading('d', testContext(base))).rejects.toThrow(`${layout.next}/config/app/page`);
    expect(await text('d/config/app/page')).toBe('one');
  });

  it('is reported by a dry run, which plans with the files as they are and changes nothing', async () => {
    const { base, text } = await interrupted();
    const journal = await text('d/.laconic/journal.json');
    const dry = testContext(base, { dryRun: true });
    await openForReading('d', dry);
    const said = await createFrom(base, true, { dryRun: true });

    for (const output of [dry.output.stderr, said]) {
      expect(output.match(/an update of this deployment was interrupted/g)).toHaveLength(1);
      expect(output).toContain('the next command without --dry-run completes it first');
    }
    expect(await text('d/.laconic/journal.json')).toBe(journal);
    expect(await text('d/config/app/page')).toBe('one');
  });
});
