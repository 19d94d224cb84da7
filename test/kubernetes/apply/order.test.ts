import { afterEach, beforeEach, expect, it } from 'vitest';
import { planApply } from '../../../src/deployers/kubernetes/apply/plan.js';
import { observe } from '../../../src/deployers/kubernetes/apply/observe.js';
import { executePlan } from '../../../src/deployers/kubernetes/apply/apply.js';
import { connectCluster } from '../../../src/deployers/kubernetes/api/connect.js';
import { resources } from '../../../src/deployers/kubernetes/api/resources.js';
import { describeWithCluster, shared } from '../../support/kubernetes/cluster.js';
import { countWrites, type Site, site } from './support.js';

describeWithCluster('the order of a start, and failed starts', () => {
  let at: Site;
  beforeEach(async () => {
    at = await site();
  });
  afterEach(() => at.remove());

  it('applies configuration, then names, then workloads after their dependencies, then the Ingress', async () => {
    const events: string[] = [];
    const workload = (name: string) => ({ kind: 'Deployment' as const, name });
    const objects = [
      at.namespace(),
      at.deployment('web'),
      at.service('web'),
      at.deployment('db'),
      at.configmap('config'),
      at.job('after'),
    ];
    const { counted, requests } = countWrites(at.api);
    const observed = await observe(at.api, at.identity, objects);
    await executePlan(
      planApply(at.identity, objects, observed),
      counted,
      {
        order: [
          { workload: workload('db'), after: [] },
          { workload: workload('web'), after: [{ workload: workload('db'), condition: 'ready' }] },
          { workload: { kind: 'Job', name: 'after' }, after: [{ workload: workload('web'), condition: 'started' }] },
        ],
        awaitReady: async (workloads) => {
          requests.push(`await ${workloads.map(({ name }) => name).join(' ')}`);
        },
      },
      at.context(),
    );
    events.push(...requests.filter((each) => !each.startsWith('check')));
    const inventory = `apply ConfigMap/${at.identity.deploymentId}.inventory`;
    expect(events).toEqual([
      `create Namespace/${at.identity.namespace}`,
      inventory,
      'apply ConfigMap/config',
      'apply Service/web',
      'apply Deployment/db',
      'await db',
      'apply Deployment/web',
      'apply Job/after',
      inventory,
    ]);
  });

  it('changes nothing and leaves no namespace when the server rejects objects, and reports all of them', async () => {
    const bad = at.deployment('bad', { replicas: -1 });
    const worse = at.service('worse', { ports: [{ port: 99_999 }] });
    const failure = await at.start([at.configmap('good'), bad, worse]).catch((error: unknown) => error);
    expect((failure as Error).message).toContain('cannot apply Deployment bad in namespace');
    expect((failure as Error).message).toContain('cannot apply Service worse in namespace');
    const namespace = await at.api.get(resources.Namespace, at.identity.namespace);
    expect(namespace === undefined || namespace.metadata.deletionTimestamp !== undefined).toBe(true);
  });

  it('does not repeat a secret from an error of the server', async () => {
    const secret = {
      apiVersion: 'v1',
      kind: 'Secret',
      metadata: { name: 'bad', namespace: at.identity.namespace, labels: at.labels },
      data: { TOKEN: 'topsecret!topsecret!' },
    };
    const failure = await at.start([secret]).catch((error: unknown) => error);
    expect((failure as Error).message).toContain('cannot apply Secret bad');
    expect(JSON.stringify(failure) + String(failure)).not.toContain('topsecret');
  });

  it('stops at once when interrupted, and the next start continues', async () => {
    const interrupt = new AbortController();
    const context = { ...at.context(), signal: interrupt.signal };
    const { api } = await connectCluster({ kind: 'k8s-kind', cluster: shared.name }, context);
    const objects = [at.namespace(), at.configmap('one'), at.deployment('db'), at.deployment('web')];
    const workload = (name: string) => ({ kind: 'Deployment' as const, name });
    const observed = await observe(api, at.identity, objects);
    const order = [
      { workload: workload('db'), after: [] },
      { workload: workload('web'), after: [{ workload: workload('db'), condition: 'ready' as const }] },
    ];
    const awaitReady = async (): Promise<void> => interrupt.abort();
    await expect(
      executePlan(planApply(at.identity, objects, observed), api, { order, awaitReady }, context),
    ).rejects.toMatchObject({ exitCode: 130 });
    expect(await at.api.get(resources.Deployment, 'db', at.identity.namespace)).toBeDefined();
    expect(await at.api.get(resources.Deployment, 'web', at.identity.namespace)).toBeUndefined();
    const { stdout } = await at.start(objects.slice(1));
    expect(stdout).toBe('Created Deployment web (strategy: Recreate)\n');
  });

  it('replaces the pods of unchanged workloads at a restart under a separate field manager, and the next start keeps them', async () => {
    const restartedAt = '2026-01-02T03:04:05Z';
    const objects = [at.deployment('web'), at.configmap('config')];
    await at.start(objects);
    await at.start(objects, { restartedAt });
    const live = await at.api.get(resources.Deployment, 'web', at.identity.namespace);
    expect(live).toMatchObject({
      spec: { template: { metadata: { annotations: { 'kubectl.kubernetes.io/restartedAt': restartedAt } } } },
    });
    expect((await at.start(objects)).requests).toEqual([]);
    const { requests } = await at.start([at.deployment('web', { env: 'x' }), at.configmap('config')], { restartedAt });
    expect(requests).toEqual(['check Deployment/web', 'apply Deployment/web']);
  });
});
