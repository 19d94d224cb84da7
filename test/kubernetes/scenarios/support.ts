import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { run } from '../../../src/system/process/process.js';
import { kubectl, kubectlGet, shared } from '../../support/cluster.js';
import type { CliResult } from '../../support/engine.js';
import { Sandbox } from '../../support/sandbox.js';

/** An object of the API server, with the fields that tests use for all kinds. */
export interface Seen {
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

/** A deployment directory on the shared cluster. */
export class Deployed {
  readonly sandbox: Sandbox;
  readonly directory: string;
  readonly app: string;
  readonly namespace: string;

  constructor(sandbox: Sandbox, directory: string, app: string, namespace: string) {
    this.sandbox = sandbox;
    this.directory = directory;
    this.app = app;
    this.namespace = namespace;
  }

  /** Runs `deployment --dir <directory> …`, which has to exit with 0. */
  run(...args: string[]): Promise<CliResult> {
    return this.sandbox.succeed(['deployment', '--dir', this.directory, ...args]);
  }

  /** The same with any exit code. */
  attempt(...args: string[]): Promise<CliResult> {
    return this.sandbox.deployment(this.directory, ...args);
  }

  /** Runs `deploy create --update` with this spec. */
  update(spec: string): Promise<CliResult> {
    const args = ['--spec-file', spec, '--deployment-dir', this.directory, '--update'];
    return this.sandbox.succeed(['deploy', 'create', ...args]);
  }

  /** Objects of its namespace. @param selector without it, those with its deployment-id */
  async objects(kinds: string, selector = `laconic.com/deployment-id=${this.app}`): Promise<Seen[]> {
    const found = await kubectlGet(kinds, '--namespace', this.namespace, '--selector', selector);
    return found.items as Seen[];
  }

  /** `Kind/name` of every object with its deployment-id. */
  async names(kinds = ownKinds): Promise<string[]> {
    return (await this.objects(kinds)).map(({ kind, metadata }) => `${kind}/${metadata.name}`).sort();
  }

  /** Its pods that are not terminating and belong to no Job. */
  async pods(): Promise<Seen[]> {
    const all = await this.objects('pod', `app=${this.app}`);
    return all.filter(({ metadata }) => metadata.deletionTimestamp === undefined);
  }

  /** The pod that has this container. */
  async podWith(container: string): Promise<Seen> {
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
}

/** A sandbox whose Kubernetes deployments are on the shared cluster; {@link Scene.remove} removes everything. */
export class Scene {
  readonly sandbox: Sandbox;
  readonly #deployed: Deployed[] = [];

  private constructor(sandbox: Sandbox) {
    this.sandbox = sandbox;
  }

  static async make(files: Readonly<Record<string, string>> = {}): Promise<Scene> {
    return new Scene(await Sandbox.make(files));
  }

  /** A folder of this scene below the mount root, which containers can mount. */
  mounted(...below: string[]): string {
    return join(shared.mountRoot, this.#folder, ...below);
  }

  get #folder(): string {
    return this.sandbox.base.split('/').at(-1) ?? '';
  }

  /**
   * Runs `deploy create` of a stack for the shared cluster.
   * @param stack its path, or the name of a bundled one
   * @param spec lines of spec.yml in addition to those for the cluster; `MOUNTED` is {@link mounted}
   * @param namespace empty for the one that the program chooses
   */
  async create(
    stack: string,
    directory: string,
    spec = '',
    namespace = this.#namespaceOf(directory),
  ): Promise<Deployed> {
    const specFile = await this.writeSpec(stack, directory, spec, namespace);
    await this.sandbox.create(specFile, directory);
    const app = /^deployment-id: (\S+)$/m.exec(await this.sandbox.read(join(directory, 'deployment.yml')))?.[1];
    const chosen = namespace === '' ? `laconic-${stack.split('/').at(-1) ?? ''}` : namespace;
    const deployed = new Deployed(this.sandbox, directory, app ?? '', chosen);
    this.#deployed.push(deployed);
    return deployed;
  }

  /** Replaces the spec of {@link create}; returns its path. */
  writeSpec(stack: string, directory: string, spec: string, namespace = this.#namespaceOf(directory)): Promise<string> {
    const lines = [
      `stack: ${stack}`,
      'deploy-to: k8s-kind',
      `kind-cluster-name: ${shared.name}`,
      `kind-mount-root: ${shared.mountRoot}`,
      `caddy-ingress-image: ${shared.ingressImage}`,
      ...(namespace === '' ? [] : [`namespace: ${namespace}`]),
      spec.replaceAll('MOUNTED', this.mounted()),
    ];
    return this.sandbox.write(`${directory}.spec.yml`, `${lines.join('\n')}\n`);
  }

  #namespaceOf(directory: string): string {
    return `${this.#folder.toLowerCase()}-${directory}`;
  }

  /** Nobody waits for the deletion, which the cluster finishes later. */
  async remove(): Promise<void> {
    for (const { namespace, app } of this.#deployed) {
      await kubectl('delete', 'pod', '--all', '--namespace', namespace, '--grace-period', '0', '--force');
      await kubectl('delete', 'namespace', namespace, '--ignore-not-found', '--wait=false');
      await kubectl('delete', 'persistentvolume', '--selector', `app=${app}`, '--ignore-not-found', '--wait=false');
    }
    // Files that containers wrote belong to their users. Until the namespace is gone, a container that is ending may
    // still write.
    const folder = ['exec', shared.node, 'rm', '-rf', `/mnt/${this.#folder}`];
    await eventually('the folder is removed', async () => (await run('docker', folder)).code === 0);
    await this.sandbox.remove();
  }
}

/** An idle service that ends at once when Kubernetes or Compose stops it. */
export function idle(name: string, more = ''): string {
  return `  ${name}:
    image: busybox:1.36
    command: ["sleep", "1000000"]
    stop_signal: SIGKILL
    stop_grace_period: 1s
${more}`;
}

/** Waits until a check holds. @throws Error after a minute with what was missing */
export async function eventually(what: string, check: () => Promise<boolean>): Promise<void> {
  const end = Date.now() + 60_000;
  while (!(await check())) {
    if (Date.now() > end) throw new Error(`not seen in a minute: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 250));
  }
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
