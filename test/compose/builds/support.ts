import { chmod, mkdir, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { run } from '../../../src/system/process/process.js';
import type { CliResult } from '../../support/engine.js';
import { Sandbox } from '../../support/sandbox.js';

/** A minimal image that contains one line of its own. */
export function tinyDockerfile(line: string): string {
  return `FROM scratch\nLABEL line="${line}"\nCOPY Dockerfile /\n`;
}

/** A stack in a repository as users of the Python program have it, and build-containers for it. */
export class BuildSite {
  readonly sandbox: Sandbox;
  /** The first part of the names of its containers, which is unique on the engine. */
  readonly org: string;

  private constructor(sandbox: Sandbox, org: string) {
    this.sandbox = sandbox;
    this.org = org;
  }

  static async make(kind: string): Promise<BuildSite> {
    return new BuildSite(await Sandbox.make(), `laconic-test-${kind}-${process.pid}`);
  }

  /** Writes `stack.yml` with these containers, in this order. */
  async stack(containers: readonly string[], repositories: readonly string[] = []): Promise<void> {
    const list = (items: readonly string[]): string => items.map((item) => `\n  - ${item}`).join('') || ' []';
    await this.put(
      'my repo/stack-orchestrator/stacks/app/stack.yml',
      `name: app\nrepos:${list(repositories)}\ncontainers:${list(containers.map((name) => `${this.org}/${name}`))}\npods: []\n`,
    );
  }

  /** Writes a file into a container's build folder in the external repository. */
  async file(container: string, file: string, text: string, mode = 0o755): Promise<void> {
    await this.put(`my repo/stack-orchestrator/container-build/${this.org}-${container}/${file}`, text, mode);
  }

  /** Writes a file below the sandbox, with `ORG` replaced by the containers' organisation. */
  async put(path: string, text: string, mode = 0o644): Promise<void> {
    const target = this.sandbox.path(path);
    await mkdir(dirname(target), { recursive: true });
    await writeFile(target, text.replaceAll('ORG', this.org));
    await chmod(target, mode);
  }

  get env(): NodeJS.ProcessEnv {
    return { XDG_STATE_HOME: this.sandbox.path('state'), HOME: this.sandbox.path('home') };
  }

  /** The arguments of `build-containers` for the stack. */
  args(...more: string[]): string[] {
    return ['--stack', this.sandbox.path('my repo/stack-orchestrator/stacks/app'), 'build-containers', ...more];
  }

  build(
    more: readonly string[] = [],
    env: NodeJS.ProcessEnv = {},
    globals: readonly string[] = [],
  ): Promise<CliResult> {
    return this.sandbox.cli([...globals, ...this.args(...more)], { env: { ...this.env, ...env } });
  }

  log(container: string): string {
    return this.sandbox.path('state/laconic-so/builds', this.org, `${container}.log`);
  }

  /** The label `line` of a container's image, or undefined without such an image. */
  async line(container: string): Promise<string | undefined> {
    const asked = await run('docker', [
      ...['image', 'inspect', '--format', '{{index .Config.Labels "line"}}'],
      `${this.org}/${container}:local`,
    ]);
    return asked.code === 0 ? asked.stdout.trim() : undefined;
  }

  async remove(): Promise<void> {
    for (const pattern of [`${this.org}/*`, `localhost:*/*/${this.org}/*`, `localhost:*/${this.org}/*`]) {
      const { stdout } = await run('docker', [
        ...['image', 'ls', '--format', '{{.Repository}}:{{.Tag}}', '--filter', `reference=${pattern}`],
      ]);
      const names = stdout.split('\n').filter((name) => name !== '');
      if (names.length > 0) await run('docker', ['image', 'rm', '--force', ...names]);
    }
    await this.sandbox.remove();
  }
}

/** Waits up to 20 seconds for a condition. */
export async function eventually(what: string, look: () => Promise<boolean>): Promise<void> {
  for (let attempt = 0; attempt < 200; attempt += 1) {
    if (await look()) return;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  throw new Error(`waited 20 s for ${what}`);
}
