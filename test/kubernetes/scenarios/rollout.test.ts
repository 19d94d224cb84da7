import { randomBytes } from 'node:crypto';
import { readFile, rename, rm, writeFile } from 'node:fs/promises';
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import { run } from '../../../src/system/process/process.js';
import { describeWithCluster, shared } from '../../support/kubernetes/cluster.js';
import { ClusterSandbox, type Deployed, idle, settled } from '../../support/kubernetes/cluster-sandbox.js';

const tree = 'repositories/roll';
const stack = `BASE/${tree}/stacks/roll`;
const image = `scenario-${randomBytes(4).toString('hex')}/code`;

let sandbox: ClusterSandbox;
let deployed: Deployed;
/** The uids of the pods by service before each test. */
let before: Record<string, string>;

const spec = (title: string): string =>
  [
    `config: {TITLE: ${title}, TOKEN: "$generate:hex:16$"}`,
    'credentials-files: [BASE/credentials.env]',
    'volumes: {data: MOUNTED/data, cache: }',
    'network: {http-proxy: [{host-name: roll.example.org, routes: [{path: /, proxy-to: "coded:80"}]}]}',
  ].join('\n');

async function uids(): Promise<Record<string, string>> {
  const services = ['titled', 'coded', 'still'];
  const pods = await Promise.all(services.map((service) => deployed.podWith(service)));
  return Object.fromEntries(services.map((service, index) => [service, pods[index]?.metadata.uid ?? '']));
}

/** Builds the `:local` image with this text in it, as build-containers would. */
async function build(tag: string, text: string): Promise<string> {
  await sandbox.write(
    'image/Dockerfile',
    `FROM busybox:1.36\nRUN echo ${text} > /code\nCMD ["httpd", "-f", "-p", "80"]\n`,
  );
  await sandbox.docker('build', '--quiet', '--tag', `${image}:${tag}`, sandbox.path('image'));
  return (await sandbox.docker('image', 'inspect', '--format', '{{.Id}}', `${image}:${tag}`)).trim();
}

/**
 * Expects that `kubectl diff` prints nothing for the rendered objects, so that the cluster has what is rendered. It
 * reads each object twice, and so also prints what a controller wrote in between.
 */
async function expectNoDifference(): Promise<void> {
  await expect.poll(difference, { timeout: 60_000 }).toBe('');
}

async function difference(): Promise<string> {
  const { stdout: rendered } = await deployed.run('render');
  const args = ['--kubeconfig', shared.kubeconfig, '--context', `kind-${shared.name}`, 'diff', '--server-side'];
  const { code, stdout, stderr } = await run('kubectl', [...args, '--field-manager', 'laconic-so', '--filename', '-'], {
    input: rendered,
  });
  return code === 0 ? stdout : `exit code ${code}\n${stdout}${stderr}`;
}

async function versions(): Promise<Record<string, unknown>> {
  const all = await deployed.objects('deployment,job,ingress,service,configmap,secret,persistentvolumeclaim,pod');
  return Object.fromEntries(
    all.map(({ kind, metadata }) => [
      `${kind}/${metadata.name}`,
      (metadata as { resourceVersion?: string }).resourceVersion,
    ]),
  );
}

describeWithCluster('rollouts', () => {
  beforeAll(async () => {
    sandbox = await ClusterSandbox.make({
      [`${tree}/stacks/roll/stack.yml`]: 'name: roll\npods: [titled, coded, still]\n',
      [`${tree}/compose/docker-compose-titled.yml`]: `services:\n${idle(
        'titled',
        '    environment: {TITLE: "${TITLE}", TOKEN: "${TOKEN}", DB_PASSWORD: "${DB_PASSWORD}"}\n    healthcheck: {interval: 1s, test: [CMD, sh, -c, "test \\"$$DB_PASSWORD\\" = \\"${DB_PASSWORD}\\""]}\n    volumes: ["../config/roll/page.txt:/page.txt:ro", "data:/data", "cache:/cache"]\n',
      )}volumes: {data: , cache: }\n`,
      [`${tree}/compose/docker-compose-coded.yml`]: `services:\n  coded:\n    image: ${image}:local\n    ports: ["80"]\n    stop_grace_period: 1s\n`,
      [`${tree}/compose/docker-compose-still.yml`]: `services:\n${idle('still')}`,
      [`${tree}/config/roll/page.txt`]: 'first page\n',
    });
    await sandbox.write('credentials.env', 'DB_PASSWORD="first password"\n');
    await sandbox.publish(tree);
    await build('local', 'one');
    deployed = await sandbox.deploy(stack, 'd', spec('one'));
    await deployed.run('start');
  });
  afterAll(async () => {
    await sandbox.remove();
    for (const tag of ['local', 'other']) {
      await run('docker', ['image', 'rm', '--force', `${image}:${tag}`]);
      await run('docker', ['exec', shared.node, 'ctr', '-n', 'k8s.io', 'images', 'rm', `docker.io/${image}:${tag}`]);
    }
  });
  beforeEach(async () => {
    before = await uids();
  });

  it('apply what render prints', async () => {
    await expectNoDifference();
  });

  it('write nothing without a change', async () => {
    const seen = await settled(versions);
    await deployed.run('start');
    expect(await versions()).toEqual(seen);
  });

  it('replace the pods that a changed value reaches, and no others', async () => {
    await deployed.update(await sandbox.writeSpec(stack, 'd', spec('two')));
    await deployed.run('start');
    const after = await uids();
    expect(after).toEqual({ ...before, titled: after.titled });
    expect(after.titled).not.toBe(before.titled);
    expect(await deployed.inContainer('titled', 'sh', '-c', 'echo "$TITLE"')).toBe('two\n');
    await expectNoDifference();
  });

  it('are triggered by a changed file of the stack', async () => {
    await sandbox.write(`${tree}/config/roll/page.txt`, 'second page\n');
    await deployed.update('d.spec.yml');
    await deployed.run('start');
    const after = await uids();
    expect(after).toEqual({ ...before, titled: after.titled });
    expect(after.titled).not.toBe(before.titled);
    expect(await deployed.inContainer('titled', 'cat', '/page.txt')).toBe('second page\n');
  });

  it('are triggered by a rotated secret', async () => {
    const token = await deployed.inContainer('titled', 'sh', '-c', 'echo "$TOKEN"');
    await sandbox.create('d.spec.yml', 'd', '--update', '--rotate-secret', 'TOKEN');
    await deployed.run('start');
    expect(await uids()).toMatchObject({ coded: before.coded, still: before.still });
    expect(await deployed.inContainer('titled', 'sh', '-c', 'echo "$TOKEN"')).not.toBe(token);
  });

  it('are triggered by a changed credentials file for the pods that it reaches, and its values are only in a Secret', async () => {
    const secret = `secret/${deployed.app}-credentials`;
    const password = () =>
      deployed.kubectl('get', secret, '--output', 'go-template={{.data.DB_PASSWORD | base64decode}}');
    expect(await password()).toBe('first password');
    expect(await deployed.inContainer('titled', 'sh', '-c', 'echo "$DB_PASSWORD"')).toBe('first password\n');
    expect(JSON.stringify(await deployed.objects('deployment,configmap,pod'))).not.toContain('first password');
    await sandbox.write('credentials.env', 'DB_PASSWORD="second password"\n');
    await deployed.update('d.spec.yml');
    await deployed.run('start');
    expect(await uids()).toMatchObject({ coded: before.coded, still: before.still });
    expect(await password()).toBe('second password');
    expect(await deployed.inContainer('titled', 'sh', '-c', 'echo "$DB_PASSWORD"')).toBe('second password\n');
    await expectNoDifference();
  });

  it('do not happen when a directory of an older version is started with values in its pods, and move these into a Secret at an update', async () => {
    await sandbox.edit('d/deployment.yml', 'credentials: secret\n', '');
    await deployed.run('start');
    const old = await uids();
    expect(await deployed.own('secret')).not.toContain(`Secret/${deployed.app}-credentials`);
    expect(JSON.stringify((await deployed.podWith('titled')).spec)).toContain('second password');
    await deployed.run('start');
    expect(await uids()).toEqual(old);
    await deployed.update('d.spec.yml');
    await deployed.run('start');
    expect(JSON.stringify((await deployed.podWith('titled')).spec)).not.toContain('second password');
    expect(await deployed.own('secret')).toContain(`Secret/${deployed.app}-credentials`);
    expect(await uids()).toMatchObject({ coded: before.coded, still: before.still });
  });

  it('do not replace a lost secret: the Secret of the cluster is named as a copy, and stays', async () => {
    const secret = `${deployed.app}-generated-secrets`;
    const value = (): Promise<string> => deployed.kubectl('get', 'secret', secret, '--output', 'jsonpath={.data}');
    const kept = await value();
    const file = sandbox.path('d/secrets.env');
    const text = await readFile(file);
    await rm(file);
    await rename(sandbox.path('d/.laconic'), sandbox.path('kept-state'));
    const update = ['deploy', 'create', '--spec-file', 'd.spec.yml', '--deployment-dir', 'd', '--update'];
    for (const attempt of [() => deployed.attempt('start'), () => sandbox.cli(update)]) {
      const { code, stderr } = await attempt();
      expect({ code, stderr }).toMatchObject({ code: 1 });
      expect(stderr).toMatch(new RegExp(`^ {2}TOKEN: a copy is in .*the Secret ${secret} of the cluster`, 'm'));
    }
    await rm(sandbox.path('d/.laconic'), { recursive: true });
    await rename(sandbox.path('kept-state'), sandbox.path('d/.laconic'));
    await writeFile(file, text, { mode: 0o600 });
    await deployed.run('start');
    expect(await value()).toBe(kept);
    expect(await uids()).toEqual(before);
  });

  it('send a rebuilt :local image to the node, and its pods run the new code', async () => {
    expect(await deployed.inContainer('coded', 'cat', '/code')).toBe('one\n');
    const behind = async (): Promise<unknown> => {
      const { stdout } = await deployed.run('status', '--format', 'json');
      return (JSON.parse(stdout) as { behind: unknown }).behind;
    };
    expect(await behind()).toEqual([]);
    const id = await build('local', 'two');
    const apply = `laconic-so deployment --dir ${sandbox.path('d')} start`;
    expect(await behind()).toEqual([{ part: 'image', services: ['coded'], apply }]);
    expect((await deployed.run('status')).stderr).toBe(
      `the image of coded was rebuilt; recreate its containers with: ${apply}\n`,
    );
    expect((await deployed.run('start')).stderr).not.toContain('than this host');
    expect(await behind()).toEqual([]);
    const after = await uids();
    expect(after).toEqual({ ...before, coded: after.coded });
    expect(await deployed.inContainer('coded', 'cat', '/code')).toBe('two\n');
    expect(JSON.stringify((await deployed.podWith('coded')).metadata.annotations)).toContain(id);
    await expectNoDifference();
  });

  it('use another image after restart --image, until the next restart', async () => {
    await build('other', 'three');
    await deployed.run('restart', '--image', `coded=${image}:other`);
    expect(await deployed.inContainer('coded', 'cat', '/code')).toBe('three\n');
    await expectNoDifference();
    await deployed.run('start');
    expect(await deployed.inContainer('coded', 'cat', '/code')).toBe('three\n');
  });

  it('replace every pod at a restart, which start does not undo', async () => {
    await deployed.run('restart');
    expect(await deployed.inContainer('coded', 'cat', '/code')).toBe('two\n');
    const after = await uids();
    for (const service of ['titled', 'coded', 'still']) expect(after[service]).not.toBe(before[service]);
    await deployed.run('start');
    expect(await uids()).toEqual(after);
    await expectNoDifference();
  });

  it('prune a removed pod with its objects, and keep its data', async () => {
    await deployed.inContainer('titled', 'sh', '-c', 'echo kept > /data/file; echo kept > /cache/file');
    await sandbox.write(`${tree}/stacks/roll/stack.yml`, 'name: roll\npods: [titled, coded]\n');
    await deployed.update('d.spec.yml');
    await deployed.run('start');
    expect(await deployed.own('deployment')).toEqual(
      ['coded', 'titled'].map((pod) => `Deployment/${deployed.app}-${pod}-deployment`),
    );
    expect(await deployed.own('service')).not.toContain('Service/still');
    expect(await deployed.inContainer('titled', 'cat', '/data/file', '/cache/file')).toBe('kept\nkept\n');
  });
});
