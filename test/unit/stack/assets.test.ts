import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createAssets, type StackAssets } from '../../../src/stack/assets.js';
import { locateStack } from '../../../src/stack/locate.js';
import { type PodFile, parseStack } from '../../../src/stack/parse.js';
import { LaconicError } from '../../../src/system/errors.js';

describe('files of a stack', () => {
  let root: string;
  const at = (...path: string[]): string => join(root, ...path);
  const bundled = (...path: string[]): string => at('package', ...path);
  const external = (...path: string[]): string => at('repo', 'so', ...path);

  beforeEach(async () => {
    root = await mkdtemp(join(tmpdir(), 'assets-'));
  });

  afterEach(async () => {
    await rm(root, { recursive: true });
  });

  async function files(...paths: string[]): Promise<void> {
    for (const path of paths) {
      await mkdir(dirname(path), { recursive: true });
      await writeFile(path, '');
    }
  }

  async function assetsOf(
    text: string,
    directory = external('stacks', 'demo'),
  ): Promise<{ assets: StackAssets; pods: readonly PodFile[] }> {
    const file = join(directory, 'stack.yml');
    await files(file);
    await writeFile(file, text);
    const internal = directory.startsWith(bundled());
    const from = { packageDirectory: bundled(), repositoryBase: at('cerc') };
    const location = await locateStack(internal ? 'demo' : directory, { cwd: root, ...from });
    const stack = parseStack(text, file);
    return { assets: createAssets(location, stack, from), pods: stack.pods };
  }

  const podFiles = async ({ assets, pods }: { assets: StackAssets; pods: readonly PodFile[] }): Promise<string[]> =>
    Promise.all(pods.map((pod) => assets.podFile(pod)));

  it("include a pod's compose file next to the stack, else in the program", async () => {
    await files(
      external('compose/docker-compose-a.yml'),
      bundled('compose/docker-compose-a.yml'),
      bundled('compose/docker-compose-b.yml'),
    );
    expect(await podFiles(await assetsOf('pods: [a, b]'))).toEqual([
      external('compose/docker-compose-a.yml'),
      bundled('compose/docker-compose-b.yml'),
    ]);
    expect(await podFiles(await assetsOf('pods: [a]', bundled('stacks', 'demo')))).toEqual([
      bundled('compose/docker-compose-a.yml'),
    ]);
  });

  it('include the compose file of a pod with a repository, by its plain name first', async () => {
    await files(
      at('cerc/hosting/gitea/docker-compose.yml'),
      at('cerc/hosting/gitea/docker-compose-gitea.yml'),
      at('cerc/hosting/docker-compose-runner.yml'),
    );
    const found = await assetsOf(
      'pods: [{name: gitea, repository: host/org/hosting@v1, path: gitea}, {name: runner, repository: org/hosting, path: .}]',
    );
    expect(await podFiles(found)).toEqual([
      at('cerc/hosting/gitea/docker-compose.yml'),
      at('cerc/hosting/docker-compose-runner.yml'),
    ]);
    expect(found.pods.map((pod) => found.assets.podScript(pod, 'scripts/x.sh'))).toEqual([
      at('cerc/hosting/gitea/scripts/x.sh'),
      at('cerc/hosting/scripts/x.sh'),
    ]);
  });

  async function failure(found: {
    assets: StackAssets;
    pods: readonly PodFile[];
  }): Promise<[string, string | undefined]> {
    const error: unknown = await podFiles(found).catch((thrown: unknown) => thrown);
    if (!(error instanceof LaconicError)) throw new Error('nothing was missing, or it failed otherwise');
    return [error.message, error.hint];
  }

  it('are reported as missing with the places searched, and what to do', async () => {
    const [message, hint] = await failure(await assetsOf('pods: [a]'));
    expect(message).toBe(
      `the compose file of pod a is missing: looked for ${external('compose/docker-compose-a.yml')} and ${bundled('compose/docker-compose-a.yml')}`,
    );
    expect(hint).toContain('stack.yml');
    const [, cloneHint] = await failure(await assetsOf('pods: [{name: a, repository: org/r, path: sub}]'));
    expect(cloneHint).toContain('setup-repositories');
    expect(cloneHint).toContain('CERC_REPO_BASE_DIR');
    await mkdir(at('cerc/r'), { recursive: true });
    const [, staleHint] = await failure(await assetsOf('pods: [{name: a, repository: org/r, path: sub}]'));
    expect(staleHint).toContain(`working copy ${at('cerc/r')}`);
  });

  it('include job files, which may be missing', async () => {
    await files(external('compose-jobs/docker-compose-a.yml'), bundled('compose-jobs/docker-compose-b.yml'));
    const { assets } = await assetsOf('jobs: [a, b, c]');
    expect(await assets.jobFile('a')).toBe(external('compose-jobs/docker-compose-a.yml'));
    expect(await assets.jobFile('b')).toBe(bundled('compose-jobs/docker-compose-b.yml'));
    expect(await assets.jobFile('c')).toBeUndefined();
  });

  it('never include the configuration of a bundled pod for an external pod of the same name', async () => {
    await files(
      external('compose/docker-compose-test.yml'),
      external('config/own/f'),
      ...['own', 'test', 'net', 'remote'].map((name) => bundled('config', name, 'f')),
    );
    const { assets } = await assetsOf('pods: [test, net, {name: remote, repository: o/r, path: .}]');
    expect(await assets.configDirectory('own')).toEqual({ path: external('config/own'), internal: false });
    expect(await assets.configDirectory('test')).toBeUndefined();
    expect(await assets.configDirectory('remote')).toBeUndefined();
    expect(await assets.configDirectory('net')).toEqual({ path: bundled('config/net'), internal: true });
    expect(await assets.configDirectory('none')).toBeUndefined();
    for (const name of ['', '.', '..', '../config/net']) expect(await assets.configDirectory(name)).toBeUndefined();
    const own = await assetsOf('pods: [test]', bundled('stacks', 'demo'));
    expect(await own.assets.configDirectory('test')).toEqual({ path: bundled('config/test'), internal: false });
  });

  it('include hooks in stack order, each folder once, JavaScript before Python', async () => {
    const { assets } = await assetsOf(`
pods:
  - {name: b, repository: org/b, path: sub}
  - one
  - {name: a, repository: org/a, path: .}
  - two
  - {name: a2, repository: other/a, path: ./}
`);
    const hooks = {
      b: at('cerc/b/sub/stack/deploy/commands.py'),
      own: external('stacks/demo/deploy/commands.js'),
      a: at('cerc/a/stack/deploy/commands.mjs'),
    };
    await files(
      hooks.b,
      hooks.own,
      external('stacks/demo/deploy/commands.py'),
      hooks.a,
      at('cerc/a/stack/deploy/commands.js'),
    );
    expect(await assets.hookSources()).toEqual([
      { file: hooks.b, language: 'python' },
      { file: hooks.own, language: 'javascript', unused: ['commands.py'] },
      { file: hooks.a, language: 'javascript', unused: ['commands.js'] },
    ]);
  });

  it('include the hooks of a stack with only jobs, but of no stack whose pods all have repositories', async () => {
    const file = external('stacks/demo/deploy/commands.py');
    await files(file);
    const jobsOnly = await assetsOf('jobs: [a]');
    expect(await jobsOnly.assets.hookSources()).toEqual([{ file, language: 'python' }]);
    const elsewhere = await assetsOf('pods: [{name: a, repository: o/a, path: .}]');
    expect(await elsewhere.assets.hookSources()).toEqual([]);
  });
});
