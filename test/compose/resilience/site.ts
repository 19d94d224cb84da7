import { mkdir, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { ProcessSandbox, type Surroundings } from '../../support/sandbox.js';

/** The content of `.laconic` in a deployment directory that was created and updated, when nothing is unfinished. */
export const stateFiles = [
  ...['create.json', 'history', 'manifest.json', 'place.json', 'reported-warnings.json', 'sources.json'],
];

/** The two states of the stack between which updates and restarts switch. */
export type Variant = 'a' | 'b';

export const otherVariant = (variant: Variant): Variant => (variant === 'a' ? 'b' : 'a');

/**
 * A sandbox with a stack of its own that has a JavaScript hook, two services, a job, config files, seeded volumes and a
 * generated secret. Its two variants differ in compose files, config files (one more, one less), a config value and a
 * volume.
 */
export class Site extends ProcessSandbox {
  /** The directory of the deployments, which contains nothing else. */
  readonly ground = this.path('ground');
  readonly stack = this.path('source/stacks/sturdy');

  static async withStack(): Promise<Site> {
    const site = await Site.make();
    await mkdir(site.ground);
    await site.writeStack('a');
    for (const variant of ['a', 'b'] as const) await site.write(`spec-${variant}.yml`, site.#specText(variant));
    return site;
  }

  /** The path of a deployment. */
  at(name: string): string {
    return this.path('ground', name);
  }

  /** Writes this variant of the stack. */
  async writeStack(variant: Variant): Promise<void> {
    await rm(this.path('source'), { recursive: true, force: true });
    for (const [file, text] of Object.entries(stackFiles(variant))) await this.write(`source/${file}`, text);
  }

  /** Replaces the stack's hook by this text of `commands.mjs`. */
  async writeHook(text: string): Promise<void> {
    await this.write('source/stacks/sturdy/deploy/commands.mjs', text);
  }

  #specText(variant: Variant): string {
    return [
      `stack: ${this.stack}`,
      'deploy-to: compose',
      'config:',
      '  PASSWORD: $generate:hex:16$',
      `  FLAVOUR: flavour ${variant}`,
      'volumes:',
      '  seeded: ./data/seeded',
      '  plain: ./data/plain',
      ...(variant === 'b' ? ['  extra: ./data/extra'] : []),
      '',
    ].join('\n');
  }

  /** The program runs in the directory of the deployments. */
  protected override surroundings(options: Surroundings): ReturnType<ProcessSandbox['surroundings']> {
    return super.surroundings({ cwd: 'ground', ...options });
  }

  /** Deployments are named relative to their directory. */
  override projectOf(name: string): Promise<string> {
    return super.projectOf(join('ground', name));
  }

  override async remove(): Promise<void> {
    for (const name of await readdir(this.ground)) await this.projectOf(name).catch(() => undefined);
    await super.remove();
  }

  createArguments(name: string, variant: Variant = 'a'): string[] {
    const spec = this.path(`spec-${variant}.yml`);
    return ['deploy', 'create', '--spec-file', spec, '--deployment-dir', this.at(name)];
  }

  updateArguments(name: string, variant: Variant): string[] {
    return [...this.createArguments(name, variant), '--update'];
  }

  deploymentArguments(name: string, ...rest: string[]): string[] {
    return ['deployment', '--dir', this.at(name), ...rest];
  }
}

function stackFiles(variant: Variant): Record<string, string> {
  const extra = variant === 'b';
  return {
    'stacks/sturdy/stack.yml': `version: "1.0"
name: sturdy
description: stack ${variant}
pods:
  - sturdy
jobs:
  - chore
`,
    'stacks/sturdy/deploy/commands.mjs': `import { renameSync, writeFileSync } from 'node:fs';
// ${variant}
export async function create(context, extraArgs) {
  await new Promise((resolve) => setTimeout(resolve, 40));
  writeFileSync(context.deploymentDir + '/hooked.tmp', '${variant}');
  renameSync(context.deploymentDir + '/hooked.tmp', context.deploymentDir + '/hooked.txt');
}
`,
    'compose/docker-compose-sturdy.yml': `services:
  # variant ${variant}
  web:
    image: busybox:1.36
    command: [sh, -c, "while echo \\"$$FLAVOUR\\"; do sleep 0.3; done"]
    ports:
      - "8080"
    stop_signal: SIGKILL
    environment:
      FLAVOUR: \${FLAVOUR}
      VARIANT: ${variant}
    volumes:
      - ../config/sturdy/page.txt:/etc/page.txt:ro
      - seeded:/seeded
${extra ? '      - extra:/extra\n' : ''}    healthcheck:
      # Whoever takes the file away from the volume makes it unready.
      test: [CMD, test, -e, /seeded/ready]
      interval: 200ms
      timeout: 5s
      # It is not ready, and not given up on, for as long as a test looks.
      retries: 5000
  side:
    image: busybox:1.36
    command: [sleep, "1000000"]
    stop_signal: SIGKILL
    environment:
      PASSWORD: \${PASSWORD}
    volumes:
      - plain:/plain
volumes:
  seeded:
  plain:
${extra ? '  extra:\n' : ''}`,
    'compose-jobs/docker-compose-chore.yml': `services:
  chore:
    image: busybox:1.36
    command: [sh, -c, "echo working; sleep 1000000"]
    stop_signal: SIGKILL
`,
    'config/sturdy/page.txt': `page ${variant}\n`,
    'config/sturdy/same.txt': 'the same in both\n',
    'config/sturdy/deep/large.txt': `${variant} `.repeat(20_000),
    [`config/sturdy/only-${variant}.txt`]: 'one of a kind\n',
    ...Object.fromEntries(
      Array.from({ length: 20 }, (_, at) => [`config/sturdy/many/${at}.txt`, `${at % 2 ? variant : 'same'}\n`]),
    ),
    'config/seeded/ready': '',
    'config/seeded/first.txt': 'seeded\n',
    'config/seeded/deep/second.bin': 'seed '.repeat(10_000),
    ...(extra ? { 'config/extra/third.txt': 'extra seed\n' } : {}),
  };
}
