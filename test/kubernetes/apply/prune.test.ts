import { afterAll, beforeAll, expect, it } from 'vitest';
import { resources } from '../../../src/deployers/kubernetes/api/resources.js';
import { describeWithCluster, kubectl } from '../../support/kubernetes/cluster.js';
import { createAs, type Site, site } from './support.js';
import { mapOf } from '../../../src/system/plain-map.js';

describeWithCluster('objects that are no longer in the stack', () => {
  let at: Site;
  beforeAll(async () => {
    at = await site();
  });
  afterAll(() => at.remove());

  const named = (suffix: string): string => `${at.identity.deploymentId}-${suffix}`;

  it('are deleted, but not those that hooks or the operator made, whatever their labels', async () => {
    await at.start([at.configmap('stays'), at.configmap('goes'), at.service('goes')]);
    await createAs('hook', { ...at.configmap('from-a-hook'), metadata: { ...at.configmap('from-a-hook').metadata } });
    const { stderr, requests } = await at.start([at.configmap('stays')]);
    expect(stderr).toBe(
      'ConfigMap goes is no longer in the stack: removed\nService goes is no longer in the stack: removed\n',
    );
    // Services are last, because they lead to the old pods until there are new ones.
    expect(requests.filter((each) => each.startsWith('delete'))).toEqual([
      'delete ConfigMap/goes',
      'delete Service/goes',
    ]);
    expect(await at.api.get(resources.ConfigMap, 'goes', at.identity.namespace)).toBeUndefined();
    expect(await at.api.get(resources.ConfigMap, 'from-a-hook', at.identity.namespace)).toBeDefined();
    expect((await at.start([at.configmap('stays')])).requests).toEqual([]);
  });

  it('are kept when somebody recreated them, since the inventory records the uid', async () => {
    await at.start([at.configmap('stays'), at.configmap('again')]);
    await kubectl('delete', 'configmap', 'again', '--namespace', at.identity.namespace);
    await createAs('kubectl-create', at.configmap('again', { by: 'hand' }));
    const { stderr } = await at.start([at.configmap('stays')]);
    expect(stderr).toContain('ConfigMap again left the stack, but another client has recreated it: it is kept');
    expect(await at.api.get(resources.ConfigMap, 'again', at.identity.namespace)).toMatchObject({
      data: { by: 'hand' },
    });
  });

  it('are deleted with their pods before a new workload on the same claim starts', async () => {
    const { namespace } = at.identity;
    const volume = at.volume(named('data'));
    await at.start([...volume, at.deployment(named('deployment'), { claim: named('data') })]);
    await kubectl(
      'wait',
      '--for=condition=available',
      `deployment/${named('deployment')}`,
      '--timeout=120s',
      '--namespace',
      namespace,
    );
    const watching = new AbortController();
    const seen: string[] = [];
    const watch = (async (): Promise<void> => {
      for await (const { type, object } of at.api.watch(resources.Pod, { namespace }, watching.signal)) {
        const component = object.metadata.labels?.['app.kubernetes.io/component'] ?? '';
        if (type !== 'MODIFIED') seen.push(`${type} ${component.slice(at.identity.deploymentId.length + 1)}`);
      }
    })();
    await expect.poll(() => seen, { timeout: 60_000 }).toEqual(['ADDED deployment']);
    await at.start([...volume, at.deployment(named('db-deployment'), { claim: named('data') })]);
    const available = `deployment/${named('db-deployment')}`;
    await kubectl('wait', '--for=condition=available', available, '--timeout=120s', '--namespace', namespace);
    // The watch may report it later than kubectl.
    await expect.poll(() => seen.length, { timeout: 60_000 }).toBeGreaterThan(2);
    watching.abort();
    await watch;
    expect(seen).toEqual(['ADDED deployment', 'DELETED deployment', 'ADDED db-deployment']);
  });

  it('are kept as claims with their data, reported, and still known to stop', async () => {
    const { stderr } = await at.start([at.configmap('stays')]);
    expect(stderr).toContain(`PersistentVolumeClaim ${named('data')} is no longer used; it is kept with its data`);
    const claim = await at.api.get(resources.PersistentVolumeClaim, named('data'), at.identity.namespace);
    expect(mapOf(claim?.status).phase).toBe('Bound');
    expect((await at.start([at.configmap('stays')])).requests).toEqual([]);
  });

  it('are pruned later when a start was killed before it recorded them', async () => {
    const { namespace } = at.identity;
    // After a kill between the inventory and the object, the inventory has an entry without uid.
    const inventory = await at.api.get(resources.ConfigMap, `${at.identity.deploymentId}.inventory`, namespace);
    const entries = JSON.parse(mapOf(inventory?.data)['objects.json'] as string) as object[];
    const left = [...entries, { apiVersion: 'v1', kind: 'ConfigMap', name: 'half-done' }];
    await at.api.patch(
      resources.ConfigMap,
      `${at.identity.deploymentId}.inventory`,
      namespace,
      { data: { 'objects.json': JSON.stringify(left) } },
      'laconic-so',
    );
    await at.api.apply(at.configmap('half-done'), { fieldManager: 'laconic-so', force: false });
    const { stderr } = await at.start([at.configmap('stays')]);
    expect(stderr).toContain('ConfigMap half-done is no longer in the stack: removed');
  });
});
