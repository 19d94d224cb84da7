import { randomBytes } from 'node:crypto';
import { chmod, readdir, writeFile } from 'node:fs/promises';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { freePort } from '../support/ports.js';
import { type HttpsServer, startHttpsServer } from './support/https-server.js';
import { Sources } from './support/sources.js';

describe('repositories over https', () => {
  let sources: Sources;
  let server: HttpsServer;
  /** The operator trusts the certificate authority. */
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

  it('are cloned from host:port/org/repo and deeper paths, with a trusted private authority', async () => {
    const host = `localhost:${server.port}`;
    expect(await setup('plain', trusting, `${host}/org/repo`, `${host}/group/sub/deep.git@main`)).toMatchObject({
      code: 0,
    });
    expect((await contents('plain')).sort()).toEqual(['deep', 'repo']);
  });

  it('are refused from a server with an untrusted authority', async () => {
    const result = await setup('untrusted', {}, `localhost:${server.port}/org/repo`);
    expect(result).toMatchObject({ code: 1 });
    expect(result.stderr).toMatch(/org\/repo: cannot clone https:[^]*certificate[^]*http\.sslCAInfo/);
    expect(await contents('untrusted')).toEqual([]);
  });

  it('fail without credentials when they are private, without a prompt and with advice', async () => {
    server.requireUser('me', 'right');
    const result = await setup('private', trusting, `localhost:${server.port}/org/repo`);
    expect(result).toMatchObject({ code: 1 });
    expect(result.stderr).toMatch(/terminal prompts disabled\nthe repository is private.*--git-ssh.*credential helper/);
  });

  it('accept the right password of a credential helper and reject a wrong one, without showing it', async () => {
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

  it('fail when the repository does not exist, the host refuses, or the name does not resolve', async () => {
    const none = await setup('none', trusting, `localhost:${server.port}/org/none`);
    expect(none.stderr).toMatch(/repository '?https:.*not found[^]*spelt as the host spells it/);
    const refused = await setup('none', trusting, `127.0.0.1:${await freePort()}/org/repo`);
    expect(refused.stderr).toMatch(/Failed to connect[^]*can this machine reach it/);
    const unknown = await setup('none', trusting, 'no-such-host.invalid/org/repo');
    expect(unknown.stderr).toMatch(/Could not resolve host[^]*is no-such-host\.invalid right/);
    expect([none.code, refused.code, unknown.code]).toEqual([1, 1, 1]);
    expect(await contents('none')).toEqual([]);
  });

  describe('responses that stall', () => {
    let base: string;
    beforeAll(() => sources.publish('org/large', { large: randomBytes(40_000).toString('hex') }));
    beforeEach(() => {
      base = `slow-${Date.now()}`;
    });
    const clone = (env: NodeJS.ProcessEnv = {}) =>
      setup(base, { ...trusting, ...env }, `localhost:${server.port}/org/large`);
    /** git's own configuration, as an operator sets it. */
    const configured = (...entries: [key: string, value: string][]): NodeJS.ProcessEnv => ({
      GIT_CONFIG_COUNT: String(entries.length),
      ...Object.fromEntries(
        entries.flatMap(([key, value], index) => [
          [`GIT_CONFIG_KEY_${index}`, key],
          [`GIT_CONFIG_VALUE_${index}`, value],
        ]),
      ),
    });
    const never = 1_000_000_000;

    // The five minutes of stalls.ts are shortened here; that there is a limit at all is the program's own setting.
    it.each([
      ['info/refs', 0],
      ['/git-upload-pack', 5_000],
    ])('end with an error that explains it, and leave nothing: %s', async (url, bytes) => {
      server.slow(url, { bytes, pause: never });
      const result = await clone({ GIT_HTTP_LOW_SPEED_TIME: '2' });
      expect(result).toMatchObject({ code: 1 });
      expect(result.stderr).toMatch(/Operation too slow[^]*\nlocalhost stopped sending: try again.*http\.lowSpeedTime/);
      expect(await contents(base)).toEqual([]);
    });

    it('do not end a slow transfer that continues, even far beyond the limit', async () => {
      server.slow('/git-upload-pack', { bytes: 4_000, pause: 800 });
      const begun = performance.now();
      expect(await clone({ GIT_HTTP_LOW_SPEED_TIME: '2' })).toMatchObject({ code: 0 });
      expect(performance.now() - begun).toBeGreaterThan(6_000);
    });

    it("end at the operator's own limits, for all URLs and for one", async () => {
      server.slow('info/refs', { bytes: 0, pause: never });
      for (const key of ['http.lowSpeedTime', `http.https://localhost:${server.port}/.lowSpeedTime`]) {
        const result = await clone(configured([key, '3']));
        expect(result.stderr).toContain('Less than 1 bytes/sec transferred the last 3 seconds');
      }
      server.slow('/git-upload-pack', { bytes: 4_000, pause: 800 });
      const result = await clone(configured(['http.lowSpeedLimit', '100000'], ['http.lowSpeedTime', '2']));
      expect(result.stderr).toContain('Less than 100000 bytes/sec transferred the last 2 seconds');
    });
  });

  it('are refused before any request when the URL has a password', async () => {
    const result = await setup('secret', trusting, `https://me:s3cret@localhost:${server.port}/org/repo`);
    expect(result).toMatchObject({ code: 1 });
    expect(server.requests).toEqual([]);
  });
});
