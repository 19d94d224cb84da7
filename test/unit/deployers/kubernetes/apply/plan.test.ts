import { recreateAnnotation } from '../../../../../src/deployers/kubernetes/objects/workloads/annotations.js';
import { describe, expect, it } from 'vitest';
import type { LiveObject } from '../../../../../src/deployers/kubernetes/api/api.js';
import { stamped } from '../../../../../src/deployers/kubernetes/apply/hash.js';
import type { Identity } from '../../../../../src/deployers/kubernetes/objects/common/identity.js';
import { type Entry, keyOfObject } from '../../../../../src/deployers/kubernetes/apply/inventory.js';
import { isNoOp, needsOfPlan, planApply } from '../../../../../src/deployers/kubernetes/apply/plan.js';
import { nextWorkloads } from '../../../../../src/deployers/kubernetes/apply/stages.js';
import { standardLabels } from '../../../../../src/deployers/kubernetes/objects/common/labels.js';
import type { KubernetesObject } from '../../../../../src/deployers/kubernetes/objects/common/object.js';
import { mapOf } from '../../../../../src/system/plain-map.js';

const identity: Identity = {
  deploymentId: 'laconic-f3abcdxy',
  stack: 'notes',
  namespace: 'laconic-notes',
  directory: '/srv/d',
};
const labels = standardLabels({ ...identity, podFiles: [] });

function object(kind: string, name: string, more: Record<string, unknown> = {}): KubernetesObject {
  const apiVersion = kind === 'Deployment' ? 'apps/v1' : kind === 'Job' ? 'batch/v1' : 'v1';
  const place = ['PersistentVolume', 'Namespace'].includes(kind) ? {} : { namespace: identity.namespace };
  return { apiVersion, kind, metadata: { name, ...place, labels }, ...more };
}

/** An object as the server returns it after it was applied. */
function live(of: KubernetesObject, more: Record<string, unknown> = {}, metadata: object = {}): LiveObject {
  const base = stamped(of);
  return {
    ...base,
    ...more,
    metadata: { ...base.metadata, uid: `uid-${of.metadata.name}`, resourceVersion: '1', ...metadata },
  };
}

function plan(wanted: KubernetesObject[], found: LiveObject[], inventory?: Entry[]): ReturnType<typeof planApply> {
  const namespace = live(object('Namespace', identity.namespace));
  const objects = new Map(found.map((each) => [keyOfObject(each), each]));
  return planApply(identity, wanted, { namespace, objects, inventory });
}

function what(of: ReturnType<typeof plan>): string[] {
  return of.actions.map((action) => `${action.do} ${keyOfObject(action.object)}`);
}

describe('planning a start', () => {
  const config = object('ConfigMap', 'config', { data: { key: 'value' } });

  it('creates what is missing, keeps what is equal, and applies what differs or was last applied differently', () => {
    const [made, same] = [object('ConfigMap', 'new'), object('ConfigMap', 'same', { data: { key: 'value' } })];
    const drifted = live(config, { data: { key: 'by hand' } });
    expect(what(plan([made, same, config], [live(same), drifted]))).toEqual([
      'create ConfigMap/new',
      'keep ConfigMap/same',
      'apply ConfigMap/config',
    ]);
    // A key that was removed from the object is still on the server, so only the hash reveals it.
    const before = live(object('ConfigMap', 'config', { data: { key: 'value', gone: 'x' } }));
    expect(what(plan([config], [before]))).toEqual(['apply ConfigMap/config']);
    expect(isNoOp(plan([same], [live(same)], []))).toBe(true);
  });

  it('leaves a namespace alone that the account may not read, and judges ownership by the objects in it', () => {
    const wanted = [object('Namespace', identity.namespace), config];
    const seen = (...found: LiveObject[]) => {
      const objects = new Map(found.map((each) => [keyOfObject(each), each]));
      return planApply(identity, wanted, { namespace: 'hidden', objects, inventory: undefined });
    };
    expect(what(seen())).toEqual(['create ConfigMap/config']);
    const others = { ...labels, 'laconic.com/deployment-id': 'laconic-other' };
    const theirs = live(object('ConfigMap', 'laconic-other.inventory'), {}, { labels: others });
    expect(() => seen(theirs)).toThrow('namespace laconic-notes belongs to deployment laconic-other');
    const ours = live(object('ConfigMap', `${identity.deploymentId}.inventory`));
    expect(what(seen(ours))).toEqual(['create ConfigMap/config']);
  });

  it('lists the permissions that the account needs', () => {
    const moved = object('Service', 'web', { spec: { clusterIP: 'None' } });
    const leaving = live(object('Job', 'old'));
    const entry: Entry = { apiVersion: 'batch/v1', kind: 'Job', name: 'old', uid: 'uid-old' };
    const found = [live(object('Service', 'web', { spec: { clusterIP: '10.0.0.1' } })), leaving];
    const needed = needsOfPlan(plan([object('PersistentVolumeClaim', 'data'), moved], found, [entry]));
    expect(needed.map(({ verb, type }) => `${verb} ${type.plural}`)).toEqual([
      ...['create persistentvolumeclaims', 'patch persistentvolumeclaims'],
      ...['get services', 'delete services', 'create services', 'patch services'],
      ...['delete jobs', 'create configmaps', 'patch configmaps'],
    ]);
  });

  it('waits for an object that is being deleted', () => {
    const going = live(config, {}, { deletionTimestamp: '2026-01-01T00:00:00Z' });
    expect(plan([config], [going]).actions).toMatchObject([{ do: 'create', after: going }]);
  });

  it.each([
    [
      'of another deployment',
      { ...labels, 'laconic.com/deployment-id': 'laconic-other' },
      'belongs to deployment laconic-other',
    ],
    [
      'of another deployment of the Python program',
      { app: 'laconic-x', 'app.kubernetes.io/stack': 'n' },
      'belongs to deployment laconic-x',
    ],
    ['of another tool', {}, 'exists already and was not created by this deployment'],
  ])('refuses an object %s', (_, theirs, message) => {
    expect(() => plan([config], [live(config, {}, { labels: theirs, managedFields: [] })])).toThrow(message);
  });

  it("adopts the Python program's objects, and its unlabelled Secrets by name", () => {
    const secret = object('Secret', `${identity.deploymentId}-image-pull-secret`);
    const old = { managedFields: [{ manager: 'OpenAPI-Generator', operation: 'Update', fieldsV1: {} }] };
    const found = [
      live(config, {}, { ...old, labels: { app: identity.deploymentId } }),
      live(secret, {}, { ...old, labels: {} }),
    ];
    expect(plan([config, secret], found).actions).toMatchObject([
      { do: 'apply', adopt: true },
      { do: 'apply', adopt: true },
    ]);
  });

  it('recreates a Deployment with another selector, a Service that becomes headless and a Secret of another type', () => {
    const deployment = (app: string) => object('Deployment', 'web', { spec: { selector: { matchLabels: { app } } } });
    const service = (clusterIP: string) => object('Service', 'web', { spec: { clusterIP } });
    const secret = (type: string) => object('Secret', 'keys', { type });
    const made = plan(
      [deployment('new'), service('None'), secret('Opaque')],
      [live(deployment('old')), live(service('10.0.0.1')), live(secret('kubernetes.io/tls'))],
    );
    expect(what(made)).toEqual(['replace Deployment/web', 'replace Service/web', 'replace Secret/keys']);
    expect(made.remarks).toHaveLength(3);
  });

  it('never changes a volume: reports what differs, and clears the claim of a Released one', () => {
    const volume = (path: string) => object('PersistentVolume', 'data', { spec: { hostPath: { path } } });
    const released = live(volume('/mnt/old'), {
      status: { phase: 'Released' },
      spec: { hostPath: { path: '/mnt/old' }, claimRef: { namespace: identity.namespace, name: 'data' } },
    });
    const made = plan([volume('/mnt/new')], [released]);
    expect(made.actions).toMatchObject([{ do: 'label', release: true }]);
    expect(made.warnings).toEqual([
      'PersistentVolume data is not changed: spec.hostPath.path is "/mnt/old", the spec wants "/mnt/new"',
    ]);
    // The volume reports it a moment after its claim is gone.
    const claimRef = { namespace: identity.namespace, name: 'data', uid: 'gone' };
    const late = { ...released, status: { phase: 'Bound' }, spec: { ...mapOf(released.spec), claimRef } };
    const claimed = object('PersistentVolumeClaim', 'data');
    const decided = (...found: LiveObject[]) => plan([volume('/mnt/old'), claimed], found).actions[0];
    expect(decided(late)).toMatchObject({ do: 'label', release: true });
    const claim = live(claimed);
    expect(decided(late, claim)).toMatchObject({ do: 'label', release: true });
    const bound = { ...late, spec: { ...late.spec, claimRef: { ...claimRef, uid: claim.metadata.uid } } };
    expect(decided(bound, claim)).toMatchObject({ do: 'keep' });
    const elsewhere = { ...released, spec: { claimRef: { namespace: 'other', name: 'x' } } };
    expect(() => plan([volume('/mnt/old')], [elsewhere])).toThrow('is bound to claim "x" in namespace "other"');
  });

  it.each([
    ['running', {}, 'keep'],
    ['complete', { conditions: [{ type: 'Complete', status: 'True' }] }, 'keep'],
    ['failed', { conditions: [{ type: 'Failed', status: 'True' }] }, 'replace'],
    ['not failed', { conditions: [{ type: 'Failed', status: 'False' }] }, 'keep'],
  ])('treats a Job that is %s', (_, status, expected) => {
    const job = object('Job', 'seed', { spec: {} });
    expect(what(plan([job], [live(job, { status })]))).toEqual([`${expected} Job/seed`]);
  });

  it.each([
    ['completed', { conditions: [{ type: 'Complete', status: 'True' }] }, 'replace'],
    ['failed', { conditions: [{ type: 'Failed', status: 'True' }] }, 'replace'],
    ['running', { active: 1 }, 'keep'],
  ])('treats a Job that runs at every start and has %s', (_, status, expected) => {
    const job = object('Job', 'seed', { spec: {} });
    job.metadata.annotations = { ...job.metadata.annotations, [recreateAnnotation]: 'true' };
    expect(what(plan([job], [live(job, { status })]))).toEqual([`${expected} Job/seed`]);
  });

  it('keeps the recorded image id when only another host has the image', () => {
    const deployment = (annotations: Record<string, string>, image = 'x:local') =>
      object('Deployment', 'web', {
        spec: { selector: {}, template: { metadata: { annotations }, spec: { containers: [{ name: 'web', image }] } } },
      });
    const id = { 'image-id.laconic.com/web': 'sha256:abc' };
    expect(what(plan([deployment({})], [live(deployment(id))]))).toEqual(['keep Deployment/web']);
    const rebuilt = { 'image-id.laconic.com/web': 'sha256:def' };
    expect(what(plan([deployment(rebuilt)], [live(deployment(id))]))).toEqual(['apply Deployment/web']);
    expect(what(plan([deployment({}, 'y:local')], [live(deployment(id))]))).toEqual(['apply Deployment/web']);
  });
});

describe('pruning', () => {
  const entry = (of: LiveObject, uid = of.metadata.uid): Entry => ({
    apiVersion: of.apiVersion,
    kind: of.kind,
    name: of.metadata.name,
    uid,
  });
  const pod = (claim: string) => ({ spec: { volumes: [{ name: 'v', persistentVolumeClaim: { claimName: claim } }] } });

  it('deletes what is in the inventory and no longer wanted, Services and Ingresses last', () => {
    const found = ['Service', 'ConfigMap', 'Deployment'].map((kind) => live(object(kind, 'old')));
    const made = plan(
      [],
      found,
      found.map((each) => entry(each)),
    );
    expect(made.removals.map(({ live: each, when }) => `${when} ${each.kind}`)).toEqual([
      'last Deployment',
      'last ConfigMap',
      'last Service',
    ]);
  });

  it('deletes a workload first when its claim is still used', () => {
    const old = live(object('Deployment', 'old', { spec: { template: pod('data') } }));
    const made = plan([object('Deployment', 'new', { spec: { template: pod('data') } })], [old], [entry(old)]);
    expect(made.removals.map(({ when }) => when)).toEqual(['first']);
    const apart = plan([object('Deployment', 'new', { spec: { template: pod('other') } })], [old], [entry(old)]);
    expect(apart.removals.map(({ when }) => when)).toEqual(['last']);
  });

  it('leaves objects that are not in the inventory, or that were recreated by others', () => {
    const hook = live(object('ConfigMap', 'hook'));
    const again = live(object('ConfigMap', 'again'));
    const made = plan([], [hook, again], [entry(again, 'another-uid')]);
    expect(made.removals).toEqual([]);
    expect(made.remarks).toEqual(['ConfigMap again left the stack, but another client has recreated it: it is kept']);
  });

  it('keeps volumes, claims and unknown kinds in the inventory', () => {
    const found = [live(object('PersistentVolume', 'data')), live(object('PersistentVolumeClaim', 'data'))];
    const unknown = { apiVersion: 'example.org/v9', kind: 'Later', name: 'x', uid: '1' };
    const made = plan([], found, [...found.map((each) => entry(each)), unknown]);
    expect(made.removals).toEqual([]);
    expect(made.keptEntries.map(({ kind }) => kind)).toEqual(['PersistentVolume', 'PersistentVolumeClaim', 'Later']);
  });

  it("recognizes the Python program's objects by label, client and name when there is no inventory", () => {
    const old = {
      labels: { app: identity.deploymentId },
      managedFields: [{ manager: 'OpenAPI-Generator', operation: 'Update' }],
    };
    const made = plan(
      [object('Service', 'rpc')],
      [
        live(object('Endpoints', 'rpc'), {}, old),
        live(object('Endpoints', 'a-hooks-own'), {}, old),
        live(object('Service', `${identity.deploymentId}-nodeport-80-tcp`), {}, old),
        live(object('Service', 'a-hooks-own'), {}, old),
        live(object('Deployment', `${identity.deploymentId}-deployment`), {}, { ...old, managedFields: [] }),
      ],
    );
    expect(made.removals.map(({ live: each }) => each.metadata.name)).toEqual([
      `${identity.deploymentId}-nodeport-80-tcp`,
      'rpc',
    ]);
  });
});

describe('the order of workloads', () => {
  const workload = (name: string) => ({ kind: 'Deployment' as const, name });
  const order = [
    { workload: workload('db'), after: [] },
    { workload: workload('cache'), after: [] },
    { workload: workload('web'), after: [{ workload: workload('db'), condition: 'ready' as const }] },
    { workload: workload('proxy'), after: [{ workload: workload('web'), condition: 'started' as const }] },
  ];
  const names = (next: ReturnType<typeof nextWorkloads>): unknown =>
    next &&
    Object.fromEntries(
      Object.entries(next).map(([key, list]) => [key, list.map(({ name }: { name: string }) => name)]),
    );

  it('applies as many as possible at a time, and waits only for dependencies', () => {
    const applied = new Set<string>();
    const ready = new Set<string>();
    const seen: unknown[] = [];
    for (;;) {
      const next = nextWorkloads(order, applied, ready);
      if (next === undefined) break;
      seen.push(names(next));
      if ('apply' in next) for (const { name } of next.apply) applied.add(`Deployment/${name}`);
      else for (const { name } of next.await) ready.add(`Deployment/${name}`);
    }
    expect(seen).toEqual([{ apply: ['db', 'cache'] }, { await: ['db'] }, { apply: ['web'] }, { apply: ['proxy'] }]);
  });
});
