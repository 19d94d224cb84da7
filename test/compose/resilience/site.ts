import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { run, runOrFail } from '../../../src/system/process/process.js';
import { type CliResult, runCli } from '../../support/engine.js';
import { removeProject } from '../../support/engine-api.js';
import { removeFolder } from '../../support/temporary.js';
import { testImage } from '../../support/project.js';

/** The content of `.laconic` in a deployment directory that was created and updated, when nothing is unfinished. */
export const stateFiles = [
  ...['create.json', 'history', 'manifest.json', 'place.json', 'reported-warnings.json', 'sources.json'],
];

/** The two states of the stack between which updates and restarts switch. */
export type Variant = 'a' | 'b';

export const otherVariant = (variant: Variant): Variant => (variant === 'a' ? 'b' : 'a');

/** A container in the form in which the tests compare it: equal before and after means that nothing touched it. */
export interface Seen {
  service: string;
  id: string;
  startedAt: string;
  state: string;
  health: string | undefined;
  env: string[];
}

/**
 * A folder with a stack of its own and everything deployed from it, which {@link Site.remove} removes. The stack has a
 * JavaScript hook, two services, a job, config files, seeded volumes and a generated secret. Its two variants differ in
 * compose files, config files (one more, one less), a config value and a volume.
 */
export class Site {
  /** The directory of the deployments, which contains nothing else. */
  readonly ground: string;
  readonly stack: string;

  readonly directory: string;
  readonly #image: string;

  private constructor(directory: string, image: string) {
    this.directory = directory;
    this.#image = image;
    this.ground = join(directory, 'ground');
    this.stack = join(directory, 'source', 'stacks', 'sturdy');
  }

  static async make(): Promise<Site> {
    const site = new Site(await mkdtemp(join(tmpdir(), 'lsres-')), await testImage());
    await mkdir(site.ground);
    await site.writeStack('a');
    for (const variant of ['a', 'b'] as const) await site.put(`spec-${variant}.yml`, site.specText(variant));
    return site;
  }

  spec(variant: Variant): string {
    return join(this.directory, `spec-${variant}.yml`);
  }

  deployment(name: string): string {
    return join(this.ground, name);
  }

  /** Writes a file below the site's directory, with `IMAGE` and `SITE` replaced. */
  async put(file: string, text: string): Promise<string> {
    const path = join(this.directory, file);
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, text.replaceAll('IMAGE', this.#image).replaceAll('SITE', this.directory));
    return path;
  }

  /** Writes this variant of the stack. */
  async writeStack(variant: Variant): Promise<void> {
    await rm(join(this.directory, 'source'), { recursive: true, force: true });
    for (const [file, text] of Object.entries(stackFiles(variant))) await this.put(join('source', file), text);
  }

  /** Replaces the stack's hook by this text of `commands.mjs`, in which `SITE` is the site's directory. */
  async writeHook(text: string): Promise<void> {
    await this.put('source/stacks/sturdy/deploy/commands.mjs', text);
  }

  private specText(variant: Variant): string {
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

  async cli(args: readonly string[], options: { env?: NodeJS.ProcessEnv; cwd?: string } = {}): Promise<CliResult> {
    return runCli(args, { cwd: this.ground, ...options });
  }

  createArguments(name: string, variant: Variant = 'a'): string[] {
    return ['deploy', 'create', '--spec-file', this.spec(variant), '--deployment-dir', this.deployment(name)];
  }

  updateArguments(name: string, variant: Variant): string[] {
    return [...this.createArguments(name, variant), '--update'];
  }

  deploymentArguments(name: string, ...rest: string[]): string[] {
    return ['deployment', '--dir', this.deployment(name), ...rest];
  }

  /** Like {@link cli}, but throws with all output of the program unless it exits with 0. */
  async succeed(args: readonly string[], options: { env?: NodeJS.ProcessEnv; cwd?: string } = {}): Promise<CliResult> {
    const result = await this.cli(args, options);
    if (result.code !== 0) {
      throw new Error(`laconic-so ${args.join(' ')}: exit ${result.code}\n${result.stdout}\n${result.stderr}`);
    }
    return result;
  }

  async project(name: string): Promise<string> {
    const text = await readFile(join(this.deployment(name), 'deployment.yml'), 'utf8');
    const id = /^cluster-id: (\S+)$/m.exec(text)?.[1];
    if (id === undefined) throw new Error(`no cluster-id in ${text}`);
    this.projects.add(id);
    return id;
  }

  /** Projects whose containers, networks and volumes are removed with the site. */
  readonly projects = new Set<string>();

  async docker(...args: string[]): Promise<string> {
    return (await runOrFail(args.join(' '), 'docker', args)).stdout;
  }

  /** Ids of everything with this Compose project's label. */
  async idsOf(kind: 'container' | 'network' | 'volume', project: string): Promise<string[]> {
    const all = kind === 'container' ? ['--all', '--no-trunc'] : [];
    const said = await this.docker(
      kind,
      'ls',
      ...all,
      '--quiet',
      '--filter',
      `label=com.docker.compose.project=${project}`,
    );
    return said.split('\n').filter((line) => line !== '');
  }

  /** The project's containers by name. */
  async containers(project: string): Promise<Record<string, Seen>> {
    const ids = await this.idsOf('container', project);
    if (ids.length === 0) return {};
    const inspected = JSON.parse((await run('docker', ['inspect', ...ids])).stdout) as {
      Id: string;
      Name: string;
      State: { Status: string; StartedAt: string; Health?: { Status: string } };
      Config: { Labels: Record<string, string>; Env: string[] };
    }[];
    return Object.fromEntries(
      inspected.map(({ Id, Name, State, Config }) => [
        Name.slice(1),
        {
          service: Config.Labels['com.docker.compose.service'] ?? '',
          id: Id,
          startedAt: State.StartedAt,
          state: State.Status,
          health: State.Health?.Status,
          env: Config.Env,
        },
      ]),
    );
  }

  async removeContainers(project: string): Promise<void> {
    const ids = await this.idsOf('container', project);
    if (ids.length > 0) await run('docker', ['rm', '--force', '--volumes', ...ids]);
  }

  async remove(): Promise<void> {
    for (const name of await readdir(this.ground)) await this.project(name).catch(() => undefined);
    for (const project of this.projects) await removeProject(project);
    await removeFolder(this.directory);
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
    image: IMAGE
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
    image: IMAGE
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
    image: IMAGE
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
