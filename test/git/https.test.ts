import { chmod, readdir, writeFile } from 'node:fs/promises';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { freePort } from './support/server.js';
import { type HttpsServer, startHttpsServer } from './support/https-server.js';
import { Sources } from './support/sources.js';

describe('repositories over https (05 §2, §13.6)', () => {
  let sources: Sources;
  let server: HttpsServer;
  /** The operator trusts the authority. */
  let trusting: NodeJS.ProcessEnv;

  beforeAll(async () => {
    sources = await Sources.make();
    await sources.publish('org/repo');
    await sources.publish('group/sub/deep');
  });
  afterAll(() => sources.remove());

  beforeEach(async () => {
    server = await startHttpsServer({ hosted: sources.path('hosted'), keys: sources.path(`keys-${Date.now()}`) });
    trusting = { GIT_SSL_CAINFO: server.authority };
    return () => server.stop();
  });

  const setup = async (base: string, env: NodeJS.ProcessEnv, ...repositories: string[]) =>
    sources.cli(['--stack', await sources.stack(...repositories), 'setup-repositories'], {
      ...env,
      CERC_REPO_BASE_DIR: sources.path(base),
    });
  const contents = (base: string): Promise<string[]> => readdir(sources.path(base)).catch(() => []);

  it('host:port/org/repo and deeper paths, with an authority of our own', async () => {
    const host = `localhost:${server.port}`;
    expect(await setup('plain', trusting, `${host}/org/repo`, `${host}/group/sub/deep.git@main`)).toMatchObject({
      code: 0,
    });
    expect((await contents('plain')).sort()).toEqual(['deep', 'repo']);
  });

  it('an authority that nobody knows', async () => {
    const result = await setup('untrusted', {}, `localhost:${server.port}/org/repo`);
    expect(result).toMatchObject({ code: 1 });
    expect(result.stderr).toMatch(/org\/repo: cannot clone https:[^]*certificate[^]*http\.sslCAInfo/);
    expect(await contents('untrusted')).toEqual([]);
  });

  it('a private repository without credentials: no prompt, and what to do', async () => {
    server.requireUser('me', 'right');
    const result = await setup('private', trusting, `localhost:${server.port}/org/repo`);
    expect(result).toMatchObject({ code: 1 });
    expect(result.stderr).toMatch(/terminal prompts disabled\nthe repository is private.*--git-ssh.*credential helper/);
  });

  it('a wrong password of a credential helper, the right one, and it is not shown', async () => {
    server.requireUser('me', 'right-s3cret');
    const helper = async (password: string): Promise<NodeJS.ProcessEnv> => {
      const file = sources.path(`helper-${password}`);
      await writeFile(file, `#!/bin/sh\necho username=me\necho password=${password}\n`);
      await chmod(file, 0o755);
      return { ...trusting, GIT_CONFIG_COUNT: '1', GIT_CONFIG_KEY_0: 'credential.helper', GIT_CONFIG_VALUE_0: file };
    };
    const wrong = await setup('wrong', await helper('wrong-s3cret'), `localhost:${server.port}/org/repo`);
    expect(wrong).toMatchObject({ code: 1 });
    expect(wrong.stderr).toMatch(/Authentication failed[^]*credential helper/);
    expect(await contents('wrong')).toEqual([]);
    const right = await setup('right', await helper('right-s3cret'), `localhost:${server.port}/org/repo`);
    expect(right).toMatchObject({ code: 0 });
    expect(wrong.stdout + wrong.stderr + right.stdout + right.stderr).not.toContain('s3cret');
  });

  it('a repository that is not there, a host that refuses, a name that does not resolve', async () => {
    const none = await setup('none', trusting, `localhost:${server.port}/org/none`);
    expect(none.stderr).toMatch(/repository '?https:.*not found[^]*spelt as the host spells it/);
    const refused = await setup('none', trusting, `127.0.0.1:${await freePort()}/org/repo`);
    expect(refused.stderr).toMatch(/Failed to connect[^]*can this machine reach it/);
    const unknown = await setup('none', trusting, 'no-such-host.invalid/org/repo');
    expect(unknown.stderr).toMatch(/Could not resolve host[^]*is no-such-host\.invalid right/);
    expect([none.code, refused.code, unknown.code]).toEqual([1, 1, 1]);
    expect(await contents('none')).toEqual([]);
  });

  it('a password in a URL is refused before anybody is asked', async () => {
    const result = await setup('secret', trusting, `https://me:s3cret@localhost:${server.port}/org/repo`);
    expect(result).toMatchObject({ code: 1 });
    expect(server.requests).toEqual([]);
  });
});
