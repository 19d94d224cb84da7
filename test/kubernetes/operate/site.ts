import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { deleteNamespaces, kubectl, kubectlGet, shared } from '../../support/cluster.js';
import { type CliResult, cliPath } from '../../support/engine.js';
import { Sandbox } from '../../support/sandbox.js';

/** The only image of these tests, which has a shell and its tools. */
export const image = 'cerc/test-container:local';

/** A service of that image that runs a shell command instead of the image's own. */
export function service(name: string, shell: string, more = ''): string {
  return `  ${name}:
    image: ${image}
    entrypoint: ["sh", "-c"]
    command: [${JSON.stringify(shell)}]
${more}`;
}

/** A server that ends at once when it is stopped. */
export function server(name: string, more = ''): string {
  return service(name, `echo ${name} is here; trap exit TERM; sleep 100000 & wait`, more);
}

export interface StackFiles {
  /** The content of each pod's compose file after `services:`. */
  pods: Record<string, string>;
  jobs?: Record<string, string>;
  /** Lines of spec.yml. */
  spec?: string;
  /** More files of the stack, by their path below its directory. */
  files?: Record<string, string>;
  /** Lines of spec.yml for the target; by default the shared kind cluster. */
  target?: string;
}

const onKind = (): string => `deploy-to: k8s-kind
kind-cluster-name: ${shared.name}
kind-mount-root: ${shared.mountRoot}
caddy-ingress-image: ${shared.ingressImage}
`;

/** A deployment on the shared cluster, in a namespace of its own. */
export class Site {
  readonly sandbox: Sandbox;
  readonly namespace: string;

  private constructor(sandbox: Sandbox, namespace: string) {
    this.sandbox = sandbox;
    this.namespace = namespace;
  }

  /** Creates the deployment `dep` without starting it. */
  static async make(name: string, stack: StackFiles): Promise<Site> {
    const site = new Site(await Sandbox.make(), `operate-${name}`);
    const { pods, jobs = {}, files = {}, spec = '' } = stack;
    const list = (title: string, names: readonly string[]): string =>
      names.length === 0 ? '' : `${title}:\n${names.map((one) => `  - ${one}\n`).join('')}`;
    await site.sandbox.write(
      `src/stack-orchestrator/stacks/${name}/stack.yml`,
      `version: "1.0"\nname: ${name}\n${list('pods', Object.keys(pods))}${list('jobs', Object.keys(jobs))}`,
    );
    for (const [pod, services] of Object.entries(pods)) {
      const text = `services:\n${services}`;
      await site.sandbox.write(`src/stack-orchestrator/compose/docker-compose-${pod}.yml`, text);
    }
    for (const [job, services] of Object.entries(jobs)) {
      const text = `services:\n${services}`;
      await site.sandbox.write(`src/stack-orchestrator/compose-jobs/docker-compose-${job}.yml`, text);
    }
    for (const [path, text] of Object.entries(files)) {
      await site.sandbox.write(`src/stack-orchestrator/stacks/${name}/${path}`, text);
    }
    await mkdir(site.mountRoot, { recursive: true });
    await site.sandbox.write(
      'spec.yml',
      `stack: ${site.sandbox.path('src/stack-orchestrator/stacks', name)}\nnamespace: ${site.namespace}\n${stack.target ?? onKind()}${spec}`,
    );
    await site.sandbox.create('spec.yml', 'dep');
    return site;
  }

  /** A directory for volumes of this site, below what the node has mounted. */
  get mountRoot(): string {
    return join(shared.mountRoot, this.namespace);
  }

  /** Runs `deployment --dir dep …`. */
  run(...args: string[]): Promise<CliResult> {
    return this.sandbox.deployment('dep', ...args);
  }

  async succeed(...args: string[]): Promise<CliResult> {
    return this.sandbox.succeed(['deployment', '--dir', 'dep', ...args]);
  }

  /** Starts a command and leaves it running. `said` resolves when all of these texts were printed. */
  begin(...args: string[]): Running {
    const words = ['--', cliPath, 'deployment', '--dir', this.sandbox.path('dep'), ...args];
    return new Running(words, this.sandbox.base);
  }

  kubectl(...args: string[]): Promise<string> {
    return kubectl('--namespace', this.namespace, ...args);
  }

  async get(...args: string[]): Promise<Record<string, unknown> & { items?: unknown[] }> {
    return kubectlGet('--namespace', this.namespace, ...args);
  }

  async names(kind: string): Promise<string[]> {
    const words = await this.kubectl('get', kind, '--output', 'jsonpath={.items[*].metadata.name}');
    return words.split(' ').filter(Boolean);
  }

  async remove(): Promise<void> {
    await this.run('stop', '--delete-volumes', '--force');
    await deleteNamespaces(this.namespace);
    await rm(this.mountRoot, { recursive: true, force: true });
    await this.sandbox.remove();
  }
}

/** The running program. */
export class Running {
  readonly #child: ReturnType<typeof spawn>;
  readonly #ended: Promise<number>;
  stdout = '';
  stderr = '';

  constructor(words: readonly string[], cwd: string) {
    const child = spawn(process.execPath, [...words], { cwd, stdio: ['ignore', 'pipe', 'pipe'] });
    child.stdout.setEncoding('utf8').on('data', (text: string) => (this.stdout += text));
    child.stderr.setEncoding('utf8').on('data', (text: string) => (this.stderr += text));
    this.#child = child;
    this.#ended = once(child, 'close').then(([code]) => (typeof code === 'number' ? code : -1));
  }

  /** Waits until the program has printed this. */
  async said(words: string | RegExp): Promise<void> {
    const until = Date.now() + 60_000;
    const isSaid = (): boolean => (this.stdout + this.stderr).match(words) !== null;
    while (!isSaid() && this.#child.exitCode === null && Date.now() < until) {
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    // The last output arrives after the exit.
    if (this.#child.exitCode !== null) await this.#ended;
    if (!isSaid()) throw new Error(`never said ${String(words)}:\n${this.stdout}${this.stderr}`);
  }

  interrupt(): void {
    this.#child.kill('SIGINT');
  }

  /** Pauses the program until `resume`. */
  halt(): void {
    this.#child.kill('SIGSTOP');
  }

  resume(): void {
    this.#child.kill('SIGCONT');
  }

  ended(): Promise<number> {
    return this.#ended;
  }
}
