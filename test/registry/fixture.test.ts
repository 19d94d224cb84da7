import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { run, runOrFail } from '../../src/system/process/process.js';
import { type Platform } from '../support/registry/registry-client.js';
import { describeWithRegistry, registryUser, startRegistry, type TestRegistry } from '../support/registry/registry.js';
import { temporaryDirectory } from '../support/temporary.js';

const amd64: Platform = { os: 'linux', architecture: 'amd64' };
const arm64: Platform = { os: 'linux', architecture: 'arm64' };

const kinds = [
  { name: 'http without login', options: {} },
  { name: 'https without login', options: { tls: true } },
  { name: 'http with a password', options: { auth: 'basic' } },
  { name: 'https with a password', options: { auth: 'basic', tls: true } },
  { name: 'http with tokens', options: { auth: 'token' } },
] as const;

describeWithRegistry('the registries of the tests are real', () => {
  describe.each(kinds)('$name', ({ options }) => {
    let registry: TestRegistry;
    beforeAll(async () => {
      registry = await startRegistry(options);
    });
    afterAll(() => registry.stop());

    it('accept pushes and pulls of docker, and reject clients without a password where one is required', async () => {
      const config = await temporaryDirectory();
      const env = { ...process.env, DOCKER_CONFIG: config };
      const image = `${registry.host}/org/thing:one`;
      await runOrFail('tag', 'docker', ['tag', 'busybox:1.36', image]);
      try {
        const refused = await run('docker', ['push', '--quiet', image], { env });
        expect(refused.code === 0).toBe(!('auth' in options));
        const login = ['login', '--username', registryUser.name, '--password-stdin', registry.host];
        if ('auth' in options) await runOrFail('login', 'docker', login, { env, input: registryUser.password });
        const { stdout } = await runOrFail('push', 'docker', ['push', image], { env });
        expect(await registry.tags('org/thing')).toEqual(['one']);
        expect(stdout).toContain((await registry.digest('org/thing', 'one')) ?? 'no digest');
        await runOrFail('rm', 'docker', ['rmi', image]);
        await runOrFail('pull', 'docker', ['pull', '--quiet', image], { env });
      } finally {
        await run('docker', ['rmi', image]);
      }
    });

    it('accept multi-platform images of both families', async () => {
      for (const family of ['docker', 'oci'] as const) {
        const repository = `org/many-${family}`;
        const images = [
          await registry.pushImage(repository, undefined, arm64, 'for arm', family),
          await registry.pushImage(repository, undefined, amd64, 'for amd', family),
        ];
        const list = await registry.pushList(repository, 'v1', images, family);
        expect(await registry.digest(repository, 'v1')).toBe(list.digest);
      }
    });
  });

  it('are gone with their storage when they are stopped', async () => {
    const registry = await startRegistry();
    await registry.pushImage('org/thing', 'v1', amd64, 'one');
    await expect.poll(() => registry.log()).toContain('PUT /v2/org/thing/manifests/v1');
    await registry.stop();
    await expect(fetch(`${registry.url}/v2/`)).rejects.toThrow();
  });
});
