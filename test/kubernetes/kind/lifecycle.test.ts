import { copyFile, mkdir, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { Deadline } from '../../../src/deployers/readiness/wait-timeout.js';
import { connectCluster } from '../../../src/deployers/kubernetes/api/connect.js';
import { clusterToJoin, listKindClusters } from '../../../src/deployers/kubernetes/kind/clusters.js';
import { deleteCluster } from '../../../src/deployers/kubernetes/kind/delete.js';
import { waitUntilReady } from '../../../src/deployers/kubernetes/ready/wait.js';
import { InterruptedError } from '../../../src/system/errors.js';
import { runOrFail } from '../../../src/system/process/process.js';
import { deleteOwnCluster, describeWithCluster, ownClusterName, shared } from '../../support/kubernetes/cluster.js';
import { OwnCluster } from './own-cluster.js';

let own: OwnCluster;

/** The creation time of the node's container, which identifies the cluster. */
async function createdAt(): Promise<string> {
  const args = ['inspect', '--format', '{{.Created}}', own.node];
  return (await runOrFail('docker inspect', 'docker', args)).stdout.trim();
}

describeWithCluster('the life cycle of a kind cluster', () => {
  beforeAll(async () => {
    own = await OwnCluster.plan(true);
  });
  afterAll(async () => {
    await own.remove();
  });

  it('does not begin with --skip-cluster-management', async () => {
    const wish = await own.deployment('first', { spec: `kind-cluster-name: ${own.name}\n` });
    const skipped = own.ensure({ ...wish, manage: false });
    await expect(skipped).rejects.toThrow(`there is no kind cluster ${own.name} on this host`);
    expect(await own.nodes()).toEqual([]);
  });

  it('leaves nothing behind when its creation is interrupted', async () => {
    const name = await ownClusterName();
    const stopped = new AbortController();
    const plain = own.context();
    const wish = await own.deployment('cut', { clusterId: name, spec: `kind-cluster-name: ${name}\n` });
    const making = own.ensure(wish, { ...plain, signal: stopped.signal });
    const ended = expect(making).rejects.toThrow(InterruptedError);
    while ((await own.nodes(name)).length === 0) await sleep(100);
    stopped.abort();
    await ended;
    expect(await own.nodes(name)).toEqual([]);
    expect(await readFile(own.kubeconfig, 'utf8').catch(() => '')).not.toContain(name);
    await deleteOwnCluster(name, own.kubeconfig);
  });

  it('begins when the cluster is missing, next to other clusters on this host', async () => {
    const context = own.context();
    const wish = await own.deployment('first');
    expect(await own.ensure(wish, context)).toEqual({ name: own.name, created: true });
    expect(context.output.stdout).toBe(`Creating new cluster: ${own.name}\n`);
    expect(await own.kubectl('get', 'nodes')).toMatch(/ Ready /);
    // It listens on the address that the spec names and on no other.
    const ports = (await runOrFail('docker port', 'docker', ['port', own.node, '80'])).stdout;
    expect(ports).toBe(`127.0.0.1:${own.ports.http}\n`);
    const names = (await listKindClusters(own.engine)).map(({ name }) => name);
    expect(names).toEqual(expect.arrayContaining([own.name, shared.name]));
    expect((await listKindClusters(own.engine)).find(({ name }) => name === shared.name)?.ours).toBe(false);
  });

  it('continues with an existing cluster, whatever other clusters there are', async () => {
    const before = [await createdAt(), (await stat(own.kubeconfig)).mtimeMs];
    const context = own.context();
    expect(await own.ensure(await own.deployment('first'), context)).toEqual({ name: own.name, created: false });
    expect(context.output).toEqual({ stdout: `Using existing cluster: ${own.name}\n`, stderr: '' });
    expect([await createdAt(), (await stat(own.kubeconfig)).mtimeMs]).toEqual(before);
  });

  it('lets a deployment adopt the cluster of another, and records that', async () => {
    expect(await clusterToJoin(own.engine)).toBe(own.name);
    const wish = await own.deployment('second', {
      clusterId: 'laconic-elsewhere',
      record: 'cluster-id: laconic-elsewhere # mine\n',
    });
    const found = await own.ensure({
      ...wish,
      record: { clusterId: 'laconic-elsewhere', deploymentId: 'laconic-elsewhere' },
    });
    expect(found).toEqual({ name: own.name, created: false });
    const record = await readFile(wish.layout.deployment, 'utf8');
    expect(record).toContain(`cluster-id: ${own.name} # mine\n`);
    expect(record).toContain('deployment-id: laconic-elsewhere\n');
  });

  it('does not let a deployment adopt it when the spec names another', async () => {
    const wish = await own.deployment('third', { spec: 'kind-cluster-name: laconic-so-t-nowhere\n' });
    await expect(own.ensure({ ...wish, manage: false })).rejects.toThrow(
      'there is no kind cluster laconic-so-t-nowhere',
    );
  });

  it('refuses a cluster that lacks what a deployment needs, with every reason', async () => {
    const wish = await own.deployment('misfit', { mounts: [['/srv/other', '/mnt/other']] });
    const file = join(wish.layout.root, 'kind-config.yml');
    await writeFile(file, (await readFile(file, 'utf8')).replace('ingress-ready=true', 'ingress-ready=true,zone=a'));
    const refused = own.ensure(wish);
    await expect(refused).rejects.toThrow('/mnt/other must be /srv/other of this host: nothing is mounted there');
    await expect(refused).rejects.toMatchObject({ hint: expect.stringContaining(join(own.base, 'mnt')) as string });

    await expect(own.ensure(await own.deployment('misfit', { listenAddress: '127.0.0.2' }))).rejects.toThrow(
      `port ${own.ports.https}/TCP must listen on 127.0.0.2 of this host: it listens on 127.0.0.1`,
    );

    const labelled = await own.deployment('misfit');
    await writeFile(file, (await readFile(file, 'utf8')).replace('ingress-ready=true', 'ingress-ready=true,zone=a'));
    await expect(own.ensure(labelled)).rejects.toThrow('has the label zone=a');
  });

  it('accepts another spelling of a mounted directory', async () => {
    const wish = await own.deployment('spelling');
    await symlink(join(own.base, 'mnt'), join(own.base, 'link'));
    const file = join(wish.layout.root, 'kind-config.yml');
    await writeFile(file, (await readFile(file, 'utf8')).replace(join(own.base, 'mnt'), join(own.base, 'link')));
    expect(await own.ensure(wish)).toEqual({ name: own.name, created: false });
  });

  it('refuses a volume that a link leads out of the mount root, because its data would be in the node only', async () => {
    const root = join(own.base, 'mnt');
    await mkdir(join(own.base, 'real'));
    await symlink(join(own.base, 'real'), join(root, 'away'));
    const wish = await own.deployment('links', { spec: `kind-mount-root: ${root}\nvolumes:\n  db: ${root}/away/db\n` });
    await expect(own.ensure(wish)).rejects.toThrow(
      `spec.yml:5 volumes.db: ${root}/away/db is a link out of kind-mount-root`,
    );
    await rm(join(root, 'away'));
  });

  it('starts a stopped node, and restores a lost context', async () => {
    await own.kubectl('create', 'namespace', 'stays');
    await runOrFail('docker kill', 'docker', ['kill', own.node]);
    await rm(own.kubeconfig);
    const context = own.context();
    expect(await own.ensure(await own.deployment('first'), context)).toEqual({ name: own.name, created: false });
    expect(context.output.stderr).toContain(`the node ${own.node} is stopped: starting it`);
    expect(await own.kubectl('get', 'namespace', 'stays')).toContain('Active');
  });

  it('refuses a paused node, with the command to resume it', async () => {
    await own.whilePaused(async () => {
      await expect(own.ensure(await own.deployment('first'))).rejects.toMatchObject({
        message: `the node ${own.node} of the cluster ${own.name} is paused`,
        hint: `docker unpause ${own.node} continues it`,
      });
    });
  });

  it('reports an API server that stops answering during a wait', async () => {
    const stop = new AbortController();
    const context = { ...own.context(), signal: stop.signal };
    const { api } = await connectCluster({ kind: 'k8s-kind', cluster: own.name }, context);
    const container = { name: 'main', image: 'nobody/nothing' };
    const template = { spec: { restartPolicy: 'Never', containers: [container] } };
    const metadata = { name: 'suspended', namespace: 'stays' };
    await api.create({ apiVersion: 'batch/v1', kind: 'Job', metadata, spec: { suspend: true, template } }, 'test');
    const awaited = [{ kind: 'Job' as const, name: 'suspended' }];
    const waiting = waitUntilReady({
      ...{ api, namespace: 'stays', awaited, deadline: new Deadline(undefined), schedulingTimeoutMs: 0, context },
    });
    waiting.catch(() => undefined);
    await expect.poll(() => context.output.stderr, { timeout: 60_000 }).toContain('Job suspended: ');
    await own.whilePaused(async () => {
      const silent = /^WARNING: the API server at https:\S+ has not answered for \d+ s; still waiting/m;
      await expect.poll(() => context.output.stderr, { timeout: 60_000 }).toMatch(silent);
    });
    stop.abort();
    await expect(waiting).rejects.toThrow(InterruptedError);
  });

  it('replaces the context of an earlier cluster of the same name', async () => {
    const text = await readFile(own.kubeconfig, 'utf8');
    await writeFile(own.kubeconfig, text.replace(/server: .*/, 'server: https://127.0.0.1:1'));
    await own.ensure(await own.deployment('first'));
    expect(await own.kubectl('get', 'namespace', 'stays')).toContain('Active');
  });

  it('does not end while others are in the cluster, or in a dry run', async () => {
    const mine = { own: 'laconic-first', namespace: 'laconic-shop', force: false };
    const namespace = (name: string, id: string): object => ({
      apiVersion: 'v1',
      kind: 'Namespace',
      metadata: {
        name,
        labels: { 'laconic.com/deployment-id': id },
        annotations: { 'laconic.com/deployment-dir': `/srv/${id}` },
      },
    });
    const claim = (where: string): object => ({
      apiVersion: 'v1',
      kind: 'PersistentVolumeClaim',
      metadata: { name: 'data', namespace: where },
      spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Mi' } } },
    });
    for (const [name, id] of [
      ['laconic-shop', 'laconic-first'],
      ['empty', 'laconic-gone'],
      ['theirs', 'laconic-other'],
    ] as const) {
      await own.kubectlWith(namespace(name, id), 'create');
      if (name !== 'empty') await own.kubectlWith(claim(name), 'create');
    }

    const dry = own.context({ dryRun: true });
    expect(await deleteCluster(own.name, mine, dry)).toBe(false);
    expect(dry.output.stdout).toBe(`would delete the kind cluster ${own.name}\n`);
    const refused = deleteCluster(own.name, mine, own.context());
    await expect(refused).rejects.toThrow('namespace theirs: /srv/laconic-other');
    await expect(refused).rejects.not.toThrow('empty');
    expect(await own.nodes()).toEqual([own.node]);
  });

  it('does not end without --force when the deployments in the cluster are unknown', async () => {
    const kept = join(own.base, 'kubeconfig.kept');
    await copyFile(own.kubeconfig, kept);
    await writeFile(
      own.kubeconfig,
      (await readFile(kept, 'utf8')).replace(/server: .*/, 'server: https://127.0.0.1:1'),
    );
    const options = { own: 'laconic-first', namespace: 'laconic-shop', force: false };
    await expect(deleteCluster(own.name, options, own.context())).rejects.toThrow('it is not known who else uses it');
    await copyFile(kept, own.kubeconfig);
    expect(await own.nodes()).toEqual([own.node]);
  });

  it('ends with --force, along with the context, and a second time does nothing', async () => {
    const options = { own: 'laconic-first', namespace: 'laconic-shop', force: true };
    expect(await deleteCluster(own.name, options, own.context())).toBe(true);
    expect(await own.nodes()).toEqual([]);
    expect(await readFile(own.kubeconfig, 'utf8')).not.toContain(own.name);
    expect(await deleteCluster(own.name, options, own.context())).toBe(false);
  });
});
