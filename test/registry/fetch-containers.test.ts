import { readdir, readFile, writeFile } from 'node:fs/promises';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { run, runOrFail } from '../../src/system/process/process.js';
import { runCli } from '../support/program.js';
import { type Platform } from '../support/registry/registry-client.js';
import { describeWithRegistry, registryUser, startRegistry, type TestRegistry } from '../support/registry/registry.js';
import { Sandbox } from '../support/sandbox.js';

const amd64: Platform = { os: 'linux', architecture: 'amd64' };
const arm64: Platform = { os: 'linux', architecture: 'arm64' };
const mine: Platform = process.arch === 'arm64' ? arm64 : amd64;
const other: Platform = process.arch === 'arm64' ? amd64 : arm64;

/** Image names that only these tests use. */
const org = `laconic-fetch-${process.pid.toString(36)}`;
const one = `${org}/one`;
const two = `${org}/two`;

let sandbox: Sandbox;

async function images(): Promise<string[]> {
  const { stdout } = await runOrFail('images', 'docker', ['images', '--format', '{{.Repository}}:{{.Tag}}']);
  return stdout
    .split('\n')
    .filter((name) => name.includes(org))
    .sort();
}

async function labelOf(image: string): Promise<string> {
  const args = ['image', 'inspect', '--format', '{{.Config.Labels.label}}', image];
  return (await run('docker', args)).stdout.trim();
}

async function repoDigests(image: string): Promise<string[]> {
  const args = ['image', 'inspect', '--format', '{{json .RepoDigests}}', image];
  return JSON.parse((await runOrFail('inspect', 'docker', args)).stdout) as string[];
}

/** Runs `fetch-containers` for the stack, without a login, and with temporary files in the sandbox. */
async function fetchContainers(
  args: readonly string[],
  options: { env?: NodeJS.ProcessEnv; input?: string; global?: readonly string[] } = {},
) {
  const env = { DOCKER_CONFIG: sandbox.path('docker'), TMPDIR: sandbox.path('tmp'), ...options.env };
  const stack = ['--stack', sandbox.path('x/stacks/images'), ...(options.global ?? [])];
  return runCli([...stack, 'fetch-containers', ...args], {
    cwd: sandbox.base,
    env,
    ...(options.input === undefined ? {} : { input: options.input }),
  });
}

describeWithRegistry('fetch-containers', () => {
  let open: TestRegistry;

  beforeAll(async () => {
    sandbox = await Sandbox.make({
      'x/stacks/images/stack.yml': `version: "1.0"\nname: images\ncontainers:\n  - ${one}\n  - ${two}\n`,
      'x/stacks/empty/stack.yml': 'version: "1.0"\nname: empty\n',
      'tmp/keep': '',
      'docker/keep': '',
    });
    open = await startRegistry();
    await open.pushImage(`team/${one}`, '202601010000', mine, 'old');
    await open.pushImage(`team/${one}`, '202602020000', mine, 'new');
    await open.pushImage(`team/${one}`, '202603030000', other, 'for another machine');
    await open.pushImage(`team/${two}`, '1', mine, 'two');
  });
  afterEach(async () => {
    const names = await images();
    if (names.length > 0) await runOrFail('rmi', 'docker', ['rmi', '--force', ...names]);
  });
  afterAll(async () => {
    await open.stop();
    await sandbox.remove();
  });

  it('pulls the newest image for this machine by its digest and tags it :local', async () => {
    const { code, stdout, stderr } = await fetchContainers(['--image-registry', `${open.host}/team`]);
    expect({ code, stderr }).toMatchObject({ code: 0 });
    const digest = (await open.digest(`team/${one}`, '202602020000')) ?? '';
    expect(stderr).toContain(`fetched ${open.host}/team/${one}:202602020000, ${digest}`);
    expect(stdout).toBe('');
    expect(await labelOf(`${one}:local`)).toBe('new');
    expect(await labelOf(`${two}:local`)).toBe('two');
    expect(await images()).toEqual(
      [`${open.host}/team/${one}:202602020000`, `${open.host}/team/${two}:1`, `${one}:local`, `${two}:local`].sort(),
    );
    expect(await repoDigests(`${one}:local`)).toContain(`${open.host}/team/${one}@${digest}`);
  });

  it('skips a local image without contacting the registry', async () => {
    await runOrFail('tag', 'docker', ['tag', 'busybox:1.36', `${one}:local`]);
    const before = open.log().length;
    const left = await fetchContainers(['--image-registry', `${open.host}/team`]);
    expect(left.code).toBe(0);
    expect(left.stderr).toMatch(new RegExp(`${one}:local is here already .*--force-local-overwrite`));
    expect(open.log().slice(before)).not.toContain(one);
    expect(await labelOf(`${one}:local`)).not.toBe('new');

    const args = ['--image-registry', `${open.host}/team/`, '--force-local-overwrite', '--include', one];
    expect((await fetchContainers(args)).code).toBe(0);
    expect(await labelOf(`${one}:local`)).toBe('new');
  });

  it('considers the platforms in multi-platform images of both families', async () => {
    for (const family of ['docker', 'oci'] as const) {
      const repository = `${family}/${one}`;
      const forMe = await open.pushImage(repository, undefined, mine, `${family} list`, family);
      const notForMe = await open.pushImage(repository, undefined, other, 'another machine', family);
      const attestation = await open.pushImage(repository, undefined, { os: 'unknown', architecture: 'unknown' }, 'x');
      const list = await open.pushList(repository, 'v1', [notForMe, forMe, attestation], family);
      await open.pushList(repository, 'v2', [notForMe], family);
      const args = ['--image-registry', `${open.host}/${family}`, '--include', one, '--force-local-overwrite'];
      const { code, stderr } = await fetchContainers(args);
      expect({ code, stderr }).toMatchObject({ code: 0 });
      expect(stderr).toContain(`:v1, ${list.digest}`);
      expect(await labelOf(`${one}:local`)).toBe(`${family} list`);
    }
  });

  it('continues after a missing or unreadable image, and exits with 1 and a summary', async () => {
    await open.pushImage(`some/${two}`, 'v1', mine, 'there');
    const { code, stdout, stderr } = await fetchContainers([
      '--image-registry',
      `${open.host}/some`,
      '--format',
      'json',
    ]);
    expect(code).toBe(1);
    expect(await labelOf(`${two}:local`)).toBe('there');
    expect(stderr).toContain(`WARNING: no image found to fetch for container: ${one}`);
    expect(stderr).toContain(`the stack will not deploy: 1 of its images are missing: ${one}`);
    expect(JSON.parse(stdout)).toEqual({
      registry: `${open.host}/some`,
      complete: false,
      containers: [
        {
          container: one,
          image: `${one}:local`,
          outcome: 'missing',
          error: expect.stringContaining('no image for this platform') as string,
        },
        {
          container: two,
          image: `${two}:local`,
          outcome: 'fetched',
          source: `${open.host}/some/${two}:v1`,
          digest: await open.digest(`some/${two}`, 'v1'),
        },
      ],
    });
  });

  it('skips tags that are not images, such as signatures and charts', async () => {
    const repository = `signed/${one}`;
    await open.pushImage(repository, '1', mine, 'signed');
    const config = await open.pushBlob(repository, Buffer.from('{}'), 'application/vnd.cncf.helm.config.v1+json');
    const mediaType = 'application/vnd.oci.image.manifest.v1+json';
    await open.pushManifest(repository, 'zzz-chart', { schemaVersion: 2, mediaType, config, layers: [config] });
    const { code } = await fetchContainers(['--image-registry', `${open.host}/signed`, '--include', one]);
    expect(code).toBe(0);
    expect(await labelOf(`${one}:local`)).toBe('signed');
  });

  it('accepts a registry without an organisation', async () => {
    await open.pushImage(one, 'v1', mine, 'at the root');
    expect(await fetchContainers(['--image-registry', open.host, '--include', one])).toMatchObject({ code: 0 });
    expect(await labelOf(`${one}:local`)).toBe('at the root');
  });

  it('contacts neither a registry nor an engine in a dry run', async () => {
    const before = open.log().length;
    const { code, stdout } = await fetchContainers(['--image-registry', `${open.host}/team`], {
      global: ['--dry-run'],
      env: { DOCKER_HOST: 'unix:///nonexistent/docker.sock' },
    });
    expect(code).toBe(0);
    expect(stdout).toContain(`would fetch the newest image of ${open.host}/team/${one} as ${one}:local`);
    expect(open.log().slice(before)).toBe('');
    expect(await images()).toEqual([]);
  });

  it('succeeds for a stack without containers and for an empty selection', async () => {
    const none = await sandbox.cli([
      '--stack',
      sandbox.path('x/stacks/empty'),
      'fetch-containers',
      '--image-registry',
      'nowhere.invalid/x',
    ]);
    expect(none).toMatchObject({ code: 0 });
    expect(none.stderr).toContain('does not define any containers');
    const unknown = await fetchContainers(['--image-registry', 'nowhere.invalid/x', '--include', 'nobody/nothing']);
    expect(unknown.code).toBe(0);
    expect(unknown.stderr).toContain(`--include names nobody/nothing, which is not one of: ${one}, ${two}`);
  });

  describe('bad input', () => {
    it.each([
      [['--image-registry', 'https://ghcr.io/org'], /is not a registry: write host\/org.*without https/],
      [[], /required option '--image-registry/],
      [['--image-registry', 'a.b/c', '--registry-username', 'me'], /without a token.*LACONIC_SO_REGISTRY_TOKEN/],
      [['--image-registry', 'a.b/c', '--registry-token', 'x'], /without a user.*--registry-username/],
      [['--image-registry', 'a.b/c', '--registry-token', 'x', '--registry-token-stdin'], /cannot be used together/],
      [['--image-registry', 'a.b/c', '--format', 'xml'], /--format: xml is not text or json/],
    ])('%s', async (args, message) => {
      const { code, stderr } = await fetchContainers(args);
      expect(stderr).toMatch(message);
      expect(code).toBe(2);
    });

    it('a missing registry, or a server that is not one, is reported once, with what to check', async () => {
      const unknown = await fetchContainers(['--image-registry', 'registry.invalid/x']);
      expect(unknown.code).toBe(1);
      expect(unknown.stderr).toMatch(/the registry registry\.invalid cannot be reached: (?:no such host|its name)/);
      expect(unknown.stderr.match(/cannot be reached/g)).toHaveLength(1);
      const closed = await fetchContainers(['--image-registry', 'localhost:1/x']);
      expect(closed.stderr).toMatch(/localhost:1 cannot be reached: nothing listens there/);
      expect(closed.code).toBe(1);
    });
  });
});

describeWithRegistry('logging in with fetch-containers', () => {
  beforeAll(async () => {
    sandbox = await Sandbox.make({
      'x/stacks/images/stack.yml': `version: "1.0"\nname: images\ncontainers:\n  - ${one}\n`,
      'tmp/keep': '',
      'docker/keep': '',
    });
  });
  afterEach(async () => {
    const names = await images();
    if (names.length > 0) await runOrFail('rmi', 'docker', ['rmi', '--force', ...names]);
  });
  afterAll(() => sandbox.remove());

  describe.each([
    { name: 'with a password', options: { auth: 'basic' } },
    { name: 'with tokens', options: { auth: 'token' } },
    { name: 'with a password over https', options: { auth: 'basic', tls: true } },
  ] as const)('$name', ({ options }) => {
    let registry: TestRegistry;
    let trusted: NodeJS.ProcessEnv;
    beforeAll(async () => {
      registry = await startRegistry(options);
      trusted = registry.authority === undefined ? {} : { NODE_EXTRA_CA_CERTS: registry.authority };
      await registry.pushImage(`team/${one}`, 'v1', mine, 'behind a login');
    });
    afterAll(() => registry.stop());
    const source = (): string[] => ['--image-registry', `${registry.host}/team`];

    it('accepts the token in the environment, on stdin, or on the command line with a warning', async () => {
      const user = ['--registry-username', registryUser.name];
      const secret = registryUser.password;
      const ways = [
        { args: user, env: { LACONIC_SO_REGISTRY_TOKEN: secret } },
        { args: [...user, '--registry-token-stdin'], input: `${secret}\n` },
        { args: [...user, '--registry-token', secret] },
        { args: [], env: { LACONIC_SO_REGISTRY_TOKEN: secret, LACONIC_SO_REGISTRY_USERNAME: registryUser.name } },
      ];
      for (const { args, env = {}, ...rest } of ways) {
        const all = [...source(), ...args, '--force-local-overwrite'];
        const global = ['--debug'];
        const result = await fetchContainers(all, { env: { ...trusted, ...env }, global, ...rest });
        expect({ code: result.code, stderr: result.stderr }).toMatchObject({ code: 0 });
        expect(result.stdout).toBe('Logging into container registry:\n');
        expect(result.stderr.includes('--registry-token: every user of this machine')).toBe(
          (args as string[]).includes(secret),
        );
        expect(result.stdout + result.stderr).not.toContain(secret);
        expect(await labelOf(`${one}:local`)).toBe('behind a login');
      }
      // Nothing of a login remains.
      expect(await readdir(sandbox.path('docker'))).toEqual(['keep']);
      expect(await readdir(sandbox.path('tmp'))).toEqual(['keep']);
    });

    it('uses a login of docker login, and leaves it as it was', async () => {
      const env = { ...process.env, DOCKER_CONFIG: sandbox.path('docker-logged-in') };
      const login = ['login', '--username', registryUser.name, '--password-stdin', registry.host];
      await runOrFail('login', 'docker', login, { env, input: registryUser.password });
      const file = sandbox.path('docker-logged-in/config.json');
      const before = await readFile(file, 'utf8');
      const result = await fetchContainers(source(), { env: { ...trusted, DOCKER_CONFIG: env.DOCKER_CONFIG } });
      expect(result).toMatchObject({ code: 0 });
      expect(await readFile(file, 'utf8')).toBe(before);
    });

    it('asks a credential helper of docker', async () => {
      const answer = JSON.stringify({
        ServerURL: registry.host,
        Username: registryUser.name,
        Secret: registryUser.password,
      });
      await sandbox.write(
        'bin/docker-credential-tests.sh',
        `#!/bin/sh\nread -r server\n[ "$1 $server" = "get ${registry.host}" ] && echo '${answer}' && exit\necho credentials not found\nexit 1\n`,
      );
      await runOrFail('ln', 'ln', ['-sf', 'docker-credential-tests.sh', sandbox.path('bin/docker-credential-tests')]);
      await sandbox.write('docker-helper/config.json', JSON.stringify({ credsStore: 'tests' }));
      const env = { DOCKER_CONFIG: sandbox.path('docker-helper'), PATH: `${sandbox.path('bin')}:${process.env.PATH}` };
      expect(await fetchContainers(source(), { env: { ...trusted, ...env } })).toMatchObject({ code: 0 });
    });

    it('reports a wrong or missing password once, before anything is requested', async () => {
      const wrong = await fetchContainers([...source(), '--registry-username', registryUser.name], {
        env: { ...trusted, LACONIC_SO_REGISTRY_TOKEN: 'wrong-token' },
      });
      expect(wrong.code).toBe(1);
      expect(wrong.stderr).toMatch(new RegExp(`${registry.host} rejects the login of ${registryUser.name}`));
      expect(wrong.stderr).not.toContain('wrong-token');
      const nobody = await fetchContainers(source(), { env: trusted });
      expect(nobody.code).toBe(1);
      expect(nobody.stderr).toMatch(/(?:requires a login|a login is required)[^]*docker login/);
      expect(await images()).toEqual([]);
    });
  });

  it('is not needed for public images where everybody gets a token', async () => {
    const registry = await startRegistry({ auth: 'token' });
    try {
      await registry.pushImage(`public/${one}`, 'v1', mine, 'public');
      const { code } = await fetchContainers(['--image-registry', `${registry.host}/public`]);
      expect(code).toBe(0);
      expect(registry.tokens?.asked).toContainEqual({ user: undefined, scopes: [`repository:public/${one}:pull`] });
    } finally {
      await registry.stop();
    }
  });

  it('reports an untrusted authority', async () => {
    const registry = await startRegistry({ tls: true });
    try {
      const { code, stderr } = await fetchContainers(['--image-registry', `${registry.host}/team`]);
      expect(code).toBe(1);
      expect(stderr).toMatch(/signed by an unknown authority\n.*NODE_EXTRA_CA_CERTS/);
    } finally {
      await registry.stop();
    }
  });

  it('names a damaged configuration of docker', async () => {
    await writeFile(sandbox.path('docker', 'config.json'), '{');
    try {
      const { code, stderr } = await fetchContainers(['--image-registry', 'localhost:1/x']);
      expect(code).toBe(1);
      expect(stderr).toContain(`${sandbox.path('docker', 'config.json')} is not valid JSON`);
    } finally {
      await runOrFail('rm', 'rm', [sandbox.path('docker', 'config.json')]);
    }
  });
});
