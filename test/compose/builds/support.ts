import { randomBytes } from 'node:crypto';
import { run } from '../../../src/system/process/process.js';
import type { CliResult } from '../../support/program.js';
import { Sandbox } from '../../support/sandbox.js';

/** A minimal image that contains one line of its own. */
export function tinyDockerfile(line: string): string {
  return `FROM scratch\nLABEL line="${line}"\nCOPY Dockerfile /\n`;
}

/** A sandbox with a stack in a repository as users of the Python program have it, and build-containers for it. */
export class BuildSite extends Sandbox {
  /** The first part of the names of its containers, which is unique on the engine. */
  readonly org = `laconic-test-${randomBytes(4).toString('hex')}`;

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
    await this.write(path, text.replaceAll('ORG', this.org), mode);
  }

  get env(): NodeJS.ProcessEnv {
    return { XDG_STATE_HOME: this.path('state'), HOME: this.path('home') };
  }

  /** The arguments of `build-containers` for the stack. */
  args(...more: string[]): string[] {
    return ['--stack', this.path('my repo/stack-orchestrator/stacks/app'), 'build-containers', ...more];
  }

  build(
    more: readonly string[] = [],
    env: NodeJS.ProcessEnv = {},
    globals: readonly string[] = [],
  ): Promise<CliResult> {
    return this.cli([...globals, ...this.args(...more)], { env: { ...this.env, ...env } });
  }

  log(container: string): string {
    return this.path('state/laconic-so/builds', this.org, `${container}.log`);
  }

  /** The label `line` of a container's image, or undefined without such an image. */
  async line(container: string): Promise<string | undefined> {
    const asked = await run('docker', [
      ...['image', 'inspect', '--format', '{{index .Config.Labels "line"}}'],
      `${this.org}/${container}:local`,
    ]);
    return asked.code === 0 ? asked.stdout.trim() : undefined;
  }

  override async remove(): Promise<void> {
    for (const pattern of [`${this.org}/*`, `localhost:*/*/${this.org}/*`, `localhost:*/${this.org}/*`]) {
      const { stdout } = await run('docker', [
        ...['image', 'ls', '--format', '{{.Repository}}:{{.Tag}}', '--filter', `reference=${pattern}`],
      ]);
      const names = stdout.split('\n').filter((name) => name !== '');
      if (names.length > 0) await run('docker', ['image', 'rm', '--force', ...names]);
    }
    await super.remove();
  }
}
