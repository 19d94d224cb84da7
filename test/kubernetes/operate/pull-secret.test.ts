import { afterAll, beforeAll, expect, it } from 'vitest';
import { mapOf } from '../../../src/system/plain-map.js';
import { describeWithCluster, kubectl } from '../../support/kubernetes/cluster.js';
import type { Deployed } from '../../support/kubernetes/cluster-sandbox.js';
import { deploy, server, service } from './stack.js';

describeWithCluster('the pull Secret for the registry', () => {
  let site: Deployed;
  beforeAll(async () => {
    site = await deploy({
      pods: { app: server('web') },
      jobs: { seed: service('seed', 'exit 0') },
      spec: 'image-pull-secret: { server: registry.example.org, username: me, token-env: PULL_TOKEN }\n',
    });
  });
  afterAll(() => site.remove());

  const start = (env: NodeJS.ProcessEnv) => site.sandbox.cli(['deployment', '--dir', 'dep', 'start'], { env });
  const pullSecrets = async (kind: string): Promise<unknown[]> => {
    const { items = [] } = await site.get(kind);
    return items.map((each) => mapOf(mapOf(mapOf(mapOf(each).spec).template).spec).imagePullSecrets);
  };

  it('is refused without a token, with the line of the spec, and nothing is applied', async () => {
    const { code, stderr } = await start({});
    expect(code).toBe(1);
    expect(stderr).toMatch(
      /^Error: \S+\/spec\.yml:\d+ image-pull-secret: the token for registry\.example\.org cannot be read: the variable PULL_TOKEN is not set; nodes cannot pull without it$/m,
    );
    expect(await kubectl('get', 'namespace', site.namespace, '--ignore-not-found')).toBe('');
  });

  it('is created before the pods of Deployments and Jobs, which refer to it, and the token is never shown', async () => {
    const { code, stdout, stderr } = await start({ PULL_TOKEN: 'tok-of-the-registry' });
    expect({ code, stderr }).toMatchObject({ code: 0 });
    expect(stdout + stderr).not.toContain('tok-of-the-registry');
    const names = (await site.names('secrets')).filter((name) => name.endsWith('-image-pull-secret'));
    expect(names).toHaveLength(1);
    for (const kind of ['deployments', 'jobs']) expect(await pullSecrets(kind)).toEqual([[{ name: names[0] }]]);
  });

  it('is deleted when it is removed from the spec, and no Deployment refers to it any more', async () => {
    await site.sandbox.edit('dep/spec.yml', 'image-pull-secret:', 'x-image-pull-secret:');
    expect(await start({})).toMatchObject({ code: 0 });
    expect((await site.names('secrets')).filter((name) => name.endsWith('-image-pull-secret'))).toEqual([]);
    expect(await pullSecrets('deployments')).toEqual([undefined]);
  });
});
