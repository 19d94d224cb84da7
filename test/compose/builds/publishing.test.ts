import { readFile } from 'node:fs/promises';
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import { run, runOrFail } from '../../../src/system/process/process.js';
import { eventually } from '../../support/eventually.js';
import {
  describeWithRegistry,
  registryUser,
  startRegistry,
  type TestRegistry,
} from '../../support/registry/registry.js';
import { BuildSite, tinyDockerfile } from './support.js';

describeWithRegistry('build-containers --publish-images', () => {
  let site: BuildSite;
  let open: TestRegistry;
  let closed: TestRegistry;

  beforeAll(async () => {
    [site, open, closed] = await Promise.all([BuildSite.make(), startRegistry(), startRegistry({ auth: 'basic' })]);
  });
  afterAll(() => Promise.all([site.remove(), open.stop(), closed.stop()]));
  beforeEach(async () => {
    for (const name of ['one', 'two']) await site.file(name, 'Dockerfile', tinyDockerfile(name));
    await site.stack(['one', 'two']);
  });

  const publish = (registry: string, ...more: string[]): string[] => [
    '--publish-images',
    '--image-registry',
    registry,
    ...more,
  ];

  async function inRegistry(image: string): Promise<string> {
    await runOrFail('pull', 'docker', ['pull', '--quiet', image]);
    const format = '{{index .Config.Labels "line"}}';
    return (await runOrFail('inspect', 'docker', ['image', 'inspect', '--format', format, image])).stdout.trim();
  }

  it('pushes each image under the full name of its container, with a tag that sorts by time', async () => {
    const { code, stdout, stderr } = await site.build(publish(`${open.host}/team/`));

    expect(code, stderr).toBe(0);
    expect(stdout).toBe(
      `Dev Root is: ${site.path('repositories')}\nBuilding: ${site.org}/one\nBuilding: ${site.org}/two\n`,
    );
    expect(stderr).toMatch(/2 of 2 images built, 2 published, in /);
    for (const name of ['one', 'two']) {
      const pushed = new RegExp(
        `${open.host}/team/${site.org}/${name}:(20\\d{12}-[0-9a-f]{12})(@sha256:[0-9a-f]{64})`,
      ).exec(stderr);
      expect(pushed, stderr).not.toBeNull();
      expect(await inRegistry(`${open.host}/team/${site.org}/${name}${pushed?.[2] ?? ''}`)).toBe(name);
      expect(await inRegistry(`${open.host}/team/${site.org}/${name}:${pushed?.[1] ?? ''}`)).toBe(name);
    }
  });

  it('gives a second run a new tag or the same image, and --publish-tag gives all images one tag', async () => {
    const { code, stderr } = await site.build(publish(open.host, '--publish-tag', 'v1.2', '--jobs', '2'));

    expect(code, stderr).toBe(0);
    expect(await inRegistry(`${open.host}/${site.org}/one:v1.2`)).toBe('one');
    expect(await inRegistry(`${open.host}/${site.org}/two:v1.2`)).toBe('two');
  });

  it('contacts no registry and pushes nothing in a dry run', async () => {
    const before = closed.log() + open.log();

    const { code, stdout } = await site.build(publish(`${open.host}/dry`), {}, ['--dry-run']);

    expect(code).toBe(0);
    expect(stdout).toContain(`would publish ${open.host}/dry/${site.org}/one:<time>-<image id>\n`);
    expect(closed.log() + open.log()).toBe(before);
    const local = await run('docker', ['image', 'ls', '--quiet', `${open.host}/dry/*/*`]);
    expect(local.stdout).toBe('');
  });

  it.each([
    [['--publish-images'], '--image-registry must be supplied with --publish-images'],
    [publish('https://host/org'), '--image-registry https://host/org: images are named by host and path only'],
    [publish('host', '--publish-tag', 'a b'), '--publish-tag "a b": must be at most 128 letters'],
    [publish('localhost:1/x'), 'localhost:1 cannot be reached (connection refused)'],
  ])('builds nothing with %j and exits with 1', async (args, message) => {
    await run('docker', ['image', 'rm', `${site.org}/one:local`]);

    const { code, stderr } = await site.build(args);

    expect(code).toBe(1);
    expect(stderr).toContain(message);
    expect(await site.line('one')).toBeUndefined();
  });

  it('reports a missing login before anything is built, and uses that of docker login', async () => {
    await run('docker', ['image', 'rm', `${site.org}/one:local`]);
    const login = (password: string): string =>
      JSON.stringify({
        auths: { [closed.host]: { auth: Buffer.from(`${registryUser.name}:${password}`).toString('base64') } },
      });

    const nobody = await site.build(publish(closed.host));
    expect(nobody.code).toBe(1);
    expect(nobody.stderr).toContain(`nothing is built: ${closed.host} requires a login\ndocker login ${closed.host}`);

    await site.put('home/.docker/config.json', login('wrong'));
    const wrong = await site.build(publish(closed.host));
    expect(wrong.code).toBe(1);
    expect(wrong.stderr).toContain(`${closed.host} rejects the login that docker has for it`);
    expect(await site.line('one')).toBeUndefined();

    await site.put('home/.docker/config.json', login(registryUser.password));
    const done = await site.build(publish(`${closed.host}/x`), {}, ['--verbose']);
    expect(done.code, done.stderr).toBe(0);
    expect(done.stderr).toContain(`Publishing this image: ${site.org}/one:local to this registry: ${closed.host}/x`);
    expect(done.stdout + done.stderr + (await readFile(site.log('one'), 'utf8'))).not.toContain(registryUser.password);
  });

  it('publishes only what was built', async () => {
    await site.stack(['kept']);
    await site.file('kept', 'Dockerfile', tinyDockerfile('old'));
    await site.file('kept', 'build.sh', '#!/bin/sh\ndocker build -t ORG/kept:local "$(dirname "$0")"\n');
    expect(await site.build()).toMatchObject({ code: 0 });
    await site.file('kept', 'build.sh', '#!/bin/sh\ndocker build -t ORG/other:local "$(dirname "$0")"\n');
    await site.file('kept', 'Dockerfile', tinyDockerfile('new'));

    const built = await site.build();
    expect(built.code).toBe(0);
    expect(built.stderr).toMatch(
      /^WARNING: the build of \S+\/kept succeeded, but \S+\/kept:local is still the earlier image/m,
    );

    const published = await site.build(publish(open.host));
    expect(published.code).toBe(1);
    expect(published.stderr).toContain('nothing is published: the build of');
    expect(await open.tags(`${site.org}/kept`)).toEqual([]);
  });

  it('exits with 1 when a push fails, and prints how to push again', async () => {
    const gone = await startRegistry();
    const [reached, stopped] = [site.path('reached'), site.path('stopped')];
    const script = `#!/bin/sh\ntouch ${reached}; until [ -e ${stopped} ]; do sleep 0.1; done\n`;
    await site.file('two', 'build.sh', `${script}docker build -t ORG/two:local "$(dirname "$0")"\n`);

    const running = site.build(publish(gone.host));
    await eventually('the second build', () => site.exists('reached'));
    await gone.stop();
    await site.write('stopped', '');
    const { code, stderr } = await running;

    expect(code).toBe(1);
    expect(stderr).toMatch(/1 of 2 images built, 1 published/);
    expect(stderr).toMatch(
      new RegExp(`built, but not published as ${gone.host}/${site.org}/two:\\S+: ${gone.host} cannot be reached`),
    );
    expect(stderr).toContain(`docker image push ${gone.host}/${site.org}/two:`);
    expect(await site.line('two')).toBe('two');
  });
});
