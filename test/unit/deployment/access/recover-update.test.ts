import { chmod, mkdir, readFile, rmdir, stat, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { openForReading } from '../../../../src/deployment/access/open.js';
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
});
