import { basename, join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { run } from '../../../src/system/process/process.js';
import { kubectl, kubectlGet, shared } from './cluster.js';
import type { CliResult } from '../program.js';
import { eventually } from '../eventually.js';
import { launch } from '../running.js';
import { idleService, Sandbox } from '../sandbox.js';

/** An object of the API server, with the fields that tests use for all kinds. */
export interface ClusterObject {
  kind: string;
  metadata: {
    name: string;
    uid: string;
    labels?: Record<string, string>;
    annotations?: Record<string, string>;
    deletionTimestamp?: string;
  };
  spec: Record<string, unknown>;
  status: Record<string, unknown>;
}

/** The kinds of everything that a deployment has in its namespace. */
export const ownKinds = 'deployment,job,ingress,service,configmap,secret,persistentvolumeclaim,pod';

/** The lines of a spec for the shared kind cluster. */
export const onKind = (): string => `deploy-to: k8s-kind
kind-cluster-name: ${shared.name}
kind-mount-root: ${shared.mountRoot}
caddy-ingress-image: ${shared.ingressImage}
`;

/** The lines of a spec for the same cluster as one that the program does not manage. */
export const onKubeconfig = (kubeconfig = shared.kubeconfig): string =>
  `deploy-to: k8s\nkube-config: ${kubeconfig}\nimage-pull-policy: IfNotPresent\n`;

/** A deployment of a {@link ClusterSandbox}, in a namespace of its own. */
export class Deployed {
  readonly sandbox: ClusterSandbox;
  readonly directory: string;
  /** Its deployment-id. */
  readonly app: string;
  readonly namespace: string;

  constructor(sandbox: ClusterSandbox, directory: string, app: string, namespace: string) {
    this.sandbox = sandbox;
    this.directory = directory;
    this.app = app;
    this.namespace = namespace;
  }

  /** Runs `deployment --dir <directory> …`, which has to exit with 0. */
  run(...args: string[]): Promise<CliResult> {
    return this.sandbox.run(this.directory, ...args);
  }

  /** The same with any exit code. */
  attempt(...args: string[]): Promise<CliResult> {
    return this.sandbox.deployment(this.directory, ...args);
  }

  /** Starts a command and leaves it running. */
  begin(...args: string[]): ReturnType<typeof launch> {
    return launch(['deployment', '--dir', this.directory, ...args], { cwd: this.sandbox.base });
  }

  /** Runs `deploy create --update` with this spec. */
  update(spec = `${this.directory}.spec.yml`, ...more: string[]): Promise<CliResult> {
    return this.sandbox.create(spec, this.directory, '--update', ...more);
  }

  /** Objects of its namespace. @param selector without it, those with its deployment-id */
  async objects(kinds: string, selector = `laconic.com/deployment-id=${this.app}`): Promise<ClusterObject[]> {
    const found = await kubectlGet(kinds, '--namespace', this.namespace, '--selector', selector);
    return found.items as ClusterObject[];
  }

  /** `Kind/name` of every object with its deployment-id. */
  async own(kinds = ownKinds): Promise<string[]> {
    return (await this.objects(kinds)).map(({ kind, metadata }) => `${kind}/${metadata.name}`).sort();
  }

  /** Its pods that are not terminating and belong to no Job. */
  async pods(): Promise<ClusterObject[]> {
    const all = await this.objects('pod', `app=${this.app}`);
    return all.filter(({ metadata }) => metadata.deletionTimestamp === undefined);
  }

  /** The pod that has this container. */
  async podWith(container: string): Promise<ClusterObject> {
    const pods = await this.pods();
    const found = pods.find(({ spec }) => {
      const { containers, initContainers = [] } = spec as Record<string, { name: string }[]>;
      return [...(containers ?? []), ...initContainers].some(({ name }) => name === container);
    });
    if (found === undefined) throw new Error(`no pod has ${container}: ${pods.map((pod) => pod.metadata.name).join()}`);
    return found;
  }

  /** The output of a command in a container, run without the program. */
  async inContainer(container: string, ...command: string[]): Promise<string> {
    const { metadata } = await this.podWith(container);
    return kubectl('exec', '--namespace', this.namespace, metadata.name, '--container', container, '--', ...command);
  }

  kubectl(...args: string[]): Promise<string> {
    return kubectl('--namespace', this.namespace, ...args);
  }

  get(...args: string[]): Promise<Record<string, unknown> & { items?: unknown[] }> {
    return kubectlGet('--namespace', this.namespace, ...args);
  }

  /** The names of all objects of these kinds in its namespace. */
  async names(kinds: string): Promise<string[]> {
    const words = await this.kubectl('get', kinds, '--output', 'jsonpath={.items[*].metadata.name}');
    return words.split(' ').filter(Boolean);
  }

  /** Removes the sandbox that has this deployment. */
  remove(): Promise<void> {
    return this.sandbox.remove();
  }
}

/** Where a deployment of a {@link ClusterSandbox} is. */
interface Target {
  /** Empty for the one that the program chooses. */
  namespace?: string | undefined;
  /** Lines of the spec: {@link onKind} by default. */
  target?: string | undefined;
}

/** A sandbox with deployments on the shared cluster; {@link ClusterSandbox.remove} removes those, too. */
export class ClusterSandbox extends Sandbox {
  readonly #folder = basename(this.base);
  readonly #deployed: Deployed[] = [];

  /** A folder of this sandbox below the mount root, which containers can mount. */
  mounted(...below: string[]): string {
    return join(shared.mountRoot, this.#folder, ...below);
  }

  /**
   * Runs `deploy create` of a stack for the shared cluster.
   * @param stack its path, or the name of a bundled one
   * @param spec lines of spec.yml in addition to those for the cluster; `MOUNTED` is {@link mounted}
   */
  async deploy(stack: string, directory: string, spec = '', where: Target = {}): Promise<Deployed> {
    await this.create(await this.writeSpec(stack, directory, spec, where), directory);
    const app = /^deployment-id: (\S+)$/m.exec(await this.read(join(directory, 'deployment.yml')))?.[1] ?? '';
    const namespace = this.#namespace(directory, where) || `laconic-${basename(stack)}`;
    const deployed = new Deployed(this, directory, app, namespace);
    this.#deployed.push(deployed);
    return deployed;
  }

  /** Replaces the spec of {@link deploy}, `<directory>.spec.yml`; returns its path. */
  writeSpec(stack: string, directory: string, spec: string, where: Target = {}): Promise<string> {
    const namespace = this.#namespace(directory, where);
    const lines = [
      `stack: ${stack}`,
      ...(namespace === '' ? [] : [`namespace: ${namespace}`]),
      `${where.target ?? onKind()}${spec.replaceAll('MOUNTED', this.mounted())}`,
    ];
    return this.write(`${directory}.spec.yml`, `${lines.join('\n')}\n`);
  }

  #namespace(directory: string, { namespace }: Target): string {
    return namespace ?? `${this.#folder.toLowerCase()}-${directory}`;
  }

  /** Nobody waits for the deletion, which the cluster finishes later. */
  override async remove(): Promise<void> {
    for (const { namespace, app } of this.#deployed) {
      await kubectl('delete', 'pod', '--all', '--namespace', namespace, '--grace-period', '0', '--force');
      await kubectl('delete', 'namespace', namespace, '--ignore-not-found', '--wait=false');
      await kubectl('delete', 'persistentvolume', '--selector', `app=${app}`, '--ignore-not-found', '--wait=false');
    }
    // Files that containers wrote belong to their users. Until the namespace is gone, a container that is ending may
    // still write.
    const folder = ['exec', shared.node, 'rm', '-rf', `/mnt/${this.#folder}`];
    await eventually('the folder is removed', async () => (await run('docker', folder)).code === 0);
    await super.remove();
  }
}

/** An idle service that ends at once when Kubernetes stops it, too. */
export function idle(name: string, more = ''): string {
  return idleService(name, `    stop_grace_period: 1s\n${more}`);
}

/** The observed value once two observations in a row are equal, since controllers write with a delay. */
export async function settled<T>(look: () => Promise<T>): Promise<T> {
  let seen = await look();
  await eventually('nothing changes any more', async () => {
    const before = seen;
    await new Promise((resolve) => setTimeout(resolve, 500));
    seen = await look();
    return isDeepStrictEqual(before, seen);
  });
  return seen;
}

/** Makes sure that an image is on this host; bundled ones are built by the program. */
export async function needImage(sandbox: Sandbox, image: string, stack: string): Promise<void> {
  if ((await run('docker', ['image', 'inspect', image])).code === 0) return;
  await sandbox.succeed(['--stack', stack, 'build-containers']);
}
