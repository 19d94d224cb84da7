import { randomBytes } from 'node:crypto';
import { rm } from 'node:fs/promises';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { run } from '../../../src/system/process/process.js';
import { deleteNamespaces, describeWithCluster, shared } from '../../support/kubernetes/cluster.js';
import { registryUser, startRegistry, type TestRegistry } from '../../support/registry/registry.js';
import { ClusterSandbox, Deployed } from '../../support/kubernetes/cluster-sandbox.js';

const unique = randomBytes(4).toString('hex');
const org = `laconic-push-${unique}`;
const namespace = `push-${unique}`;

/**
 * The target is not kind, where images are loaded into the node: the images of this one are pulled, as on any other
 * cluster.
 */
describeWithCluster('push-images, and a cluster that pulls the pushed images', () => {
  let registry: TestRegistry;
  let sandbox: ClusterSandbox;
  let deployed: Deployed;
  let tag: string;
  /** Ids of all builds, since older ones lose their names. */
  const built: string[] = [];
  const env = { REGISTRY_TOKEN: registryUser.password };

  // A label of this run, without which the node would use the same image from another run's registry.
  const build = async (name: string, page: string): Promise<void> => {
    const dockerfile = `FROM busybox:1.36\nRUN mkdir /www && echo ${page} > /www/page\nLABEL run=${unique}\nCMD ["httpd", "-f", "-p", "80", "-h", "/www"]\n`;
    await sandbox.write(`images/${name}/Dockerfile`, dockerfile);
    const words = ['build', '--quiet', '--tag', `${org}/${name}:local`, sandbox.path(`images/${name}`)];
    built.push((await sandbox.docker(...words)).trim());
  };
  const program = (...args: string[]) => sandbox.succeed(['deployment', '--dir', 'd', ...args], { env });

  beforeAll(async () => {
    registry = await startRegistry({ auth: 'basic', node: shared.node });
    sandbox = await ClusterSandbox.make({
      'x/stacks/push/stack.yml': 'name: push\npods: [web, still]\njobs: [job]\n',
      'x/compose/docker-compose-web.yml': `services:\n  web:\n    image: ${org}/web:local\n    stop_signal: SIGKILL\n    stop_grace_period: 1s\n`,
      'x/compose/docker-compose-still.yml': `services:\n  still:\n    image: ${org}/still:local\n    stop_grace_period: 1s\n`,
      'x/compose-jobs/docker-compose-job.yml': `services:\n  job:\n    image: ${org}/job:local\n    command: ["cat", "/www/page"]\n`,
      'docker/keep': '',
    });
    await build('web', 'first');
    await build('still', 'still');
    await build('job', 'from-the-job');
    await sandbox.write(
      'spec.yml',
      [
        'stack: BASE/x/stacks/push',
        'deploy-to: k8s',
        `kube-config: ${shared.kubeconfig}`,
        `namespace: ${namespace}`,
        `image-registry: ${registry.host}/team`,
        `image-pull-secret: {server: "${registry.host}", username: ${registryUser.name}, token-env: REGISTRY_TOKEN}`,
        '',
      ].join('\n'),
    );
    await sandbox.succeed(['deploy', 'create', '--spec-file', 'spec.yml', '--deployment-dir', 'd'], { env });
    const app = /^deployment-id: (\S+)$/m.exec(await sandbox.read('d/deployment.yml'))?.[1] ?? '';
    deployed = new Deployed(sandbox, 'd', app, namespace);
    tag = `deploy-${app.slice(-8)}`;
  });
  afterAll(async () => {
    await deleteNamespaces(namespace);
    const names = ['web', 'still', 'job'].flatMap((name) => [
      `${org}/${name}:local`,
      `${registry.host}/team/${name}:${tag}`,
    ]);
    await run('docker', ['rmi', '--force', ...names, ...built]);
    const inNode = ['exec', shared.node, 'ctr', '-n', 'k8s.io', 'images'];
    const { stdout } = await run('docker', [...inNode, 'ls', '--quiet']);
    const pulled = stdout.split('\n').filter((name) => name.startsWith(`${registry.host}/`));
    if (pulled.length > 0) await run('docker', [...inNode, 'rm', ...pulled]);
    await registry.stop();
    await sandbox.remove();
  });

  it('push-images uses the names that render prints, also for jobs', async () => {
    const { stdout } = await program('push-images', '--format', 'json');
    const { images } = JSON.parse(stdout) as { images: { image: string; target: string; digest: string }[] };
    expect(images).toEqual(
      await Promise.all(
        ['job', 'still', 'web'].map(async (name) => ({
          image: `${org}/${name}:local`,
          target: `${registry.host}/team/${name}:${tag}`,
          digest: await registry.digest(`team/${name}`, tag),
        })),
      ),
    );
    const rendered = (await program('render')).stdout;
    expect(rendered.match(/image: \S+/g)).toContain(`image: ${registry.host}/team/web:${tag}`);
    for (const { image } of images) expect(rendered).not.toContain(image);
  });

  it('pods pull them with the login of image-pull-secret, and become ready', async () => {
    await program('start', '--wait-timeout', '120');
    expect(await deployed.inContainer('web', 'cat', '/www/page')).toBe('first\n');
    const { status } = await deployed.podWith('web');
    const { imageID } = (status.containerStatuses as { imageID: string }[])[0] ?? {};
    expect(imageID).toBe(`${registry.host}/team/web@${await registry.digest('team/web', tag)}`);
    expect(registry.log()).toMatch(/GET \/v2\/team\/web\/manifests\/\S+ .*containerd/);
  });

  it('a job pulls them, too', async () => {
    expect((await program('run-job', 'job')).stdout).toContain('from-the-job');
  });

  const podNames = async (): Promise<string[]> =>
    Promise.all(['web', 'still'].map(async (name) => (await deployed.podWith(name)).metadata.name));

  it('start rolls out a new build after it was pushed, and nothing else', async () => {
    const [web, still] = await podNames();
    await build('web', 'second');
    const { stderr } = await program('push-images');
    expect(stderr).toContain(`web:${tag}: pushed, ${await registry.digest('team/web', tag)}`);
    expect(stderr).toContain('pods get the new values with: laconic-so deployment --dir');
    await program('start', '--wait-timeout', '120');
    expect(await deployed.inContainer('web', 'cat', '/www/page')).toBe('second\n');
    const [newWeb, sameStill] = await podNames();
    expect(newWeb).not.toBe(web);
    expect(sameStill).toBe(still);
  });

  it('pushing the same build again changes nothing', async () => {
    const before = await podNames();
    await program('push-images');
    await program('start', '--wait-timeout', '120');
    expect(await podNames()).toEqual(before);
  });

  it('restart rolls out the push even when its digests could not be recorded', async () => {
    await build('web', 'third');
    await sandbox.write('d/.laconic/pushed-images.json', '{"cut off');
    const { stderr } = await program('push-images');
    expect(stderr).toMatch(/pushed-images\.json is damaged: pods get the new values with: .* restart/);
    await rm(sandbox.path('d/.laconic/pushed-images.json'));
    await program('restart', '--no-git-pull', '--wait-timeout', '120');
    expect(await deployed.inContainer('web', 'cat', '/www/page')).toBe('third\n');
  });

  it('push-images does not push an image of restart --image in place of another one', async () => {
    await program('restart', '--no-git-pull', '--image', 'web=busybox:1.36', '--no-wait');
    const { stdout } = await program('push-images', '--format', 'json');
    const { images } = JSON.parse(stdout) as { images: { image: string }[] };
    expect(images.map(({ image }) => image)).toEqual([`${org}/job:local`, `${org}/still:local`]);
  });
});
