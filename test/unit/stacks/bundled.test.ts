import { access, constants, readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parseComposeFile } from '../../../src/compose/document/file.js';
import { createAssets, type StackAssets } from '../../../src/stack/assets.js';
import { locateStack } from '../../../src/stack/locate.js';
import { parseStack, type Stack } from '../../../src/stack/parse.js';
import { packageDirectory } from '../../../src/system/package.js';

const root = packageDirectory();
const stacks = ['container-registry', 'demo', 'test', 'test-database', 'test-restart', 'test-restart-multi'];

async function load(name: string): Promise<{ stack: Stack; assets: StackAssets }> {
  const location = await locateStack(name, { cwd: '/', packageDirectory: root, home: '/nowhere' });
  const stack = parseStack(await readFile(location.file, 'utf8'), location.file);
  return { stack, assets: createAssets(location, stack, { packageDirectory: root, repositoryBase: '/nowhere' }) };
}

async function composeOf(file: string | undefined) {
  if (file === undefined) throw new Error('no compose file');
  return parseComposeFile(await readFile(file, 'utf8'), file);
}

describe('the bundled stacks', () => {
  it('are exactly these', async () => {
    expect((await readdir(join(root, 'stacks'))).sort()).toEqual(stacks);
  });

  it.each(stacks)(
    'have a definition, compose files, build folders and a README that belong together: %s',
    async (name) => {
      const { stack, assets } = await load(name);
      // Scripts find test-database by its folder, although its definition has another name.
      expect(stack.name).toBe(name === 'test-database' ? 'test' : name);
      expect(stack.warnings).toEqual([]);
      expect(await readFile(join(root, 'stacks', name, 'README.md'), 'utf8')).toContain('## Run it');
      for (const pod of stack.pods.filter((each) => each.repository === undefined)) {
        expect((await composeOf(await assets.podFile(pod))).services.size).toBeGreaterThan(0);
      }
      for (const job of stack.jobs) {
        expect([...(await composeOf(await assets.jobFile(job))).services.keys()]).toEqual([job]);
      }
      for (const container of stack.containers) {
        await access(join(root, 'containers', container.replace('/', '-'), 'build.sh'), constants.X_OK);
      }
    },
  );

  it('spell the mount of test as scripts expect it', async () => {
    const text = await readFile(join(root, 'compose/docker-compose-test.yml'), 'utf8');
    expect(text).toMatch(/\.\.\/config\/test\/script\.sh:\/opt\/run\.sh/);
    expect(await readFile(join(root, 'config/test/settings.env'), 'utf8')).toBe('ANSWER=42\n');
  });

  it('have the text that a script edits in test-restart only once', async () => {
    const hook = await readFile(join(root, 'stacks/test-restart/deploy/commands.py'), 'utf8');
    expect(hook.match(/v1/g)).toHaveLength(1);
  });

  it('have two pods at the roots of two repositories in test-restart-multi', async () => {
    const { stack } = await load('test-restart-multi');
    expect(stack.pods.map(({ name, repository, path }) => [name, repository?.split('/').at(-1), path])).toEqual([
      ['test-restart-multi-a', 'test-restart-pod-a', '.'],
      ['test-restart-multi-b', 'test-restart-pod-b', '.'],
    ]);
  });
});
