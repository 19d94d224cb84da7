import { randomBytes } from 'node:crypto';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { run, runOrFail } from '../../src/system/process/process.js';
import { describeWithRegistry, registryUser, startRegistry, type TestRegistry } from '../support/registry/registry.js';
import { launch } from '../support/running.js';
import { idleService, Sandbox } from '../support/sandbox.js';

const org = `laconic-push-${randomBytes(4).toString('hex')}`;
const stack = 'BASE/x/stacks/app';

let sandbox: Sandbox;

async function docker(...args: string[]): Promise<string> {
  return (await runOrFail(args.join(' '), 'docker', args)).stdout.trim();
}

async function build(name: string, content: string): Promise<void> {
  const dockerfile = `FROM busybox:1.36\nRUN echo ${content} > /content\nCMD ["sleep", "1000"]\n`;
  await sandbox.write(`images/${name}/Dockerfile`, dockerfile);
  await docker('build', '--quiet', '--tag', `${org}/${name}:local`, sandbox.path(`images/${name}`));
}

/** A deployment of the stack whose spec also has these lines. */
async function create(directory: string, ...lines: string[]): Promise<string> {
  await sandbox.write(`${directory}.yml`, [`stack: ${stack}`, 'deploy-to: compose', ...lines, ''].join('\n'));
  await sandbox.create(`${directory}.yml`, directory);
  const text = await sandbox.read(`${directory}/deployment.yml`);
  return `deploy-${(/^deployment-id: (\S+)$/m.exec(text)?.[1] ?? '').slice(-8)}`;
}

/** Runs `push-images` without a login. */
async function push(directory: string, args: readonly string[] = [], env: NodeJS.ProcessEnv = {}, ...global: string[]) {
  const words = [...global, 'deployment', '--dir', directory, 'push-images', ...args];
  return sandbox.cli(words, { env: { DOCKER_CONFIG: sandbox.path('docker'), ...env } });
}

async function localNames(): Promise<string[]> {
  const names = await docker('images', '--format', '{{.Repository}}:{{.Tag}}');
  return names.split('\n');
}

describeWithRegistry('push-images', () => {
  let registry: TestRegistry;
  const pushed: string[] = [];

  beforeAll(async () => {
    registry = await startRegistry();
    sandbox = await Sandbox.make({
      'x/stacks/app/stack.yml': 'name: app\npods: [app]\njobs: [job]\n',
      'x/compose/docker-compose-app.yml': `services:\n${idleService('idle')}  web:\n    image: ${org}/web:local\n  again:\n    image: ${org}/web:\${TAG:-local}\n`,
      'x/compose-jobs/docker-compose-job.yml': `services:\n  job:\n    image: ${org}/job:local\n`,
      'docker/keep': '',
    });
    await build('web', 'one');
    await build('job', 'one');
  });
  afterAll(async () => {
    const own = [`${org}/web:local`, `${org}/job:local`, `${org}-two/web:local`];
    await run('docker', ['rmi', '--force', ...own, ...pushed]);
    await registry.stop();
    await sandbox.remove();
  });

  it('pushes the local images of pods and jobs with the tag of the deployment-id', async () => {
    const tag = await create('d', `image-registry: ${registry.host}/team/`);
    pushed.push(`${registry.host}/team/web:${tag}`, `${registry.host}/team/job:${tag}`);
    const { code, stdout, stderr } = await push('d', [], {}, '--verbose');
    expect({ code, stderr }).toMatchObject({ code: 0 });
    expect(stdout).toBe('');
    for (const name of ['web', 'job']) {
      expect(await registry.tags(`team/${name}`)).toEqual([tag]);
      const digest = (await registry.digest(`team/${name}`, tag)) ?? '';
      expect(stderr).toContain(`${registry.host}/team/${name}:${tag}: pushed, ${digest}`);
      // Names of pushed images remain on this host, as scripts expect.
      const id = await docker('image', 'inspect', '--format', '{{.Id}}', `${registry.host}/team/${name}:${tag}`);
      expect(id).toBe(await docker('image', 'inspect', '--format', '{{.Id}}', `${org}/${name}:local`));
    }
    expect(stderr).toContain(`Tagging ${org}/web:local to ${registry.host}/team/web:${tag}`);
    expect(stderr).toContain('busybox:1.36: not built here, so not pushed');
  });

  it('uploads nothing for unchanged images, and lists all images with --format json', async () => {
    const before = registry.log().length;
    const { code, stdout } = await push('d', ['--format', 'json']);
    expect(code).toBe(0);
    const tag = (await registry.tags('team/web'))[0] ?? '';
    const outcome = await Promise.all(
      ['job', 'web'].map(async (name) => ({
        image: `${org}/${name}:local`,
        target: `${registry.host}/team/${name}:${tag}`,
        digest: await registry.digest(`team/${name}`, tag),
      })),
    );
    expect(JSON.parse(stdout)).toEqual({ complete: true, images: outcome });
    expect(registry.log().slice(before)).not.toMatch(/(?:POST|PATCH) \/v2\/team\/\S+\/blobs/);
  });

  it('contacts neither the engine nor the registry in a dry run', async () => {
    const before = registry.log().length;
    const { code, stdout } = await push('d', [], { DOCKER_CONFIG: '/nonexistent' }, '--dry-run');
    expect(code).toBe(0);
    const tag = (await registry.tags('team/web'))[0] ?? '';
    const lines = ['job', 'web'].map(
      (name) => `would push ${org}/${name}:local as ${registry.host}/team/${name}:${tag}`,
    );
    expect(stdout).toBe(`${lines.join('\n')}\n`);
    expect(registry.log().slice(before)).not.toContain('PUT');
  });

  describe('tags and pushes nothing with', () => {
    it.each([
      ['no registry', [], /image-registry is missing: it names the registry to push images to[^]*add to the spec/],
      [
        'a registry with a scheme',
        ['image-registry: https://ghcr.io/org'],
        /image-registry.*cannot begin the name of an image/,
      ],
      ['an invalid registry', ['image-registry: "Not One/x"'], /image-registry.*cannot begin the name of an image/],
    ])('%s', async (name, lines, message) => {
      const directory = `refused-${name.replaceAll(' ', '-')}`;
      await create(directory, ...lines);
      const { code, stderr } = await push(directory);
      expect(stderr).toMatch(message);
      expect(code).toBe(1);
    });

    it('missing images', async () => {
      await sandbox.write('x/stacks/none/stack.yml', 'name: none\npods: [none]\n');
      await sandbox.write(
        'x/compose/docker-compose-none.yml',
        `services:\n  a:\n    image: ${org}/web:local\n  b:\n    image: ${org}/none:local\n`,
      );
      await sandbox.write(
        'none.yml',
        `stack: BASE/x/stacks/none\ndeploy-to: compose\nimage-registry: ${registry.host}/none\n`,
      );
      await sandbox.create('none.yml', 'none');
      const { code, stderr } = await push('none');
      expect(code).toBe(1);
      expect(stderr).toContain(
        `the image ${org}/none:local is not on this host\nbuild it first: laconic-so --stack ${sandbox.path('x/stacks/none')} build-containers`,
      );
      expect(await registry.tags('none/web')).toEqual([]);
      expect((await localNames()).filter((each) => each.includes('/none/'))).toEqual([]);
    });

    it('two images with one name in the registry', async () => {
      await docker('tag', `${org}/web:local`, `${org}-two/web:local`);
      await sandbox.write('x/stacks/twice/stack.yml', 'name: twice\npods: [twice]\n');
      await sandbox.write(
        'x/compose/docker-compose-twice.yml',
        `services:\n  a:\n    image: ${org}/web:local\n  b:\n    image: ${org}-two/web:local\n`,
      );
      await sandbox.write(
        'twice.yml',
        `stack: BASE/x/stacks/twice\ndeploy-to: compose\nimage-registry: ${registry.host}/t\n`,
      );
      await sandbox.create('twice.yml', 'twice');
      const { code, stderr } = await push('twice');
      expect(code).toBe(1);
      expect(stderr).toMatch(
        new RegExp(`${org}(?:-two)?/web:local and .* would both be ${registry.host}/t/web:deploy-`),
      );
      expect(await registry.tags('t/web')).toEqual([]);
    });

    it('no locally built images, with a warning', async () => {
      await sandbox.write('x/stacks/public/stack.yml', 'name: public\npods: [public]\n');
      await sandbox.write('x/compose/docker-compose-public.yml', `services:\n${idleService('idle')}`);
      await sandbox.write('public.yml', 'stack: BASE/x/stacks/public\ndeploy-to: compose\nimage-registry: a.b/c\n');
      await sandbox.create('public.yml', 'public');
      const { code, stderr } = await push('public');
      expect(code).toBe(0);
      expect(stderr).toContain('nothing is pushed');
    });
  });
});

describeWithRegistry('logging in with push-images', () => {
  const pushed: string[] = [];
  beforeAll(async () => {
    sandbox = await Sandbox.make({
      'x/stacks/app/stack.yml': 'name: app\npods: [app]\n',
      'x/compose/docker-compose-app.yml': `services:\n  web:\n    image: ${org}/web:local\n`,
      'docker/keep': '',
    });
    await build('web', 'login');
  });
  afterAll(async () => {
    await run('docker', ['rmi', '--force', `${org}/web:local`, ...pushed]);
    await sandbox.remove();
  });

  it.each(['basic', 'token'] as const)('uses %s authentication', async (auth) => {
    const registry = await startRegistry({ auth });
    try {
      const server = `image-pull-secret: {server: ${registry.host}, username: ${registryUser.name}, token-env: PUSH_TOKEN}`;
      const tag = await create(`d-${auth}`, `image-registry: ${registry.host}/team`, server);
      const target = `${registry.host}/team/web:${tag}`;
      pushed.push(target);

      const nobody = await push(`d-${auth}`);
      expect(nobody.code).toBe(1);
      expect(nobody.stderr).toContain(
        'the token of image-pull-secret cannot be read: the variable PUSH_TOKEN is not set',
      );
      expect(nobody.stderr).toContain(`Error: ${target}: ${registry.host} does not allow this login to push`);
      expect(nobody.stderr).toContain(`docker login ${registry.host}`);
      expect(nobody.stderr).toContain('1 of 1 images were not pushed');

      const secret = registryUser.password;
      const bySecret = await push(`d-${auth}`, [], { PUSH_TOKEN: secret }, '--debug');
      expect({ code: bySecret.code, stderr: bySecret.stderr }).toMatchObject({ code: 0 });
      expect(bySecret.stderr + bySecret.stdout).not.toContain(secret);
      expect(await registry.tags('team/web')).toEqual([tag]);

      // Nobody is asked for a login that exists.
      const env = { ...process.env, DOCKER_CONFIG: sandbox.path(`docker-${auth}`) };
      const login = ['login', '--username', registryUser.name, '--password-stdin', registry.host];
      await runOrFail('login', 'docker', login, { env, input: secret });
      const loggedIn = await push(`d-${auth}`, [], { DOCKER_CONFIG: env.DOCKER_CONFIG, PUSH_TOKEN: 'wrong' });
      expect(loggedIn).toMatchObject({ code: 0 });
    } finally {
      await registry.stop();
    }
  });

  it('a failing registry is reported while the engine retries, and Ctrl-C ends that', async () => {
    const failing = createServer(({ url }, response) => response.writeHead(url === '/v2/' ? 200 : 500).end('{}'));
    await new Promise<void>((resolve) => failing.listen(0, '127.0.0.1', resolve));
    try {
      const { port } = failing.address() as AddressInfo;
      const tag = await create('failing', `image-registry: localhost:${port}/team`);
      pushed.push(`localhost:${port}/team/web:${tag}`, `localhost:${port}/team/job:${tag}`);
      const { child, ended, printed } = launch(['deployment', '--dir', 'failing', 'push-images'], {
        cwd: sandbox.base,
        env: { DOCKER_CONFIG: sandbox.path('docker') },
      });
      await printed(/^WARNING: localhost:\d+\/team\/\w+:\S+: the registry fails, retrying in \d+ seconds?$/m);
      child.kill('SIGINT');
      expect(await ended).toMatchObject({ code: 130, signal: null });
    } finally {
      failing.close();
    }
  });

  it('an image that cannot be pushed does not stop the others, and the exit code is 1', async () => {
    const registry = await startRegistry({ auth: 'token' });
    try {
      await docker('tag', `${org}/web:local`, `${org}/forbidden:local`);
      await sandbox.write('x/stacks/app/stack.yml', 'name: app\npods: [app, other]\n');
      const other = `services:\n  other:\n    image: ${org}/forbidden:local\n`;
      await sandbox.write('x/compose/docker-compose-other.yml', other);
      const server = `image-pull-secret: {server: ${registry.host}, username: ${registryUser.name}, token-env: PUSH_TOKEN}`;
      const tag = await create('partly', `image-registry: ${registry.host}/partly`, server);
      const target = (name: string): string => `${registry.host}/partly/${name}:${tag}`;
      pushed.push(target('web'), target('forbidden'), `${org}/forbidden:local`);
      const env = { PUSH_TOKEN: registryUser.password };
      const { code, stdout, stderr } = await push('partly', ['--format', 'json'], env);
      expect(code).toBe(1);
      expect(stderr).toContain(`Error: ${target('forbidden')}: ${registry.host} does not allow this login to push`);
      expect(stderr).toContain('1 of 2 images were not pushed');
      expect(JSON.parse(stdout)).toEqual({
        complete: false,
        images: [
          {
            image: `${org}/forbidden:local`,
            target: target('forbidden'),
            error: `${registry.host} does not allow this login to push`,
          },
          { image: `${org}/web:local`, target: target('web'), digest: await registry.digest('partly/web', tag) },
        ],
      });
    } finally {
      await registry.stop();
    }
  });
});
