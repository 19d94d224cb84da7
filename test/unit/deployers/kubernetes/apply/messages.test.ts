import { describe, expect, it } from 'vitest';
import { parseStatus, refused, unreachable } from '../../../../../src/deployers/kubernetes/api/errors.js';
import { readInventory, sameEntries } from '../../../../../src/deployers/kubernetes/apply/inventory.js';
import { maskFor } from '../../../../../src/deployers/kubernetes/api/object-secrets.js';
import { retryDelay } from '../../../../../src/deployers/kubernetes/api/retry.js';
import { lineFor } from '../../../../../src/deployers/kubernetes/apply/messages.js';
import { resourcePath, resources } from '../../../../../src/deployers/kubernetes/api/resources.js';

describe('repeating a request', () => {
  const reset = Object.assign(new Error('socket hang up'), { code: 'ECONNRESET' });
  const closed = Object.assign(new Error('connect ECONNREFUSED'), { code: 'ECONNREFUSED' });
  it.each([
    ['repeats a read that the server cannot answer now', { status: 503 }, true, 0, 200],
    ['does not repeat a create that may have succeeded', { status: 503 }, false, 0, undefined],
    ['repeats a read after a broken connection', { error: reset }, true, 1, 400],
    ['does not repeat a create after a broken connection', { error: reset }, false, 0, undefined],
    ['repeats a request when nothing listens yet', { error: closed }, false, 0, 200],
    ['repeats a request that was rejected for too many requests', { status: 429 }, false, 0, 200],
    ['waits as long as the server asks for', { status: 429, retryAfter: '3' }, false, 0, 3_000],
    ['does not wait for an unreasonable time', { status: 429, retryAfter: '3600' }, false, 0, 10_000],
    ['does not repeat a refused request', { status: 403 }, true, 0, undefined],
    ['does not try a sixth time', { status: 503 }, true, 5, undefined],
  ])('%s', (_, outcome, repeatable, attempt, expected) => {
    expect(retryDelay(outcome, repeatable, attempt)).toBe(expected);
  });
});

describe('an error of the API server', () => {
  it('is shown with the request, and with what to do', () => {
    const body = JSON.stringify({
      kind: 'Status',
      message: 'pods "x" is forbidden: User "u" cannot get resource "pods"',
      reason: 'Forbidden',
      details: { causes: [{ field: 'a' }] },
    });
    expect(refused('cannot read Pod x', 403, body)).toMatchObject({
      message: 'cannot read Pod x: pods "x" is forbidden: User "u" cannot get resource "pods"',
      status: 403,
      reason: 'Forbidden',
      causes: [{ field: 'a', message: '' }],
      hint: expect.stringContaining('lacks this permission') as string,
    });
    expect(parseStatus('<html>').message).toBe('<html>');
  });

  it('about a quota or a policy is not reported as a missing permission', () => {
    const hint = (message: string) => refused('cannot apply x', 403, JSON.stringify({ message })).hint;
    expect(hint('pods "x" is forbidden: exceeded quota: q')).toContain('quota');
    expect(hint('admission webhook "policy" denied the request: no')).toBeUndefined();
  });

  it('caused by a damaged key is distinguished from an unreachable server', () => {
    const damaged = Object.assign(new Error('DECODER routines::unsupported'), { code: 'ERR_OSSL_UNSUPPORTED' });
    expect(unreachable('x', 'https://h', damaged).message).toBe(
      'x: the certificates or the key of the kubeconfig cannot be used: DECODER routines::unsupported',
    );
  });

  it('caused by an untrusted certificate is distinguished from an unreachable server', () => {
    const code = (name: string) => Object.assign(new Error('why'), { code: name });
    expect(unreachable('x', 'https://h', code('SELF_SIGNED_CERT_IN_CHAIN')).message).toContain(
      'certificate of https://h',
    );
    expect(unreachable('x', 'https://h', code('ECONNREFUSED')).message).toBe(
      'x: the API server https://h cannot be reached: why',
    );
  });

  it('repeats nothing of a Secret, and no complete value of a variable', () => {
    const plain = 'correct horse battery';
    const encoded = Buffer.from(plain).toString('base64');
    const secret = { apiVersion: 'v1', kind: 'Secret', metadata: { name: 's' }, data: { A: encoded } };
    expect(maskFor(secret)(`got ${encoded} and ${plain}.`)).toBe('got *** and ***.');
    const env = [{ name: 'URL', value: 'postgres://u:p@db' }];
    const pod = { spec: { template: { spec: { containers: [{ name: 'web', env }] } } } };
    const deployment = { apiVersion: 'apps/v1', kind: 'Deployment', metadata: { name: 'd' }, ...pod };
    expect(maskFor(deployment)('Invalid value: "postgres://u:p@db": web')).toBe('Invalid value: ***: web');
  });
});

describe('lines on stdout', () => {
  const object = (kind: string, more: object = {}) => ({ apiVersion: 'v1', kind, metadata: { name: 'n' }, ...more });
  const live = { apiVersion: 'v1', kind: 'x', metadata: { name: 'n', uid: 'u', resourceVersion: '1' } };
  const registry = Buffer.from(JSON.stringify({ auths: { 'ghcr.io': { password: 'secret' } } })).toString('base64');
  it.each([
    [
      'create',
      object('Deployment', { spec: { strategy: { type: 'Recreate' } } }),
      'Created Deployment n (strategy: Recreate)',
    ],
    ['create', object('Deployment', { spec: {} }), 'Created Deployment n (strategy: RollingUpdate)'],
    ['apply', object('Deployment'), 'Updated Deployment n (rolling update)'],
    ['keep', object('Deployment'), undefined],
    ['create', object('Service', { spec: { type: 'ClusterIP' } }), 'Created Service n'],
    ['create', object('Service', { spec: { type: 'NodePort' } }), undefined],
    ['apply', object('Ingress'), 'Updated Ingress n'],
    ['create', object('Job'), undefined],
    ['keep', object('Job'), 'Job n already exists, skipping'],
    [
      'create',
      object('Secret', { data: { '.dockerconfigjson': registry } }),
      "Created registry secret 'n' for ghcr.io",
    ],
    ['create', object('ConfigMap'), undefined],
  ])('%s %o', (what, of, expected) => {
    const action = { do: what, object: of, live, changed: [], adopt: false } as Parameters<typeof lineFor>[0];
    expect(lineFor(action)).toBe(expected);
  });
});

describe('the inventory', () => {
  const holding = (text: string) =>
    readInventory({
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { name: 'a.inventory', namespace: 'n', uid: 'u', resourceVersion: '1' },
      data: { 'objects.json': text },
    });
  const entry = { apiVersion: 'v1', kind: 'Secret', name: 's', uid: 'u' };

  it('is read back, and refused when its content is something else', () => {
    expect(holding(JSON.stringify([entry]))).toEqual([entry]);
    for (const text of [
      '',
      '{}',
      '[1]',
      '[null]',
      '[{"kind":"Secret"}]',
      '[{"apiVersion":"v1","kind":"S","name":"x","uid":1}]',
    ]) {
      expect(() => holding(text)).toThrow('ConfigMap a.inventory in namespace n, the list of the deployment');
    }
  });

  it('is written only when it changes', () => {
    const other = { ...entry, name: 't' };
    expect(sameEntries([entry, other], [other, entry])).toBe(true);
    expect(sameEntries([entry], [{ ...entry, uid: 'v' }])).toBe(false);
    expect(sameEntries([entry], [entry, other])).toBe(false);
  });
});

describe('resource paths', () => {
  it.each([
    [resources.Pod, 'ns', 'x', '/api/v1/namespaces/ns/pods/x'],
    [resources.Deployment, undefined, undefined, '/apis/apps/v1/deployments'],
    [resources.PersistentVolume, 'ignored', 'v', '/api/v1/persistentvolumes/v'],
    [resources.ClusterRole, undefined, 'system:x', '/apis/rbac.authorization.k8s.io/v1/clusterroles/system:x'],
  ])('%o', (type, namespace, name, expected) => {
    expect(resourcePath(type, namespace, name)).toBe(expected);
  });

  it.each(['..', '.', '', 'a/b', 'a?b', '%2e%2e'])('never lead elsewhere: %j', (name) => {
    expect(() => resourcePath(resources.Pod, 'ns', name)).toThrow('is not the name of a Kubernetes object');
    expect(() => resourcePath(resources.Pod, name)).toThrow('is not the name of a Kubernetes object');
  });
});
