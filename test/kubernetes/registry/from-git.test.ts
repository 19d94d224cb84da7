import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { run } from '../../../src/system/process/process.js';
import { deleteNamespaces, describeWithCluster, shared } from '../../support/kubernetes/cluster.js';
import { FromGit, pages } from '../../support/stories/from-git-story.js';
import { startRegistry, type TestRegistry } from '../../support/registry/registry.js';

const namespace = `from-git-${randomBytes(4).toString('hex')}`;

describeWithCluster('from the repositories of an organisation to a running pod, through a registry', () => {
  let story: FromGit;
  let registry: TestRegistry;

  beforeAll(async () => {
    [story, registry] = await Promise.all([FromGit.make(), startRegistry({ node: shared.node })]);
  });
  afterAll(async () => {
    await deleteNamespaces(namespace);
    const { stdout } = await run('docker', ['images', '--quiet', `${registry.host}/*`]);
    await run('docker', ['rmi', '--force', ...stdout.split('\n').filter(Boolean)]);
    await registry.stop();
    await story.remove();
  });

  const page = async (): Promise<string> =>
    (await story.deployment('exec', 'web', 'wget -qO- http://127.0.0.1/page')).stdout;

  it('takes fetch-stack, setup-repositories, build-containers, init, create, push-images and start', async () => {
    await story.build();
    const init = ['--kube-config', shared.kubeconfig, '--image-registry', `${registry.host}/team`];
    await story.create('k8s', init, `namespace: ${namespace}\n`);
    await story.deployment('push-images');
    await story.deployment('start');
    expect(await page()).toBe(pages.first);
  });

  it('takes setup-repositories --pull, build-containers, push-images and restart for a new commit', async () => {
    await story.rebuild();
    await story.deployment('push-images');
    await story.deployment('restart');
    expect(await page()).toBe(pages.second);
  });
});
