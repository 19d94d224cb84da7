import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import { resources } from '../../../src/deployers/kubernetes/api/resources.js';
import { describeWithCluster, kubectl } from '../../support/kubernetes/cluster.js';
import type { Deployed } from '../../support/kubernetes/cluster-sandbox.js';
import { deploy, server } from '../operate/stack.js';
import { createAsPython, type Site, site } from './support.js';
import { mapOf } from '../../../src/system/plain-map.js';

describeWithCluster('fields that others have set', () => {
  let at: Site;
  beforeAll(async () => {
    at = await site('conflicts');
  });
  afterAll(() => at.remove());

  const name = (suffix: string): string => `${at.identity.deploymentId}-${suffix}`;
  const wanted = () => [
    at.deployment(name('deployment'), { env: 'ours' }),
    at.configmap(name('config'), { key: 'ours', second: 'ours' }),
    at.configmap(name('calm')),
  ];
  const patched = async (object: string, patch: object, manager: string): Promise<void> => {
    const words = ['patch', object, '--namespace', at.identity.namespace, '--type=strategic'];
    await kubectl(...words, '-p', JSON.stringify(patch), `--field-manager=${manager}`);
  };
  const byOthers = async (): Promise<void> => {
    const env = [{ name: 'VALUE', value: 'theirs' }];
    const template = { spec: { containers: [{ name: 'main', env }] } };
    await patched(`deployment/${name('deployment')}`, { spec: { template } }, 'operator-by-hand');
    await patched(`configmap/${name('config')}`, { data: { key: 'theirs', more: 'theirs' } }, 'other-tool');
  };
  const data = async (config: string): Promise<unknown> =>
    (await at.api.get(resources.ConfigMap, name(config), at.identity.namespace))?.data;

  it('cause an error that names fields, owners and the option, and changes nothing', async () => {
    await at.start(wanted());
    await byOthers();
    const field = 'spec.template.spec.containers[name="main"].env[name="VALUE"].value';
    await expect(at.start(wanted())).rejects.toMatchObject({
      message: [
        `Deployment ${name('deployment')} has fields that another client has changed:\n  ${field}: set by operator-by-hand`,
        `ConfigMap ${name('config')} has fields that another client has changed:\n  data.key: set by other-tool`,
      ].join('\n'),
      hint: expect.stringMatching(/^nothing of this deployment was changed; .*--force-conflicts/) as string,
    });
    expect(await data('config')).toEqual({ key: 'theirs', second: 'ours', more: 'theirs' });
  });

  it('are taken over on demand and listed per object, while fields that the program does not set are kept', async () => {
    const { stderr, requests } = await at.start(wanted(), { forceConflicts: true });
    const field = 'spec.template.spec.containers[name="main"].env[name="VALUE"].value';
    expect(stderr).toContain(
      `Deployment ${name('deployment')} has these fields set by this deployment again:\n  ${field}: was set by operator-by-hand\n`,
    );
    expect(stderr).toContain(
      `ConfigMap ${name('config')} has these fields set by this deployment again:\n  data.key: was set by other-tool\n`,
    );
    expect(requests.filter((one) => one.includes(name('calm')))).toEqual([]);
    expect(await data('config')).toEqual({ key: 'ours', second: 'ours', more: 'theirs' });
    const live = await at.api.get(resources.Deployment, name('deployment'), at.identity.namespace);
    const { containers } = mapOf(mapOf(mapOf(live?.spec).template).spec) as { containers: unknown[] };
    expect(mapOf(containers[0]).env).toEqual([{ name: 'VALUE', value: 'ours' }]);
  });

  it('are taken over once: the next start writes nothing and needs no option', async () => {
    const { stderr, requests } = await at.start(wanted());
    expect([stderr, requests]).toEqual(['', []]);
  });

  it('do not include the replicas of a scaled Deployment', async () => {
    await kubectl('scale', `deployment/${name('deployment')}`, '--replicas=0', '--namespace', at.identity.namespace);
    const { stderr } = await at.start(wanted(), { forceConflicts: true });
    expect(stderr).toContain('keeps its 0 replicas, set by kubectl scale');
    const live = await at.api.get(resources.Deployment, name('deployment'), at.identity.namespace);
    expect(mapOf(live?.spec).replicas).toBe(0);
  });

  it('are taken over during the adoption of objects of the Python program, too', async () => {
    const old = at.configmap(name('old'), { key: 'old', gone: 'old' });
    await createAsPython({ ...old, metadata: { ...old.metadata, labels: { app: at.identity.deploymentId } } });
    await patched(`configmap/${name('old')}`, { data: { key: 'theirs' } }, 'operator-by-hand');
    const objects = [...wanted(), at.configmap(name('old'), { key: 'ours' })];
    const { stderr } = await at.start(objects, { forceConflicts: true });
    expect(stderr).toContain(
      `ConfigMap ${name('old')} has these fields set by this deployment again:\n  data.key: was`,
    );
    expect(await data('old')).toEqual({ key: 'ours' });
  });
});

describeWithCluster('start and restart --force-conflicts', () => {
  let deployed: Deployed | undefined;
  afterEach(async () => deployed?.remove());

  it('take over fields that kubectl set', async () => {
    deployed = await deploy({ pods: { app: server('web', '    environment: {COLOUR: blue}\n') } });
    await deployed.run('start');
    const [deployment = ''] = await deployed.names('deployments');
    for (const command of ['start', 'restart']) {
      await deployed.kubectl('set', 'env', `deployment/${deployment}`, 'COLOUR=red');
      const refused = await deployed.attempt(command);
      expect([refused.code, refused.stderr]).toEqual([1, expect.stringContaining('with --force-conflicts')]);
      const { stdout, stderr } = await deployed.run(command, '--force-conflicts');
      expect(stderr).toMatch(/env\[name="COLOUR"\]\.value: was set by kubectl-set/);
      expect((await deployed.run('exec', 'web', 'echo $COLOUR')).stdout).toBe('blue\n');
      // On Kubernetes a restart replaces every pod, and reports that.
      if (command === 'restart') expect(stdout).toContain('Deployment updated: all pods were recreated.\n');
    }
  });
});
