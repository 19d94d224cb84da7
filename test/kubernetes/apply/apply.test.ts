import { afterAll, beforeAll, expect, it } from 'vitest';
import { resources } from '../../../src/deployers/kubernetes/api/resources.js';
import { describeWithCluster, kubectl, kubectlGet } from '../../support/kubernetes/cluster.js';
import { createAs, type Site, site } from './support.js';
import { mapOf } from '../../../src/system/plain-map.js';

/** Versions of all objects of the namespace by `Kind/name`; a write changes one. */
async function versions(at: Site): Promise<Record<string, string>> {
  const kinds = 'namespace/' + at.identity.namespace;
  const namespace = await kubectlGet(kinds, '--show-managed-fields');
  const { items } = await kubectlGet(
    'deployments,services,configmaps,secrets,ingresses,jobs,persistentvolumeclaims',
    '--namespace',
    at.identity.namespace,
    '--show-managed-fields',
  );
  // What controllers write (a status, that a claim is bound) does not count.
  return Object.fromEntries(
    [namespace, ...(items ?? [])].map((each) => {
      const { kind, metadata } = each as { kind: string; metadata: { name: string; managedFields?: unknown[] } };
      const managed = (metadata.managedFields ?? [])
        .map(mapOf)
        .filter(({ subresource, manager }) => subresource !== 'status' && manager !== 'kube-controller-manager');
      return [`${kind}/${metadata.name}`, JSON.stringify(managed)];
    }),
  );
}

describeWithCluster('applying objects', () => {
  let at: Site;
  beforeAll(async () => {
    at = await site();
  });
  afterAll(() => at.remove());

  const name = (suffix: string): string => `${at.identity.deploymentId}-${suffix}`;
  const all = () => [
    at.configmap(name('config')),
    {
      apiVersion: 'v1',
      kind: 'Secret',
      metadata: { name: name('generated-secrets'), namespace: at.identity.namespace, labels: at.labels },
      type: 'Opaque',
      data: { TOKEN: Buffer.from('not shown').toString('base64') },
    },
    ...at.volume(name('data')),
    at.service(name('service')),
    at.service('web', { clusterIP: 'None', publishNotReadyAddresses: true }),
    at.deployment(name('deployment'), { claim: name('data'), env: '' }),
    at.job(name('job-seed')),
    {
      apiVersion: 'networking.k8s.io/v1',
      kind: 'Ingress',
      metadata: { name: name('ingress'), namespace: at.identity.namespace, labels: at.labels },
      spec: {
        ingressClassName: 'caddy',
        rules: [
          {
            host: `${at.identity.deploymentId}.example.org`,
            http: {
              paths: [
                {
                  path: '/',
                  pathType: 'Prefix',
                  backend: { service: { name: name('service'), port: { number: 80 } } },
                },
              ],
            },
          },
        ],
      },
    },
  ];

  it('creates every kind and prints the lines that scripts read', async () => {
    const { stdout } = await at.start(all());
    expect(stdout.split('\n').filter(Boolean).sort()).toEqual(
      [
        `Created Deployment ${name('deployment')} (strategy: Recreate)`,
        `Created Ingress ${name('ingress')}`,
        `Created K8s Secret '${name('generated-secrets')}' with 1 secret(s)`,
        `Created Service ${name('service')}`,
        'Created Service web',
      ].sort(),
    );
    const claim = await at.api.get(resources.PersistentVolumeClaim, name('data'), at.identity.namespace);
    expect(mapOf(claim?.spec).volumeName).toBe(name('data'));
  });

  it('writes nothing when nothing changed', async () => {
    const job = ['--timeout=120s', `job/${name('job-seed')}`, '--namespace', at.identity.namespace];
    await kubectl('wait', '--for=condition=complete', ...job);
    const before = await versions(at);
    const { stdout, requests } = await at.start(all());
    expect(stdout).toBe(`Job ${name('job-seed')} already exists, skipping\n`);
    expect(requests).toEqual([]);
    expect(await versions(at)).toEqual(before);
  });

  it('updates only what differs, and removes a removed key of a ConfigMap', async () => {
    const before = await versions(at);
    const objects = all().map((object) =>
      object.metadata.name === name('config') ? at.configmap(name('config'), { other: 'x' }) : object,
    );
    const { stdout, requests } = await at.start(objects);
    expect(stdout).toBe(`Job ${name('job-seed')} already exists, skipping\n`);
    expect(requests).toEqual([`check ConfigMap/${name('config')}`, `apply ConfigMap/${name('config')}`]);
    const after = await versions(at);
    const changed = Object.keys(after).filter((key) => after[key] !== before[key]);
    expect(changed).toEqual([`ConfigMap/${name('config')}`]);
    const config = await at.api.get(resources.ConfigMap, name('config'), at.identity.namespace);
    expect(config?.data).toEqual({ other: 'x' });
  });

  it('restores and prints a change made by hand to a field without an owner', async () => {
    // The selector of a Service was emptied, so no manager owns the field.
    const patch = '[{"op":"remove","path":"/spec/selector/app"}]';
    await kubectl(
      'patch',
      'service',
      name('service'),
      '--namespace',
      at.identity.namespace,
      '--type=json',
      '-p',
      patch,
    );
    const { stdout } = await at.start(all());
    expect(stdout).toContain(`Updated Service ${name('service')}\n`);
    const service = await at.api.get(resources.Service, name('service'), at.identity.namespace);
    expect(mapOf(service?.spec).selector).toEqual({ app: at.identity.deploymentId });
  });

  it('reports a conflict with the field and its owner, and changes nothing else', async () => {
    const words = ['set', 'image', `deployment/${name('deployment')}`, 'main=example.org/other:1'];
    await kubectl(...words, '--namespace', at.identity.namespace, '--field-manager=operator-by-hand');
    const before = await versions(at);
    const objects = all().map((object) =>
      object.metadata.name === name('config') ? at.configmap(name('config'), { third: 'x' }) : object,
    );
    await expect(at.start(objects)).rejects.toThrow(
      `Deployment ${name('deployment')} has fields that another client has changed:\n  spec.template.spec.containers[name="main"].image: set by operator-by-hand`,
    );
    expect(await versions(at)).toEqual(before);
    const wanted = mapOf(mapOf(mapOf(mapOf(all().find(({ kind }) => kind === 'Deployment')?.spec).template).spec))
      .containers as { image: string }[];
    const back = ['set', 'image', `deployment/${name('deployment')}`, `main=${wanted[0]?.image ?? ''}`];
    await kubectl(...back, '--namespace', at.identity.namespace, '--field-manager=operator-by-hand');
    await at.start(all());
  });

  it('keeps the replicas of a scaled Deployment, with a message', async () => {
    await kubectl('scale', `deployment/${name('deployment')}`, '--replicas=0', '--namespace', at.identity.namespace);
    const { stderr } = await at.start(all());
    expect(stderr).toContain(`Deployment ${name('deployment')} keeps its 0 replicas, set by kubectl scale`);
    const deployment = await at.api.get(resources.Deployment, name('deployment'), at.identity.namespace);
    expect(mapOf(deployment?.spec).replicas).toBe(0);
  });

  it('recreates a Service that becomes headless, which cannot be changed in place', async () => {
    const before = await at.api.get(resources.Service, name('service'), at.identity.namespace);
    const objects = all().map((object) =>
      object.metadata.name === name('service') ? at.service(name('service'), { clusterIP: 'None' }) : object,
    );
    const { stdout, stderr } = await at.start(objects);
    expect(stdout).toContain(`Created Service ${name('service')}\n`);
    expect(stderr).toContain('a Service cannot change between headless and a cluster IP');
    const after = await at.api.get(resources.Service, name('service'), at.identity.namespace);
    expect(after?.metadata.uid).not.toBe(before?.metadata.uid);
    expect(mapOf(after?.spec).clusterIP).toBe('None');
  });

  it('reports drift of a volume and never applies it', async () => {
    const moved = all().map((object) =>
      object.kind === 'PersistentVolume' ? at.volume(name('data'), '/mnt/elsewhere')[0] : object,
    );
    const { stderr } = await at.start(moved);
    expect(stderr).toContain(
      `WARNING: PersistentVolume ${name('data')} is not changed: spec.hostPath.path is "/mnt/${at.identity.deploymentId}", the spec wants "/mnt/elsewhere"`,
    );
    const volume = await at.api.get(resources.PersistentVolume, name('data'));
    expect(mapOf(mapOf(volume?.spec).hostPath).path).toBe(`/mnt/${at.identity.deploymentId}`);
  });

  it('refuses an object of another tool with the same name, and writes nothing', async () => {
    const foreign = at.configmap('operators-own');
    await createAs('kubectl-create', { ...foreign, metadata: { ...foreign.metadata, labels: {} } });
    const before = await versions(at);
    await expect(at.start([...all(), at.configmap('operators-own', { key: 'ours' })])).rejects.toThrow(
      `ConfigMap operators-own in namespace ${at.identity.namespace} exists already and was not created by this deployment`,
    );
    expect(await versions(at)).toEqual(before);
  });
});

describeWithCluster('several starts with Jobs and volumes', () => {
  let at: Site;
  beforeAll(async () => {
    at = await site();
  });
  afterAll(() => at.remove());

  it('recreate a failed Job, but not one that has completed, even with another definition', async () => {
    const [good, bad] = [`${at.identity.deploymentId}-job-good`, `${at.identity.deploymentId}-job-bad`];
    const wait = (condition: string, job: string): Promise<string> =>
      kubectl(
        'wait',
        `--for=condition=${condition}`,
        `job/${job}`,
        '--namespace',
        at.identity.namespace,
        '--timeout=90s',
      );
    await at.start([at.job(good), at.job(bad, ['/not-there'])]);
    await Promise.all([wait('complete', good), wait('failed', bad)]);
    const before = await at.api.list(resources.Job, { namespace: at.identity.namespace });
    const { stdout, stderr } = await at.start([at.job(good, ['/coredns']), at.job(bad)]);
    expect(stdout).toBe(`Job ${good} already exists, skipping\n`);
    expect(stderr).toContain(`Job ${good} has run with an earlier definition`);
    await wait('complete', bad);
    const after = await at.api.list(resources.Job, { namespace: at.identity.namespace });
    const uid = (jobs: typeof after, job: string): string | undefined =>
      jobs.find(({ metadata }) => metadata.name === job)?.metadata.uid;
    expect(uid(after, good)).toBe(uid(before, good));
    expect(uid(after, bad)).not.toBe(uid(before, bad));
  });

  it('bind a Released volume again, and print it', async () => {
    const data = `${at.identity.deploymentId}-data`;
    const objects = at.volume(data);
    await at.start(objects);
    const phase = (wanted: string): Promise<string> =>
      kubectl('wait', `--for=jsonpath={.status.phase}=${wanted}`, `persistentvolume/${data}`, '--timeout=60s');
    await phase('Bound');
    await kubectl('delete', 'persistentvolumeclaim', data, '--namespace', at.identity.namespace);
    await phase('Released');
    const { stdout } = await at.start(objects);
    expect(stdout).toBe(`PV ${data} is Released, clearing claimRef for rebinding\n`);
    await phase('Bound');
  });
});
