import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { type AddressInfo, createServer } from 'node:net';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { connectCluster } from '../../../src/deployers/kubernetes/api/connect.js';
import { resources } from '../../../src/deployers/kubernetes/api/resources.js';
import { describeWithCluster, kubectl, shared } from '../../support/kubernetes/cluster.js';
import { testContext } from '../../support/context.js';
import { temporaryDirectory } from '../../support/temporary.js';

interface Kubeconfig {
  clusters: { cluster: Record<string, string> }[];
  users: { user: Record<string, unknown> }[];
}

describeWithCluster('connecting to a real API server', () => {
  /** The shared cluster's kubeconfig with changes, as a deployment's own. */
  async function connectWith(change: (config: Kubeconfig) => void): ReturnType<typeof connectCluster> {
    const text = await kubectl('config', 'view', '--raw', '--minify', '--flatten', '--output', 'json');
    const config = JSON.parse(text) as Kubeconfig;
    change(config);
    const directory = await temporaryDirectory();
    const kubeconfig = join(directory, 'kubeconfig.yml');
    await writeFile(kubeconfig, JSON.stringify(config));
    return connectCluster({ kind: 'k8s', kubeconfig }, testContext(directory));
  }
  const user = (fields: Record<string, unknown>) => (config: Kubeconfig) => {
    for (const each of config.users) each.user = fields;
  };
  const cluster = (fields: Record<string, string>) => (config: Kubeconfig) => {
    for (const each of config.clusters) each.cluster = { ...each.cluster, ...fields };
  };
  const listed = async (change: (config: Kubeconfig) => void): Promise<number> => {
    const { api } = await connectWith(change);
    return (await api.list(resources.Namespace, {})).length;
  };

  it('works with a copied kubeconfig, with certificates or a credentials program', async () => {
    expect(await listed(() => undefined)).toBeGreaterThan(2);
    const credential = {
      kind: 'ExecCredential',
      apiVersion: 'client.authentication.k8s.io/v1',
      status: { token: 'no' },
    };
    const exec = { apiVersion: credential.apiVersion, command: 'echo', args: [JSON.stringify(credential)] };
    await expect(listed(user({ exec }))).rejects.toMatchObject({ status: 401 });
  });

  it.each([
    ['an expired token', user({ token: 'expired' }), /^cannot list namespaces: Unauthorized$/],
    ['no credentials', user({}), /^cannot list namespaces: .*"system:anonymous" cannot list/],
    [
      'a missing credentials program',
      user({ exec: { apiVersion: 'client.authentication.k8s.io/v1', command: '/not/there' } }),
      /^cannot list namespaces: no credentials for context kind-.*: spawn \/not\/there ENOENT$/,
    ],
    [
      'a credentials program that fails without output',
      user({ exec: { apiVersion: 'client.authentication.k8s.io/v1', command: 'false' } }),
      /no credentials for context kind-.*: the program false failed and wrote nothing$/,
    ],
    [
      'a credentials program with invalid output',
      user({ exec: { apiVersion: 'client.authentication.k8s.io/v1', command: 'echo', args: ['no'] } }),
      /no credentials for context kind-.*: the program echo returned no ExecCredential$/,
    ],
    [
      'an invalid certificate',
      user({ 'client-certificate-data': 'bm8=', 'client-key-data': 'bm8=' }),
      /the certificates or the key of the kubeconfig cannot be used/,
    ],
    ['a missing certificate file', user({ 'client-certificate': 'none.crt' }), /no credentials for context .*ENOENT/],
    [
      'an address without a server',
      cluster({ server: 'https://127.0.0.1:1' }),
      /https:\/\/127.0.0.1:1 cannot be reached: connect ECONNREFUSED/,
    ],
    [
      'an unknown host name',
      cluster({ server: 'https://x.invalid' }),
      /https:\/\/x.invalid cannot be reached: getaddrinfo/,
    ],
    [
      'the authority of another cluster',
      (config: Kubeconfig): void => {
        for (const each of config.clusters) delete each.cluster['certificate-authority-data'];
      },
      /the certificate of https:\/\/.* is not the one the kubeconfig trusts/,
    ],
  ])('fails with one message for %s', async (_, change, message) => {
    const failure = await listed(change).catch((error: unknown) => error);
    expect((failure as Error).message).toMatch(message);
    expect(failure).toMatchObject({ exitCode: 1, hint: expect.any(String) as string });
  });

  it('gives up after ten seconds when the server accepts the connection and never answers', async () => {
    const silent = createServer((socket) => socket.on('error', () => undefined));
    await once(silent.listen(0, '127.0.0.1'), 'listening');
    const { port } = silent.address() as AddressInfo;
    try {
      await expect(listed(cluster({ server: `https://127.0.0.1:${port}` }))).rejects.toThrow(
        `the API server https://127.0.0.1:${port} cannot be reached: no connection within 10 s`,
      );
    } finally {
      silent.close();
    }
  });

  it('uses the context of this kind cluster whatever the current context is', async () => {
    const { api } = await connectCluster({ kind: 'k8s-kind', cluster: shared.name }, testContext('/'));
    expect(api.description).toMatch(new RegExp(`^context kind-${shared.name} \\(https://127\\.0\\.0\\.1:\\d+\\)$`));
    expect(JSON.parse(await api.text('/version'))).toMatchObject({ major: '1' });
  });
});
