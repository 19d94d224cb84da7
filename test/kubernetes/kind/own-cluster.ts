import { mkdtemp, mkdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'vitest';
import { renderKindConfig } from '../../../src/deployers/kubernetes/kind/config.js';
import { type ClusterWish, ensureCluster, type EnsuredCluster } from '../../../src/deployers/kubernetes/kind/ensure.js';
import { layoutOf } from '../../../src/deployment/directory/layout.js';
import { renderRecord } from '../../../src/deployment/directory/record.js';
import { connectEngine, type Engine } from '../../../src/engine/connect.js';
import { parseSpec } from '../../../src/spec/parse.js';
import type { GlobalOptions } from '../../../src/system/context.js';
import { run, runOrFail } from '../../../src/system/process/process.js';
import { deleteOwnCluster, ownClusterName } from '../../support/kubernetes/cluster.js';
import { freePort } from '../../support/ports.js';
import { type TestContext, testContext } from '../../support/context.js';

/** A kind cluster for one test file, with a kubeconfig and a state directory of its own. */
export class OwnCluster {
  readonly name: string;
  readonly base: string;
  readonly engine: Engine;
  /** Ports of this host for ports 80 and 443 of the node. */
  readonly ports: { http: number; https: number };

  private constructor(name: string, base: string, engine: Engine, ports: { http: number; https: number }) {
    this.name = name;
    this.base = base;
    this.engine = engine;
    this.ports = ports;
  }

  static async plan(adoptable = false): Promise<OwnCluster> {
    const base = await mkdtemp(join(tmpdir(), 'laconic-kind-'));
    await mkdir(join(base, 'mnt'));
    const ports = { http: await freePort(), https: await freePort() };
    return new OwnCluster(await ownClusterName(adoptable), base, await connectEngine(testContext(base)), ports);
  }

  get kubeconfig(): string {
    return join(this.base, 'kubeconfig');
  }

  get node(): string {
    return `${this.name}-control-plane`;
  }

  /** Does something while the node is paused. */
  async whilePaused(work: () => Promise<void>): Promise<void> {
    // A node that is starting many processes cannot always be frozen ("unable to freeze").
    const pause = () => run('docker', ['pause', this.node]).then(({ code, stderr }) => (code === 0 ? '' : stderr));
    await expect.poll(pause, { timeout: 60_000 }).toBe('');
    try {
      await work();
    } finally {
      await runOrFail('docker unpause', 'docker', ['unpause', this.node]);
    }
  }

  context(options: Partial<GlobalOptions> = {}): TestContext {
    const env = { ...process.env, KUBECONFIG: this.kubeconfig, XDG_STATE_HOME: join(this.base, 'state') };
    return testContext(this.base, options, env);
  }

  /** The parts of a deployment directory that concern its cluster. @param clusterId without it, that of this cluster */
  async deployment(
    directory: string,
    more: {
      clusterId?: string;
      mounts?: [string, string][];
      spec?: string;
      record?: string;
      listenAddress?: string;
    } = {},
  ): Promise<ClusterWish> {
    const layout = layoutOf(join(this.base, directory));
    await mkdir(layout.root, { recursive: true });
    const clusterId = more.clusterId ?? this.name;
    const record = { clusterId, deploymentId: `laconic-${directory}` };
    await writeFile(layout.deployment, more.record ?? renderRecord(record));
    const { listenAddress = '127.0.0.1' } = more;
    const mounts = [[join(this.base, 'mnt'), '/mnt'] as [string, string], ...(more.mounts ?? [])];
    const config = renderKindConfig({
      mounts: mounts.map(([hostPath, containerPath]) => ({ hostPath, containerPath })),
      ports: [
        { hostPort: this.ports.http, containerPort: 80, protocol: 'TCP', listenAddress },
        { hostPort: this.ports.https, containerPort: 443, protocol: 'TCP', listenAddress },
      ],
      nodeLabels: ['ingress-ready=true'],
    });
    await writeFile(join(layout.root, 'kind-config.yml'), config);
    const { spec } = parseSpec(`stack: shop\ndeploy-to: k8s-kind\n${more.spec ?? ''}`, 'spec.yml');
    return { layout, record, spec, manage: true };
  }

  async ensure(
    wish: ClusterWish,
    context: TestContext = this.context(),
  ): Promise<Pick<EnsuredCluster, 'name' | 'created'>> {
    const { name, created } = await ensureCluster(wish, this.engine, context);
    return { name, created };
  }

  async kubectl(...args: string[]): Promise<string> {
    const words = ['--kubeconfig', this.kubeconfig, '--context', `kind-${this.name}`, ...args];
    return (await runOrFail(`kubectl ${args.join(' ')}`, 'kubectl', words)).stdout;
  }

  /** kubectl with an object as its stdin. */
  async kubectlWith(input: object, ...args: string[]): Promise<string> {
    const words = ['--kubeconfig', this.kubeconfig, '--context', `kind-${this.name}`, ...args, '--filename', '-'];
    return (await runOrFail(args.join(' '), 'kubectl', words, { input: JSON.stringify(input) })).stdout;
  }

  /** The node containers of a cluster, running or not. */
  async nodes(name = this.name): Promise<string[]> {
    const args = ['ps', '--all', '--filter', `label=io.x-k8s.kind.cluster=${name}`, '--format', '{{.Names}}'];
    return (await run('docker', args)).stdout.split('\n').filter(Boolean);
  }

  async remove(): Promise<void> {
    await deleteOwnCluster(this.name, this.kubeconfig);
    await rm(this.base, { recursive: true, force: true });
  }
}
