import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { repositoryBaseOf } from '../../../src/stack/load.js';
import { findSetting } from '../../../src/stack/settings.js';
import { testContext, type TestContext } from '../../support/context.js';
import { temporaryDirectory } from '../../support/temporary.js';

let root: string;

function context(env: NodeJS.ProcessEnv = {}): TestContext {
  return testContext(join(root, 'here'), {}, { HOME: join(root, 'home'), ...env });
}

async function put(path: string, text: string): Promise<void> {
  await mkdir(dirname(join(root, path)), { recursive: true });
  await writeFile(join(root, path), text);
}

beforeEach(async () => {
  root = await temporaryDirectory();
  await mkdir(join(root, 'here'));
});

describe('a setting of the program', () => {
  it('comes from the environment, else the current directory, else ~/.laconic-so', async () => {
    const from = (env: NodeJS.ProcessEnv = {}) => findSetting('CERC_GO_AUTH_TOKEN', context(env))?.value;
    expect(from()).toBeUndefined();
    await put('home/.laconic-so/.env', 'CERC_GO_AUTH_TOKEN=d');
    expect(from()).toBe('d');
    await put('home/.laconic-so/settings.ini', '[settings]\nCERC_GO_AUTH_TOKEN=c\n');
    expect(from()).toBe('c');
    await put('here/.env', '# mine\nexport OTHER=1\nCERC_GO_AUTH_TOKEN="b b" # note\n');
    expect(from()).toBe('b b');
    await put(
      'here/settings.ini',
      '[other]\nCERC_GO_AUTH_TOKEN=x\n[settings]\r\n; no\n#CERC_GO_AUTH_TOKEN=y\ncerc_go_auth_token : a=1 \r\n',
    );
    expect(from()).toBe('a=1');
    expect(from({ CERC_GO_AUTH_TOKEN: 'process' })).toBe('process');
  });

  it('is not set when its value is empty', async () => {
    await put('here/settings.ini', '[settings]\nDOCKER_BUILDKIT=\n');
    await put('here/.env', 'DOCKER_BUILDKIT=\n');
    await put('home/.laconic-so/.env', 'DOCKER_BUILDKIT=0');
    expect(findSetting('DOCKER_BUILDKIT', context({ DOCKER_BUILDKIT: '' }))?.value).toBe('0');
  });

  it('is not read from folders with the name of a settings file', async () => {
    await mkdir(join(root, 'here/.env'));
    await put('home/.laconic-so', 'a file');
    const asked = context();
    expect(findSetting('DOCKER_BUILDKIT', asked)).toBeUndefined();
    expect(asked.output.stderr).toBe('');
  });
});

describe('the base directory of repositories', () => {
  it.each([
    [{}, 'home/cerc'],
    [{ CERC_REPO_BASE_DIR: '' }, 'home/cerc'],
    [{ CERC_REPO_BASE_DIR: '~/src' }, 'home/src'],
    [{ CERC_REPO_BASE_DIR: '/srv/repos/' }, '/srv/repos'],
    [{ CERC_REPO_BASE_DIR: 'repos' }, 'here/repos'],
  ])('%j', (env, base) => {
    expect(repositoryBaseOf(context(env))).toBe(base.startsWith('/') ? base : join(root, base));
  });

  it('is relative to the file that sets it', async () => {
    await put('home/.laconic-so/settings.ini', '[settings]\nCERC_REPO_BASE_DIR = src\n');
    expect(repositoryBaseOf(context())).toBe(join(root, 'home/.laconic-so/src'));
    await put('here/.env', 'CERC_REPO_BASE_DIR=../repos\n');
    expect(repositoryBaseOf(context())).toBe(join(root, 'repos'));
  });
});
