import { randomBytes } from 'node:crypto';
import { chmod, mkdir, mkdtemp, readFile, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { runOrFail } from '../../../src/system/process/process.js';
import { type CliResult, runCli } from '../../support/engine.js';
import { removeProject } from '../../support/engine-api.js';
import { type PythonDeployment, pythonUp, writePythonDeployment } from '../../support/python-deployment.js';
import { removeFolder } from '../../support/temporary.js';

/** The stack's compose file of pod `web`, without its volumes. */
const web = `# The shop itself.
services:
  web:
    image: busybox:1.36
    init: true
    restart: always
    command: ["sh", "/opt/start.sh"]
    environment:
      GREETING: \${GREETING:-none}
      FLAG: \${FLAG:-unset}
      LABEL: \${LABEL:-none}
      PASSWORD: \${PASSWORD:-none}
      TOKEN: \${TOKEN:-none}
      OWNER: \${CERC_HOST_UID}
    env_file:
      - ../config/web/settings.env
    ports:
      - "80"
    volumes:
      - ../config/web/start.sh:/opt/start.sh
      - data:/data
      - scratch:/scratch
    healthcheck:
      test: ["CMD", "wget", "-q", "-O", "-", "http://127.0.0.1/"]
      interval: 1s
`;

const side = `services:
  side:
    image: busybox:1.36
    init: true
    command: ["sleep", "100000"]
`;

const count = `services:
  count:
    image: busybox:1.36
    command: ["sh", "-c", "cat /data/kept; echo \${GREETING} >> /data/counted"]
    volumes:
      - data:/data
`;

const stackText = `version: "1.1"
name: a-shop
description: "A shop"
repos:
  - github.com/example/side
pods:
  - web
  - name: side
    repository: github.com/example/side
    path: .
    pre_start_command: run/before.sh
    post_start_command: run/after.sh
jobs:
  - count
`;

const startScript = `mkdir -p /www && echo "page: $GREETING" > /www/index.html
echo "shop is open, greeting $GREETING"
exec httpd -f -h /www -p 80
`;

const hook = `def create(context, extra_args):
    (context.deployment_dir / "create-file").write_text("by create")

def start(context):
    (context.deployment_dir / "start-file").write_text("by " + context.id)

start.compose = True
`;

const script = (name: string) => `#!/bin/sh\necho "${name} $CERC_SO_COMPOSE_PROJECT" >> "$SHOP_LOG"\n`;

/** The `volumes:` of a file as that program writes them: the path is relative to the file's own directory. */
const boundVolume = `  data:
    driver: local
    driver_opts:
      type: none
      device: ../data/data
      o: bind
`;

/** A container in the form in which the tests compare it. */
export interface Seen {
  id: string;
  startedAt: string;
  labels: Record<string, string>;
}

/** The differences of a shop from the default one. */
export interface ShopOptions {
  clusterId?: string;
  /** Lines for the spec's `config:`, besides GREETING. */
  config?: string;
  /** Lines to append to the spec. */
  spec?: string;
  /** Replaces parts of the directory. */
  change?: (deployment: PythonDeployment) => PythonDeployment;
}

/** A stack of two pods and a job, and a deployment of it as the Python program leaves one. */
export class Shop {
  readonly base: string;
  readonly project: string;
  /** The deployment directory. */
  root: string;
  /** The stack's directory. */
  readonly stack: string;

  constructor(base: string, project: string) {
    this.base = base;
    this.project = project;
    this.root = join(base, 'shop');
    this.stack = join(base, 'sources', 'stack-orchestrator', 'stacks', 'shop');
  }

  static async make(options: ShopOptions = {}): Promise<Shop> {
    const base = await mkdtemp(join(tmpdir(), 'laconic-shop-'));
    const shop = new Shop(base, options.clusterId ?? `laconic-${randomBytes(4).toString('hex')}`);
    await shop.writeSources();
    const deployment = shop.deployment(options);
    await writePythonDeployment(shop.root, options.change?.(deployment) ?? deployment);
    return shop;
  }

  private async writeSources(): Promise<void> {
    await this.write('sources/stack-orchestrator/stacks/shop/stack.yml', stackText);
    await this.write('sources/stack-orchestrator/stacks/shop/deploy/commands.py', hook);
    await this.write(
      'sources/stack-orchestrator/compose/docker-compose-web.yml',
      `${web}volumes:\n  data:\n  scratch:\n`,
    );
    await this.write('sources/stack-orchestrator/compose-jobs/docker-compose-count.yml', `${count}volumes:\n  data:\n`);
    await this.write('sources/stack-orchestrator/config/web/start.sh', startScript);
    await this.write('sources/stack-orchestrator/config/web/settings.env', 'SETTING=first\n');
    await this.write('repositories/side/docker-compose.yml', side);
    for (const name of ['before', 'after']) {
      await this.write(`repositories/side/run/${name}.sh`, script(name));
      await chmod(join(this.base, `repositories/side/run/${name}.sh`), 0o755);
    }
  }

  private deployment({ config = '', spec = '' }: ShopOptions): PythonDeployment {
    return {
      record: { clusterId: this.project, deploymentId: `${this.project}d`, stackSource: this.stack },
      spec: `# The operator's own words.
stack: ${this.stack}
deploy-to: compose
config:
  GREETING: hello
${config}network:
  ports:
    web:
     - '80'
volumes:
  data: ./data/data
  scratch:
${spec}`,
      stack: stackText,
      compose: { web: `${web}volumes:\n${boundVolume}  scratch:\n`, side },
      jobs: { count: `${count}volumes:\n${boundVolume}` },
      hooks: { 'commands.py': hook },
      scripts: { side: { 'before.sh': script('before'), 'after.sh': script('after') } },
      files: {
        'config/web/start.sh': startScript,
        'config/web/settings.env': 'SETTING=first\n',
        'data/data/kept': 'the rows\n',
        'create-file': 'by create',
        'spec.yml.bak': '# an older one\n',
        'compose/docker-compose-web.yml.bak': 'services: {old: {image: gone}}\n',
      },
    };
  }

  /** Writes a file below the shop's base directory. */
  async write(path: string, text: string): Promise<string> {
    const file = join(this.base, path);
    await mkdir(dirname(file), { recursive: true });
    await writeFile(file, text);
    return file;
  }

  /** The text of a file of the deployment. */
  async read(path: string): Promise<string> {
    return readFile(join(this.root, path), 'utf8');
  }

  /** The permission bits of a file of the deployment. */
  async mode(path: string): Promise<string> {
    return ((await stat(join(this.root, path))).mode & 0o777).toString(8);
  }

  /** Starts it as the Python program does, with the directory spelled this way. */
  async pythonUp(spelling = this.root): Promise<void> {
    await pythonUp(spelling, this.project, ['web', 'side']);
  }

  /** `laconic-so …`. */
  async cli(args: readonly string[], options: { cwd?: string; env?: NodeJS.ProcessEnv } = {}): Promise<CliResult> {
    const env = {
      CERC_REPO_BASE_DIR: join(this.base, 'repositories'),
      SHOP_LOG: join(this.base, 'log'),
      ...options.env,
    };
    return runCli(args, { cwd: this.base, ...options, env });
  }

  /** `laconic-so deployment --dir <root> …`. */
  async deploymentCommand(...args: string[]): Promise<CliResult> {
    return this.cli(['deployment', '--dir', this.root, ...args]);
  }

  /** `laconic-so deploy create --update …` with the deployment's own spec. */
  async update(...args: string[]): Promise<CliResult> {
    const spec = join(this.root, 'spec.yml');
    // The rest of stderr is warnings and errors.
    return this.cli([
      '--quiet',
      'deploy',
      'create',
      '--update',
      '--spec-file',
      spec,
      '--deployment-dir',
      this.root,
      ...args,
    ]);
  }

  async docker(...args: string[]): Promise<string> {
    return (await runOrFail(`docker ${args.join(' ')}`, 'docker', args)).stdout;
  }

  private async list(kind: string, ...all: string[]): Promise<string[]> {
    const filter = `label=com.docker.compose.project=${this.project}`;
    return (await this.docker(kind, 'ls', ...all, '--quiet', '--filter', filter)).split('\n').filter(Boolean);
  }

  /** Containers by name, whatever their state. */
  async containers(): Promise<Record<string, Seen>> {
    const ids = await this.list('container', '--all');
    if (ids.length === 0) return {};
    const found = JSON.parse(await this.docker('inspect', ...ids)) as {
      Id: string;
      Name: string;
      State: { StartedAt: string };
      Config: { Labels: Record<string, string> };
    }[];
    return Object.fromEntries(
      found.map(({ Id, Name, State, Config }) => [
        Name.slice(`/${this.project}-`.length),
        { id: Id, startedAt: State.StartedAt, labels: Config.Labels },
      ]),
    );
  }

  /** The output of a command in the container of `web`. */
  async inWeb(command: string): Promise<string> {
    return this.docker('exec', `${this.project}-web-1`, 'sh', '-c', command);
  }

  /** Removes its containers, networks and volumes, and nothing else. */
  async removeFromEngine(): Promise<void> {
    await removeProject(this.project);
  }

  /** Removes everything. */
  async remove(): Promise<void> {
    await this.removeFromEngine();
    await removeFolder(this.base);
  }
}
