import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { removeDeployment, type RemoveOptions } from '../../../src/deployers/kubernetes/remove/remove.js';
import { resources } from '../../../src/deployers/kubernetes/api/resources.js';
import { describeWithCluster, kubectl, kubectlGet } from '../../support/kubernetes/cluster.js';
import { createAs, createAsPython, type Site, site } from './support.js';

function stop(at: Site, options: Partial<RemoveOptions> = {}): ReturnType<typeof removeDeployment> {
  const all = { deleteVolumes: false, deleteNamespace: false, ...options };
  return removeDeployment(at.identity, at.api, all, at.context());
}

/** `Kind/name` of everything in the namespace, except for what Kubernetes creates there itself. */
async function contents(at: Site): Promise<string[]> {
  const kinds = 'deployments,pods,jobs,services,ingresses,configmaps,secrets,persistentvolumeclaims,endpoints';
  const { items = [] } = await kubectlGet(kinds, '--namespace', at.identity.namespace);
  return (items as { kind: string; metadata: { name: string } }[])
    .map(({ kind, metadata }) => `${kind}/${metadata.name}`)
    .filter((each) => each !== 'ConfigMap/kube-root-ca.crt')
    .sort();
}

async function volumesOf(at: Site): Promise<string[]> {
  const list = await at.api.list(resources.PersistentVolume, { labelSelector: `app=${at.identity.deploymentId}` });
  return list.map(({ metadata }) => metadata.name);
}

function everything(at: Site) {
  const { deploymentId: app } = at.identity;
  return [
    ...at.volume(`${app}-data`),
    at.configmap(`${app}-config`),
    at.service(`${app}-service`),
    at.deployment(`${app}-deployment`, { claim: `${app}-data` }),
    at.job(`${app}-job-seed`),
  ];
}

describeWithCluster('stop', () => {
  describe('of one of two deployments of one stack', () => {
    let one: Site;
    let other: Site;
    beforeAll(async () => {
      one = await site('same-stack');
      other = await site('same-stack');
      await Promise.all([one.start(everything(one)), other.start(everything(other))]);
      const wait = (at: Site, condition: string, object: string): Promise<string> =>
        kubectl(
          'wait',
          `--for=condition=${condition}`,
          `${object.split('-')[0] ?? ''}/${at.identity.deploymentId}-${object}`,
          '--timeout=120s',
          '--namespace',
          at.identity.namespace,
        );
      const pods = (at: Site): Promise<string[]> =>
        Promise.all([wait(at, 'available', 'deployment'), wait(at, 'complete', 'job-seed')]);
      await Promise.all([pods(one), pods(other)]);
    });
    afterAll(async () => {
      await Promise.all([one.remove(), other.remove()]);
    });

    it('removes everything of it before the command returns, and keeps volumes and the namespace', async () => {
      // A start hook's ConfigMap has the stack's label; the operator's own has no label.
      const hook = one.configmap('from-a-hook');
      const own = one.configmap('operators-own');
      const labels = { 'app.kubernetes.io/stack': 'same-stack' };
      await createAs(
        'hook',
        { ...hook, metadata: { ...hook.metadata, labels } },
        { ...own, metadata: { ...own.metadata, labels: {} } },
      );
      await stop(one);
      expect(await contents(one)).toEqual([
        'ConfigMap/operators-own',
        `PersistentVolumeClaim/${one.identity.deploymentId}-data`,
      ]);
      expect(await volumesOf(one)).toEqual([`${one.identity.deploymentId}-data`]);
      expect(await one.api.get(resources.Namespace, one.identity.namespace)).toBeDefined();
      expect(await contents(other)).toContain(`Deployment/${other.identity.deploymentId}-deployment`);
    });

    it('finds nothing the second time and does nothing', async () => {
      expect((await stop(one)).count).toBe(0);
    });

    it('keeps the volume, on which it starts again', async () => {
      const { stdout } = await one.start(everything(one));
      expect(stdout).toContain(`Created Deployment ${one.identity.deploymentId}-deployment`);
      const claim = await one.api.get(
        resources.PersistentVolumeClaim,
        `${one.identity.deploymentId}-data`,
        one.identity.namespace,
      );
      expect((claim?.status as { phase: string }).phase).toBe('Bound');
    });

    it('removes its claims and volumes with --delete-volumes, prints where the data is kept, and touches nothing of the other', async () => {
      const { keptData } = await stop(one, { deleteVolumes: true });
      expect(keptData).toEqual([
        { volume: `${one.identity.deploymentId}-data`, path: `/mnt/${one.identity.deploymentId}` },
      ]);
      expect(await volumesOf(one)).toEqual([]);
      expect(await contents(one)).toEqual(['ConfigMap/operators-own']);
      expect(await volumesOf(other)).toEqual([`${other.identity.deploymentId}-data`]);
      expect(await contents(other)).toContain(`PersistentVolumeClaim/${other.identity.deploymentId}-data`);
    });

    it('refuses --delete-namespace while the namespace contains objects of others, and lists them', async () => {
      await expect(stop(one, { deleteNamespace: true })).rejects.toThrow(
        `namespace ${one.identity.namespace} is not deleted: it contains objects of others: ConfigMap operators-own`,
      );
      await kubectl('delete', 'configmap', 'operators-own', '--namespace', one.identity.namespace);
      await stop(one, { deleteNamespace: true });
      expect(await one.api.get(resources.Namespace, one.identity.namespace)).toBeUndefined();
    });

    it('never touches the namespace of another deployment', async () => {
      const before = await contents(other);
      const stranger = await site('same-stack', { namespace: other.identity.namespace });
      expect((await stop(stranger, { deleteVolumes: true })).count).toBe(0);
      await expect(stop(stranger, { deleteNamespace: true })).rejects.toThrow("it is not this deployment's");
      expect(await contents(other)).toEqual(before);
    });
  });

  describe('with obstacles', () => {
    let at: Site;
    beforeAll(async () => {
      at = await site();
      await at.start([at.configmap(`${at.identity.deploymentId}-config`), at.service('web')]);
    });
    afterAll(() => at.remove());

    it('works by labels without a usable inventory', async () => {
      const damaged = { data: { 'objects.json': 'not what we wrote' } };
      const name = `${at.identity.deploymentId}.inventory`;
      await at.api.patch(resources.ConfigMap, name, at.identity.namespace, damaged, 'somebody');
      await expect(at.start([at.service('web')])).rejects.toThrow("the list of the deployment's objects, is damaged");
      await stop(at);
      expect(await contents(at)).toEqual([]);
      await at.start([at.configmap(`${at.identity.deploymentId}-config`), at.service('web')]);
    });

    it('lists the remaining objects and their finalizers, and exits with 1', async () => {
      const patch = (finalizers: string[]): Promise<string> =>
        kubectl(
          'patch',
          'configmap',
          `${at.identity.deploymentId}-config`,
          '--namespace',
          at.identity.namespace,
          '--type=merge',
          '-p',
          JSON.stringify({ metadata: { finalizers } }),
        );
      await patch(['example.org/hold']);
      const failure = await stop(at, { patienceSeconds: 2 })
        .catch((error: unknown) => error)
        .finally(() => patch([]));
      expect(failure).toMatchObject({
        message: `after 2 s these still exist: ConfigMap ${at.identity.deploymentId}-config (waits for the finalizer example.org/hold)`,
        exitCode: 1,
      });
      await stop(at);
      expect(await contents(at)).toEqual([]);
    });

    it('refuses --delete-namespace while a claim has the only copy of its data', async () => {
      const [, claim] = at.volume(`${at.identity.deploymentId}-data`);
      const spec = { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Mi' } } };
      await at.start([
        { ...claim, spec },
        at.deployment(`${at.identity.deploymentId}-deployment`, { claim: `${at.identity.deploymentId}-data` }),
      ]);
      const claimName = `persistentvolumeclaim/${at.identity.deploymentId}-data`;
      const bound = '--for=jsonpath={.status.phase}=Bound';
      await kubectl('wait', bound, claimName, '--namespace', at.identity.namespace, '--timeout=120s');
      await expect(stop(at, { deleteNamespace: true })).rejects.toThrow(
        `the data of PersistentVolumeClaim ${at.identity.deploymentId}-data would be deleted too`,
      );
      expect(await contents(at)).toContain(`Deployment/${at.identity.deploymentId}-deployment`);
      await stop(at, { deleteNamespace: true, deleteVolumes: true });
      expect(await at.api.get(resources.Namespace, at.identity.namespace)).toBeUndefined();
    });
  });

  it('removes objects of the Python program, including its unlabelled Secrets', async () => {
    const at = await site('python-stack');
    const { deploymentId: app, namespace } = at.identity;
    try {
      await createAsPython(...(await pythonObjects(at)));
      await stop(at, { deleteVolumes: true });
      // This Secret is generated at create under the stack's name, and the Python program keeps it, too.
      expect(await contents(at)).toEqual(['Secret/python-stack-generated-secrets']);
      expect(await volumesOf(at)).toEqual([]);
      await stop(at, { deleteNamespace: true });
      expect(await at.api.get(resources.Namespace, namespace)).toBeUndefined();
    } finally {
      await at.remove();
    }
    expect(app).toMatch(/^laconic-/);
  });
});

/** Objects as the Python program leaves them, with its labels and names. */
async function pythonObjects(at: Site) {
  const { deploymentId: app, stack, namespace, directory } = at.identity;
  const labels = { app, 'app.kubernetes.io/stack': stack };
  const old = <T extends { metadata: object }>(object: T): T => ({
    ...object,
    metadata: { ...object.metadata, labels },
  });
  const secret = (name: string) => ({
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { name, namespace },
    data: { KEY: 'dmFsdWU=' },
  });
  return [
    {
      apiVersion: 'v1',
      kind: 'Namespace',
      metadata: { name: namespace, labels, annotations: { 'laconic.com/deployment-dir': directory } },
    },
    ...at.volume(`${app}-data`).map(old),
    old(at.configmap(`${app}-config`)),
    old(at.deployment(`${app}-deployment`, { claim: `${app}-data` })),
    old(at.service(`${app}-service`)),
    secret(`${app}-image-pull-secret`),
    secret(`${stack}-generated-secrets`),
  ];
}
