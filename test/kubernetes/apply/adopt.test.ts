import { afterAll, beforeAll, expect, it } from 'vitest';
import { resources } from '../../../src/deployers/kubernetes/api/resources.js';
import type { KubernetesObject } from '../../../src/deployers/kubernetes/objects/common/object.js';
import { describeWithCluster, kubectl } from '../../support/kubernetes/cluster.js';
import { createAsPython, type Site, site } from './support.js';
import { mapOf } from '../../../src/system/plain-map.js';

/** An object as the Python program creates it: with its client and only its labels. */
function old(at: Site, object: KubernetesObject): KubernetesObject {
  const { deploymentId: app, stack } = at.identity;
  return { ...object, metadata: { ...object.metadata, labels: { app, 'app.kubernetes.io/stack': stack } } };
}

/** Without the label that pods of the Python program do not have. */
function oldPods(deployment: KubernetesObject, at: Site): KubernetesObject {
  const spec = mapOf(deployment.spec);
  const template = mapOf(spec.template);
  const { deploymentId: app, stack } = at.identity;
  const labels = { app, 'app.kubernetes.io/stack': stack };
  return {
    ...deployment,
    spec: { ...spec, selector: { matchLabels: { app } }, template: { ...template, metadata: { labels } } },
  };
}

function newPods(deployment: KubernetesObject, at: Site): KubernetesObject {
  const spec = mapOf(deployment.spec);
  return { ...deployment, spec: { ...spec, selector: { matchLabels: { app: at.identity.deploymentId } } } };
}

/** @param className without it, the deprecated annotation sets the class, as the Python program does */
function ingress(at: Site, className?: string): KubernetesObject {
  const { deploymentId: app, namespace } = at.identity;
  const service = { name: `${app}-service`, port: { number: 80 } };
  const path = { path: '/', pathType: 'Prefix', backend: { service } };
  return {
    apiVersion: 'networking.k8s.io/v1',
    kind: 'Ingress',
    metadata: {
      name: `${app}-ingress`,
      namespace,
      labels: at.labels,
      ...(className === undefined ? { annotations: { 'kubernetes.io/ingress.class': 'nobody' } } : {}),
    },
    spec: {
      ...(className === undefined ? {} : { ingressClassName: className }),
      rules: [{ host: `${app}.example.org`, http: { paths: [path] } }],
    },
  };
}

describeWithCluster('adopting objects of the Python program', () => {
  let at: Site;
  beforeAll(async () => {
    at = await site();
  });
  afterAll(() => at.remove());

  const named = (suffix: string): string => `${at.identity.deploymentId}-${suffix}`;
  const annotations = (): Record<string, string> => ({ 'laconic.com/deployment-dir': at.identity.directory });

  it('takes over every object: fields that are no longer set are removed, nothing conflicts, and no claim or volume changes', async () => {
    const { deploymentId: app, namespace } = at.identity;
    const deployment = oldPods(at.deployment(named('deployment'), { claim: named('data'), env: 'old' }), at);
    const containers = mapOf(mapOf(mapOf(deployment.spec).template).spec).containers as object[];
    Object.assign(containers[0] ?? {}, { resources: { limits: { memory: '2000M' } }, tty: true });
    await createAsPython(
      {
        apiVersion: 'v1',
        kind: 'Namespace',
        metadata: { name: namespace, labels: { app }, annotations: annotations() },
      },
      ...at.volume(named('data')).map((object) => old(at, object)),
      old(at, at.configmap(named('config'), { removed: 'x', key: 'old' })),
      old(at, deployment),
      old(at, at.service(named('service'))),
      old(
        at,
        at.service(named('nodeport-80-tcp'), {
          type: 'NodePort',
          ports: [{ port: 80, targetPort: 80, protocol: 'TCP' }],
        }),
      ),
      old(at, at.job(named('job-seed'))),
      old(at, ingress(at)),
      {
        apiVersion: 'v1',
        kind: 'Secret',
        metadata: { name: named('generated-secrets'), namespace },
        data: { OLD: 'eA==' },
      },
    );
    const job = `job/${named('job-seed')}`;
    await kubectl('wait', '--for=condition=complete', job, '--timeout=120s', '--namespace', namespace);
    const before = await at.api.get(resources.Deployment, named('deployment'), namespace);
    const wanted = [
      ...at.volume(named('data')),
      at.configmap(named('config'), { key: 'new' }),
      newPods(at.deployment(named('deployment'), { claim: named('data'), env: 'new' }), at),
      at.service(named('service')),
      at.job(named('job-seed')),
      ingress(at, 'nobody'),
      {
        apiVersion: 'v1',
        kind: 'Secret',
        metadata: { name: named('generated-secrets'), namespace, labels: at.labels },
        data: { NEW: 'eA==' },
      },
    ];
    const { stdout, stderr } = await at.start(wanted);
    expect(stdout.split('\n').filter(Boolean).sort()).toEqual([
      `Job ${named('job-seed')} already exists, skipping`,
      `Updated Deployment ${named('deployment')} (rolling update)`,
      `Updated Ingress ${named('ingress')}`,
      `Updated K8s Secret '${named('generated-secrets')}' with 1 secret(s)`,
      `Updated Service ${named('service')}`,
    ]);
    expect(stderr).toContain(`Service ${named('nodeport-80-tcp')} is no longer in the stack: removed`);

    const live = await at.api.get(resources.Deployment, named('deployment'), namespace);
    expect(live?.metadata.uid).toBe(before?.metadata.uid);
    const [container] = mapOf(mapOf(mapOf(live?.spec).template).spec).containers as Record<string, unknown>[];
    expect(container).toMatchObject({ env: [{ name: 'VALUE', value: 'new' }], resources: {} });
    expect(container).not.toHaveProperty('tty');
    const config = await at.api.get(resources.ConfigMap, named('config'), namespace);
    expect(config?.data).toEqual({ key: 'new' });
    const secret = await at.api.get(resources.Secret, named('generated-secrets'), namespace);
    expect(Object.keys(mapOf(secret?.data))).toEqual(['NEW']);
    const adopted = await at.api.get(resources.Ingress, named('ingress'), namespace);
    expect(mapOf(adopted?.spec).ingressClassName).toBe('nobody');
    expect(adopted?.metadata.annotations).not.toHaveProperty(['kubernetes.io/ingress.class']);
    expect(await at.api.get(resources.Service, named('nodeport-80-tcp'), namespace)).toBeUndefined();
    for (const type of [resources.PersistentVolume, resources.PersistentVolumeClaim, resources.Job]) {
      const name = type === resources.Job ? named('job-seed') : named('data');
      const object = await at.api.get(type, name, type.namespaced ? namespace : undefined);
      expect(object?.metadata.labels).toMatchObject({ 'laconic.com/deployment-id': app });
    }

    expect((await at.start(wanted)).requests).toEqual([]);
  });

  it('switches between strategies both ways, also for objects of that client', async () => {
    const rolling = { type: 'RollingUpdate', rollingUpdate: { maxUnavailable: 0, maxSurge: 1 } };
    const web = (strategy: object): KubernetesObject => {
      const made = at.deployment(named('deployment'));
      return newPods({ ...made, spec: { ...mapOf(made.spec), strategy } }, at);
    };
    const stays = at.volume(named('data'));
    await at.start(stays);
    await createAsPython(oldPods(old(at, web(rolling)), at));
    for (const strategy of [{ type: 'Recreate' }, rolling, { type: 'Recreate' }]) {
      await at.start([...stays, web(strategy)]);
      const live = await at.api.get(resources.Deployment, named('deployment'), at.identity.namespace);
      expect(mapOf(live?.spec).strategy).toEqual(strategy);
    }
  });

  it('reports a conflict with another field manager during adoption, too', async () => {
    const { namespace } = at.identity;
    await createAsPython(old(at, at.configmap(named('late'), { key: 'old' })));
    const patch = ['patch', 'configmap', named('late'), '--namespace', namespace, '--type=merge'];
    await kubectl(...patch, '-p', '{"data":{"key":"by hand"}}', '--field-manager=operator-by-hand');
    await expect(at.start([at.configmap(named('late'), { key: 'ours' })])).rejects.toThrow(
      `ConfigMap ${named('late')} has fields that another client has changed:\n  data.key: set by operator-by-hand`,
    );
  });
});

describeWithCluster('the namespace of a deployment', () => {
  it('belongs to the first deployment, while another one is refused with both names and writes nothing', async () => {
    const first = await site('taken');
    try {
      await first.start([]);
      const second = await site('taken', { namespace: first.identity.namespace });
      await expect(second.start([second.configmap('x')])).rejects.toThrow(
        `namespace ${first.identity.namespace} belongs to deployment ${first.identity.deploymentId} (${first.identity.directory}), not to ${second.identity.deploymentId} (${second.identity.directory})`,
      );
      expect(await first.api.get(resources.ConfigMap, 'x', first.identity.namespace)).toBeUndefined();
    } finally {
      await first.remove();
    }
  });

  it('is adopted when it was made by hand, or when the directory was moved', async () => {
    const at = await site('moved');
    try {
      await kubectl('create', 'namespace', at.identity.namespace);
      await at.start([]);
      const moved = await site('moved', { ...at.identity, directory: '/srv/elsewhere' });
      await moved.start([]);
      const namespace = await at.api.get(resources.Namespace, at.identity.namespace);
      expect(namespace?.metadata.annotations).toMatchObject({ 'laconic.com/deployment-dir': '/srv/elsewhere' });
    } finally {
      await at.remove();
    }
  });

  it('is updated once when the directory was moved', async () => {
    const at = await site('moved-own');
    try {
      await at.start([]);
      const moved = await site('moved-own', { ...at.identity, directory: '/srv/elsewhere' });
      await moved.start([]);
      const namespace = await at.api.get(resources.Namespace, at.identity.namespace);
      expect(namespace?.metadata.annotations).toMatchObject({ 'laconic.com/deployment-dir': '/srv/elsewhere' });
      expect((await moved.start([])).requests).toEqual([]);
    } finally {
      await at.remove();
    }
  });

  it('is awaited and recreated while it is being deleted', async () => {
    const at = await site();
    try {
      const objects = [at.deployment('web'), ...at.volume(`${at.identity.deploymentId}-data`)];
      await at.start(objects);
      const bound = '--for=jsonpath={.status.phase}=Bound';
      await kubectl('wait', bound, `persistentvolume/${at.identity.deploymentId}-data`, '--timeout=60s');
      const [namespace, held] = [at.identity.namespace, ['configmap', 'held', '--namespace', at.identity.namespace]];
      await kubectl('create', ...held);
      await kubectl('patch', ...held, '--patch', '{"metadata": {"finalizers": ["example.org/held"]}}');
      await kubectl('delete', 'namespace', namespace, '--wait=false');
      await expect(at.start(objects, { goneSeconds: 1 })).rejects.toThrow(
        new RegExp(`^after 1 s these still exist: Namespace ${namespace}`),
      );
      await kubectl('patch', ...held, '--patch', '{"metadata": {"finalizers": null}}');
      const { stdout, stderr } = await at.start(objects);
      expect(stderr).toContain(`namespace ${at.identity.namespace} is being deleted: it is recreated once it is gone`);
      expect(stdout).toContain('Created Deployment web');
      expect(stdout).toContain(`PV ${at.identity.deploymentId}-data is Released, clearing claimRef for rebinding`);
    } finally {
      await at.remove();
    }
  });

  it('belongs to only one of two deployments that start at the same moment', async () => {
    const one = await site('race');
    const other = await site('race', { namespace: one.identity.namespace });
    try {
      const results = await Promise.allSettled([one.start([]), other.start([])]);
      expect(results.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
      const winner = results[0].status === 'fulfilled' ? one : other;
      const namespace = await one.api.get(resources.Namespace, one.identity.namespace);
      expect(namespace?.metadata.labels?.['laconic.com/deployment-id']).toBe(winner.identity.deploymentId);
    } finally {
      await one.remove();
    }
  });

  it('cannot use a volume of the same name that belongs to another namespace', async () => {
    const [one, other] = await Promise.all([site(), site()]);
    try {
      const shared = `${one.identity.deploymentId}-data`;
      await one.start(one.volume(shared));
      const bound = '--for=jsonpath={.status.phase}=Bound';
      await kubectl('wait', bound, `persistentvolume/${shared}`, '--timeout=60s');
      await expect(other.start(other.volume(shared))).rejects.toThrow(
        `PersistentVolume ${shared} belongs to deployment ${one.identity.deploymentId}`,
      );
      expect(await other.api.get(resources.Namespace, other.identity.namespace)).toBeUndefined();
    } finally {
      await Promise.all([one.remove(), other.remove()]);
    }
  });
});
