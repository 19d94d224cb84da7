import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { buildEnvironment, buildSecrets, buildVariables } from '../../../src/builds/environment.js';
import { folderOf } from '../../../src/builds/recipe/image-name.js';
import { destinationProblem, publishedName, versionOf } from '../../../src/builds/publish.js';
import { summaryLines } from '../../../src/builds/summary.js';
import { packageDirectory } from '../../../src/system/package.js';
import { testContext } from '../../support/context.js';
import { temporaryDirectory } from '../../support/temporary.js';

const places = { packageDirectory: '/tool', repositoryBase: '/repos' };

describe('the environment of a build script', () => {
  it('has every documented variable', async () => {
    const cwd = await temporaryDirectory();
    const plain = buildVariables(places, { forceRebuild: false }, '1', testContext(cwd, {}, { HOME: cwd }));
    expect(plain).toEqual({
      CERC_NPM_REGISTRY_URL: 'https://git.vdb.to/api/packages/cerc-io/npm/',
      CERC_NPM_AUTH_TOKEN: '',
      CERC_GO_AUTH_TOKEN: '',
      CERC_REPO_BASE_DIR: '/repos',
      CERC_CONTAINER_BASE_DIR: '/tool/containers',
      CERC_HOST_UID: String(process.getuid?.()),
      CERC_HOST_GID: String(process.getgid?.()),
      DOCKER_BUILDKIT: '1',
    });
    const all = buildVariables(
      places,
      { forceRebuild: true, extraBuildArgs: '--build-arg A=b --pull' },
      '0',
      testContext(cwd, { debug: true }, { HOME: cwd, CERC_NPM_AUTH_TOKEN: 'npm', CERC_GO_AUTH_TOKEN: 'go' }),
    );
    expect(all).toMatchObject({
      CERC_NPM_REGISTRY_URL: 'http://gitea.local:3000/api/packages/cerc-io/npm/',
      CERC_NPM_AUTH_TOKEN: 'npm',
      CERC_GO_AUTH_TOKEN: 'go',
      DOCKER_BUILDKIT: '0',
      CERC_SCRIPT_DEBUG: 'true',
      CERC_FORCE_REBUILD: 'true',
      CERC_CONTAINER_EXTRA_BUILD_ARGS: '--build-arg A=b --pull',
    });
  });

  it('withholds a token of the caller from a registry that is named in a file of the current directory', async () => {
    const cwd = await temporaryDirectory();
    const tokenFor = (env: NodeJS.ProcessEnv): [string | undefined, string] => {
      const context = testContext(cwd, {}, { HOME: '/nowhere', ...env });
      const { CERC_NPM_AUTH_TOKEN } = buildVariables(places, { forceRebuild: false }, '1', context);
      return [CERC_NPM_AUTH_TOKEN, context.output.stderr];
    };
    await writeFile(join(cwd, '.env'), 'CERC_NPM_REGISTRY_URL=http://elsewhere.example/npm/\n');
    const [withheld, said] = tokenFor({ CERC_NPM_AUTH_TOKEN: 'mine' });
    expect(withheld).toBe('');
    expect(said).toContain(`CERC_NPM_AUTH_TOKEN is not used: ${join(cwd, '.env')} names the npm registry`);
    const registry = 'https://mine.example/npm/';
    expect(tokenFor({ CERC_NPM_AUTH_TOKEN: 'mine', CERC_NPM_REGISTRY_URL: registry })).toEqual(['mine', '']);
    await writeFile(join(cwd, 'settings.ini'), '[settings]\nCERC_NPM_AUTH_TOKEN = theirs\n');
    expect(tokenFor({})).toEqual(['theirs', '']);
  });

  it("passes on the caller's variables, except those that only the command line decides", () => {
    const caller = { HOME: '/me', SSH_AUTH_SOCK: '/s', CERC_FORCE_REBUILD: 'true', CERC_CONTAINER_BUILD_TAG: 'x' };
    expect(buildEnvironment('org/a', { CERC_HOST_UID: '1' }, caller)).toEqual({
      HOME: '/me',
      SSH_AUTH_SOCK: '/s',
      CERC_HOST_UID: '1',
      CERC_DEFAULT_CONTAINER_IMAGE_TAG: 'org/a:local',
    });
  });

  it('lists the secrets that must not be shown', () => {
    const secrets = buildSecrets({
      CERC_NPM_AUTH_TOKEN: 'npm1',
      CERC_GO_AUTH_TOKEN: 'go-token',
      MY_PASSWORD: 'hunter2hunter2',
      SIGNING_KEY: 'abcdefgh',
      SECRET_FILE: '/run/secrets/file',
      USE_TOKEN: 'true',
      KEYBOARD: 'qwertz-layout',
      PWD: '/some/where/long',
      HTTPS_PROXY: 'http://me:p%40ss@proxy:3128',
      CERC_CONTAINER_EXTRA_BUILD_ARGS: '--build-arg=API_TOKEN=in-words-1 --build-arg OTHER_SECRET=in=words=2 --pull',
    });
    expect(secrets.sort()).toEqual(
      ['npm1', 'go-token', 'hunter2hunter2', 'abcdefgh', 'p%40ss', 'p@ss', 'in-words-1', 'in=words=2'].sort(),
    );
  });
});

describe('destinations to publish to', () => {
  const id = `sha256:0123456789abcdef${'0'.repeat(48)}`;

  it('get a default tag that sorts by time, after those of the Python program, and depends on the image', () => {
    const version = versionOf(id, new Date(2026, 10, 2, 3, 4, 5));
    expect(version).toBe('20261102030405-0123456789ab');
    const order = ['202611020303', '202611020304', version, '202611020305', versionOf(id, new Date(2026, 10, 2, 3, 5))];
    expect([...order].sort()).toEqual(order);
    expect(versionOf(`sha256:1${id.slice(8)}`, new Date(2026, 10, 2, 3, 4, 5))).not.toBe(version);
  });

  it('keep the full name of the container', () => {
    expect(publishedName('cerc/x', { registry: 'host/org' }, '1')).toBe('host/org/cerc/x:1');
    expect(publishedName('a/b/c', { registry: 'host:5000', tag: 'v1.2' }, '1')).toBe('host:5000/a/b/c:v1.2');
  });

  it.each(['host', 'ghcr.io', 'localhost:5000', 'host:5000/a/b', 'git.vdb.to/cerc-io', '[::1]:5000', 'my-org'])(
    'accept %s',
    (registry) => {
      expect(destinationProblem({ registry })).toBeUndefined();
    },
  );

  it.each([
    '',
    'https://host/org',
    'host/Org',
    'host//org',
    'host:port/org',
    'host/org:tag',
    '-host/org',
    'a b',
    'host/../org',
    'host/org@x',
  ])('reject %j before anything is built', (registry) => {
    expect(destinationProblem({ registry })).toMatch(/^--image-registry /);
  });

  it.each(['', '.v1', 'a b', 'a/b', 'x'.repeat(129)])('reject the tag %j', (tag) => {
    expect(destinationProblem({ registry: 'host', tag })).toMatch(/^--publish-tag /);
  });
});

describe('the summary of a build', () => {
  const one = { container: 'org/app', image: 'org/app:local', outcome: 'built', seconds: 1.25 } as const;

  it('lists every container with its outcome', () => {
    const results = [
      { ...one, published: 'host/org/app:1@sha256:2' },
      { ...one, container: 'org/b', outcome: 'failed', reason: 'the build returned 7', log: '/log' } as const,
      { ...one, container: 'org/cc', outcome: 'skipped', reason: 'it needs org/b' } as const,
    ];
    expect(summaryLines(results, 3)).toEqual([
      '1 of 3 images built, 1 published, in 3.0 s:',
      '  org/app  built in 1.3 s, published as host/org/app:1@sha256:2',
      '  org/b    failed after 1.3 s: the build returned 7 (/log)',
      '  org/cc   not built: it needs org/b',
    ]);
  });

  it('does not repeat a single success', () => {
    expect(summaryLines([one], 1)).toEqual([]);
  });
});

it('the default container list names exactly the bundled folders', async () => {
  const folder = join(packageDirectory(), 'containers');
  const list = (await readFile(join(folder, 'container-image-list.txt'), 'utf8')).trimEnd().split('\n');
  const folders = (await readdir(folder, { withFileTypes: true })).filter((entry) => entry.isDirectory());
  expect(list.map(folderOf).sort()).toEqual(folders.map(({ name }) => name).sort());
});
