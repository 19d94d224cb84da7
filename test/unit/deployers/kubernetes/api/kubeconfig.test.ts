import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { type ClusterTarget, connectCluster } from '../../../../../src/deployers/kubernetes/api/connect.js';
import { singleContext } from '../../../../../src/deployers/kubernetes/api/single-context.js';
import { testContext } from '../../../../support/context.js';
import { temporaryDirectory } from '../../../../support/temporary.js';

function kubeconfig(context: string, server: string, rest: { current?: string; cluster?: string; user?: string } = {}) {
  return JSON.stringify({
    apiVersion: 'v1',
    kind: 'Config',
    ...(rest.current === undefined ? {} : { 'current-context': rest.current }),
    clusters: [{ name: 'c', cluster: { server } }],
    users: [{ name: 'u', user: { token: 'secret-token' } }],
    contexts: [{ name: context, context: { cluster: rest.cluster ?? 'c', user: rest.user ?? 'u' } }],
  });
}

describe('the cluster of a deployment', () => {
  let home: string;
  const kind: ClusterTarget = { kind: 'k8s-kind', cluster: 'laconic-abc' };
  const own = (): ClusterTarget => ({ kind: 'k8s', kubeconfig: join(home, 'kubeconfig.yml') });
  const connect = async (target: ClusterTarget, env: NodeJS.ProcessEnv = {}): Promise<string> =>
    (await connectCluster(target, testContext(home, {}, { HOME: home, ...env }))).api.description;

  beforeEach(async () => {
    home = await temporaryDirectory();
    await mkdir(join(home, '.kube'));
  });
  const write = (name: string, text: string): Promise<void> => writeFile(join(home, name), text);

  it('of kind is the context of that cluster, whatever the current context is', async () => {
    await write('.kube/config', kubeconfig('kind-laconic-abc', 'https://a:1', { current: 'production' }));
    expect(await connect(kind)).toBe('context kind-laconic-abc (https://a:1)');
  });

  it('of kind is read from the first file of $KUBECONFIG that names it, and missing files are skipped', async () => {
    await write('one', kubeconfig('other', 'https://one:1'));
    await write('two', kubeconfig('kind-laconic-abc', 'https://two:1'));
    const files = ['missing', 'two', 'one'].map((name) => join(home, name)).join(':');
    expect(await connect(kind, { KUBECONFIG: files })).toBe('context kind-laconic-abc (https://two:1)');
  });

  it('of kind is refused without a kubeconfig or without this context', async () => {
    await expect(connect(kind)).rejects.toMatchObject({
      message: `there is no kubeconfig ${home}/.kube/config`,
      hint: 'write it with: kind export kubeconfig --name laconic-abc',
    });
    await write('.kube/config', kubeconfig('kind-other', 'https://a:1', { current: 'kind-other' }));
    await expect(connect(kind)).rejects.toThrow(
      `${home}/.kube/config has no context kind-laconic-abc: it has kind-other`,
    );
  });

  it("of k8s is the current context of the deployment's kubeconfig, not of the operator's", async () => {
    await write('.kube/config', kubeconfig('production', 'https://production:1', { current: 'production' }));
    await write('kubeconfig.yml', kubeconfig('staging', 'https://staging:1', { current: 'staging' }));
    const elsewhere = { KUBECONFIG: join(home, '.kube/config') };
    expect(await connect(own(), elsewhere)).toBe('context staging (https://staging:1)');
  });

  it.each([
    ['no file', undefined, 'there is no kubeconfig'],
    ['no current context', kubeconfig('a', 'https://a:1'), 'has no current-context'],
    ['a missing context', kubeconfig('a', 'https://a:1', { current: 'b' }), 'has no context b: it has a'],
    [
      'no cluster',
      kubeconfig('a', 'https://a:1', { current: 'a', cluster: 'x' }),
      'names cluster x, which is not in it',
    ],
    ['no user', kubeconfig('a', 'https://a:1', { current: 'a', user: 'x' }), 'names user x, which is not in it'],
    ['no URL', kubeconfig('a', 'a:b:c', { current: 'a' }), 'is not an https URL'],
    ['plain HTTP', kubeconfig('a', 'http://a:1', { current: 'a' }), 'is not an https URL'],
    ['an empty file', '', 'has no current-context'],
    ['another type of file', 'services: {}', 'is not a kubeconfig: it has no clusters'],
    ['invalid YAML', '{', 'kubeconfig.yml'],
    [
      'a cluster without a name',
      'clusters: [ { cluster: { server: x } } ]',
      'is not a usable kubeconfig: clusters[0].name is missing',
    ],
  ])('of k8s is refused in one message for %s', async (_, text, message) => {
    if (text !== undefined) await write('kubeconfig.yml', text);
    const failure = await connect(own()).catch((error: unknown) => error);
    expect((failure as Error).message).toContain(message);
    expect(String(failure)).not.toContain('secret-token');
  });
});

describe('the kubeconfig that hooks get: one context with its namespace, and no other', () => {
  const several = (current: string) => ({
    'current-context': current,
    clusters: [
      { name: 'a', cluster: { server: 'https://a:1', 'certificate-authority': 'pki/ca.crt' } },
      { name: 'b', cluster: { server: 'https://b:1', 'proxy-url': 'http://p:1', 'disable-compression': true } },
    ],
    users: [
      { name: 'a', user: { 'client-certificate': '/pki/a.crt', 'client-key': 'a.key', 'as-groups': ['g'] } },
      { name: 'b', user: { exec: { command: './login', args: ['x'] }, tokenFile: 'token' } },
      { name: 'path', user: { exec: { command: 'aws' } } },
    ],
    contexts: [
      { name: 'one', context: { cluster: 'a', user: 'a', namespace: 'elsewhere' } },
      { name: 'two', context: { cluster: 'b', user: 'b' } },
      { name: 'three', context: { cluster: 'b', user: 'path' } },
      { name: 'half', context: { cluster: 'gone', user: 'a' } },
    ],
  });

  async function single(context: string | undefined, current = 'one') {
    const home = await temporaryDirectory();
    const file = join(home, 'config');
    await writeFile(file, JSON.stringify(several(current)));
    const text = await singleContext([join(home, 'missing'), file], context, 'mine');
    return { home, made: text === undefined ? undefined : (JSON.parse(text) as unknown) };
  }

  it('has the current context, with absolute paths, and everything else of its user', async () => {
    const { home, made } = await single(undefined);
    expect(made).toEqual({
      apiVersion: 'v1',
      kind: 'Config',
      'current-context': 'one',
      contexts: [{ name: 'one', context: { cluster: 'a', user: 'a', namespace: 'mine' } }],
      clusters: [{ name: 'a', cluster: { server: 'https://a:1', 'certificate-authority': join(home, 'pki/ca.crt') } }],
      users: [
        {
          name: 'a',
          user: { 'client-certificate': '/pki/a.crt', 'client-key': join(home, 'a.key'), 'as-groups': ['g'] },
        },
      ],
    });
  });

  it('has another context by its name', async () => {
    const { home, made } = await single('two');
    expect(made).toMatchObject({
      'current-context': 'two',
      clusters: [{ name: 'b', cluster: { 'proxy-url': 'http://p:1', 'disable-compression': true } }],
      users: [
        { name: 'b', user: { exec: { command: join(home, 'login'), args: ['x'] }, tokenFile: join(home, 'token') } },
      ],
    });
    expect((await single('three')).made).toMatchObject({ users: [{ user: { exec: { command: 'aws' } } }] });
  });

  it.each([
    ['that does not exist', 'four', 'one'],
    ['without a cluster', 'half', 'one'],
    ['without a name', undefined, ''],
  ])('does not exist for a context %s', async (_, context, current) => {
    expect((await single(context, current)).made).toBeUndefined();
  });
});
