import { readFile, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { describeWithCluster, kubectl, shared } from '../../support/kubernetes/cluster.js';
import { type Deployed, onKubeconfig } from '../../support/kubernetes/cluster-sandbox.js';
import { errorMessage } from '../../../src/system/errors.js';
import { runOrFail } from '../../../src/system/process/process.js';
import { eventually } from '../../support/eventually.js';
import { deploy, image, server, service } from '../operate/stack.js';
import { applyYaml, bind, kubeconfigOf, serviceAccount } from './account.js';

const docs = join(import.meta.dirname, '..', '..', '..', 'docs', 'kubernetes.md');

/** The manifests that docs/kubernetes.md offers for copying. */
async function roles(): Promise<string[]> {
  const section = /^## Permissions$([^]*?)^## /m.exec(await readFile(docs, 'utf8'))?.[1] ?? '';
  return [...section.matchAll(/^```yaml\n([^]*?)^```$/gm)].map(([, text = '']) => text);
}

describeWithCluster('accounts with few permissions', () => {
  let site: Deployed;
  let namespace: string;
  const accounts = new Map<string, string>();

  async function become(account: string): Promise<void> {
    await writeFile(site.sandbox.path('dep/kubeconfig.yml'), accounts.get(account) ?? '');
  }
  async function refused(...args: string[]): Promise<string[]> {
    const { code, stderr } = await site.attempt(...args);
    expect(code).toBe(1);
    const lines = stderr.trimEnd().split('\n');
    expect(lines[0]).toMatch(/^Error: the account of context x \(https:.*\) lacks permissions in namespace \S+:$/);
    expect(lines.at(-1)).toBe('nothing was changed; docs/kubernetes.md has a Role with all that a deployment needs');
    return lines.slice(1, -1).map((line) => line.trim());
  }
  const mayI = (...words: string[]): Promise<string> =>
    site.kubectl('auth', 'can-i', ...words, `--as=system:serviceaccount:${namespace}:documented`).catch(errorMessage);
  /** Waits until the documented account, the last one that gets its permissions, may do this. */
  const allowed = (...words: string[]) =>
    eventually(`it may ${words.join(' ')}`, async () => (await mayI(...words)) === 'yes\n');
  const left = (): Promise<string[]> => site.names('deployment,job,service,secret,persistentvolumeclaim');

  beforeAll(async () => {
    // Other tests may send it to the node too, but later.
    await runOrFail('kind load', 'kind', ['load', 'docker-image', image, '--name', shared.name]);
    accounts.set('expired', await kubeconfigOf({ token: 'expired' }));
    site = await deploy({
      pods: {
        app:
          server('web', '    environment: {TOKEN: "${TOKEN}"}\n    ports: ["80"]\n    volumes: ["data:/data"]\n') +
          'volumes:\n  data:\n',
      },
      jobs: { seed: service('seed', 'echo seeded') },
      target: onKubeconfig(),
      spec: 'config: {TOKEN: "$generate:hex:16$"}\nvolumes:\n  data:\n',
    });
    ({ namespace } = site);
    await kubectl('create', 'namespace', namespace);
    const [role = '', clusterRole = ''] = await roles();
    await applyYaml(role.replace('NAMESPACE', namespace));
    await applyYaml(clusterRole.replace('name: laconic-so', `name: ${namespace}`));
    const secretless = ['configmaps', 'services', 'persistentvolumeclaims', 'deployments.apps', 'jobs.batch', 'events'];
    const more = ['pods', 'replicasets.apps', 'ingresses.networking.k8s.io', 'endpoints'];
    await site.kubectl('create', 'role', 'secretless', '--verb=*', `--resource=${[...secretless, ...more].join(',')}`);
    const bound = {
      nobody: undefined,
      looker: '--clusterrole=view',
      secretless: '--role=secretless',
      editor: '--clusterrole=edit',
      documented: '--role=laconic-so',
    };
    for (const [account, granted] of Object.entries(bound)) {
      accounts.set(account, await serviceAccount(namespace, account));
      if (granted !== undefined) await bind(namespace, account, granted);
    }
    // The server's own list of permissions is updated a moment later.
    await allowed('create', 'deployments.apps');
  });
  afterAll(async () => {
    await site.remove();
    await kubectl('delete', 'clusterrolebinding,clusterrole', namespace, '--ignore-not-found');
  });

  it('without any permission get a list of everything that a start requires', async () => {
    await become('nobody');
    const kinds = (await refused('start')).map((line) => line.replace(/:.*/, ''));
    const workloads = ['deployments.apps', 'events', 'jobs.batch', 'pods', 'replicasets.apps'];
    expect(kinds).toEqual(['configmaps', ...workloads, 'persistentvolumeclaims', 'secrets', 'services'].sort());
    await refused('stop');
    await refused('status');
    expect(await left()).toEqual([]);
  });

  it('with a token that is no longer valid get one message, and nothing is left in the directory', async () => {
    await become('expired');
    const before = await site.sandbox.fileState('dep');
    const { code, stderr } = await site.attempt('start');
    expect([code, stderr]).toEqual([
      1,
      expect.stringMatching(/^Error: cannot read .+: Unauthorized\nthe credentials in the kubeconfig .*\n$/),
    ]);
    expect(Object.keys(await site.sandbox.fileState('dep'))).toEqual(Object.keys(before));
  });

  it('that may only read get a list of the missing permissions', async () => {
    await become('looker');
    const lacking = await refused('start');
    expect(lacking).toContain('deployments.apps: create, patch');
    expect(lacking).toContain('secrets: list, create, patch');
    expect((await site.run('status')).stdout).toBe('');
    expect((await site.run('ps')).stdout).toBe('No containers running\n');
    expect(await left()).toEqual([]);
  });

  it('that may access everything but Secrets get an error', async () => {
    await become('secretless');
    expect(await refused('start')).toEqual(['secrets: list, create, patch']);
    expect(await refused('run-job', 'seed')).toEqual(['secrets: list, create, patch']);
    expect(await left()).toEqual([]);
  });

  it('with permissions only in an existing namespace work, without the annotation on the namespace', async () => {
    await become('editor');
    const { stderr } = await site.run('start');
    expect(stderr).toMatch(/^WARNING: this account may not change namespace \S+, .*kubectl label/);
    expect((await site.attempt('exec', 'web', 'exit 3')).code).toBe(3);
    // Another deployment recognizes the owner, although nothing on the namespace names it.
    await site.sandbox.create('dep.spec.yml', 'second');
    const second = await site.sandbox.deployment('second', 'start');
    expect([second.code, second.stderr]).toEqual([1, expect.stringMatching(/^Error: namespace \S+ belongs to deploy/)]);
    expect((await site.sandbox.deployment('second', 'stop')).stderr).toContain('nothing was running');
    await become('looker');
    expect((await site.run('status', '--exit-code')).stdout).toContain('1/1 ready');
    expect((await site.run('logs')).stdout).toContain('web: web is here');
    expect(await refused('stop')).toContain('deployments.apps: delete');
    await become('editor');
    await site.run('stop', '--delete-volumes');
    expect(await left()).toEqual([]);
  });

  it('with exactly the Role and the ClusterRole of docs/kubernetes.md can use volumes with a path, and the namespace', async () => {
    const path = `/mnt/${basename(site.sandbox.base)}/data`;
    const spec = await site.sandbox.read('dep.spec.yml');
    await site.sandbox.write('path.yml', spec.replace('  data:\n', `  data: ${path}\n`));
    await site.sandbox.create('path.yml', 'path');
    await writeFile(site.sandbox.path('path/kubeconfig.yml'), accounts.get('documented') ?? '');
    const run = (...args: string[]) => site.sandbox.run('path', ...args);
    // The Role alone is sufficient for everything except the volume.
    const before = await site.sandbox.deployment('path', 'start');
    expect(before.code).toBe(1);
    expect(before.stderr).toMatch(
      /in namespace \S+:\n {2}persistentvolumes \(of the cluster\): get, create, patch\nnothing/,
    );
    expect(await mayI('patch', `namespace/${namespace}`)).toBe('yes\n');
    const binding = [`--clusterrole=${namespace}`, `--serviceaccount=${namespace}:documented`];
    await kubectl('create', 'clusterrolebinding', namespace, ...binding);
    await allowed('create', 'persistentvolumes');
    expect((await run('start')).stderr).not.toContain('WARNING');
    const labels = await kubectl('get', 'namespace', namespace, '--output', 'jsonpath={.metadata.labels}');
    expect(labels).toContain('"laconic.com/deployment-id":"laconic-');
    expect((await site.sandbox.deployment('path', 'exec', 'web', 'exit 3')).code).toBe(3);
    expect((await run('logs')).stdout).toContain('web: web is here');
    expect((await run('status', '--exit-code')).stdout).toContain('1/1 ready');
    expect((await run('run-job', 'seed')).stdout).toContain('seeded');
    const unseen = await site.sandbox.deployment('path', 'stop', '--delete-volumes', '--delete-namespace');
    expect([unseen.code, unseen.stderr]).toEqual([
      1,
      expect.stringMatching(
        /this account may not list .*leases.*: others may have such objects there\nnothing was changed/,
      ),
    ]);
    expect((await run('status', '--exit-code')).stdout).toContain('1/1 ready');
    // The account is deleted with the namespace, which remains as long as something in it does.
    const held = ['serviceaccount', 'held', '--namespace', namespace];
    const finalizers = (...names: string[]) =>
      kubectl('patch', ...held, '--type=merge', '--patch', JSON.stringify({ metadata: { finalizers: names } }));
    await kubectl('create', ...held);
    await finalizers('example.org/held');
    const { stderr } = await run('stop', '--delete-volumes', '--delete-namespace', '--force').finally(() =>
      finalizers(),
    );
    expect(stderr).toContain('this account may not list');
    expect(stderr).toMatch(/^WARNING: namespace \S+ is being deleted together with this account: /m);
    const there = (): Promise<string> => kubectl('get', 'namespace', namespace, '--ignore-not-found');
    await eventually('the namespace is gone', async () => (await there()) === '');
    expect(await kubectl('get', 'persistentvolume', '--output', 'jsonpath={..hostPath.path}')).not.toContain(path);
  });
});
