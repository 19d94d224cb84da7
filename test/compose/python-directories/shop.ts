import { randomBytes } from 'node:crypto';
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { containersOf, type Seen } from '../../support/engine-api.js';
import type { CliResult } from '../../support/program.js';
import { type PythonDeployment, pythonUp, writePythonDeployment } from '../../support/python-deployment.js';
import { Sandbox } from '../../support/sandbox.js';

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

const sources = {
  'sources/stack-orchestrator/stacks/shop/stack.yml': stackText,
  'sources/stack-orchestrator/stacks/shop/deploy/commands.py': hook,
  'sources/stack-orchestrator/compose/docker-compose-web.yml': `${web}volumes:\n  data:\n  scratch:\n`,
  'sources/stack-orchestrator/compose-jobs/docker-compose-count.yml': `${count}volumes:\n  data:\n`,
  'sources/stack-orchestrator/config/web/start.sh': startScript,
  'sources/stack-orchestrator/config/web/settings.env': 'SETTING=first\n',
  'repositories/side/docker-compose.yml': side,
  'repositories/side/run/before.sh': script('before'),
  'repositories/side/run/after.sh': script('after'),
};

/** The `volumes:` of a file as that program writes them: the path is relative to the file's own directory. */
const boundVolume = `  data:
    driver: local
    driver_opts:
      type: none
      device: ../data/data
      o: bind
`;

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

/** A sandbox with a stack of two pods and a job, and a deployment of it as the Python program leaves one. */
export class Shop extends Sandbox {
  project = `laconic-${randomBytes(4).toString('hex')}`;
  /** The deployment directory. */
  root = this.path('shop');
  /** The stack's directory. */
  readonly stack = this.path('sources/stack-orchestrator/stacks/shop');

  static async withDeployment(options: ShopOptions = {}): Promise<Shop> {
    const shop = await Shop.make(sources);
    shop.project = options.clusterId ?? shop.project;
    shop.watch(shop.project);
    const deployment = shop.#deployment(options);
    await writePythonDeployment(shop.root, options.change?.(deployment) ?? deployment);
    return shop;
  }

  #deployment({ config = '', spec = '' }: ShopOptions): PythonDeployment {
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

  /** Starts it as the Python program does, with the directory spelled this way. */
  async pythonUp(spelling = this.root): Promise<void> {
    await pythonUp(spelling, this.project, ['web', 'side']);
  }

  override cli(args: readonly string[], options: { cwd?: string; env?: NodeJS.ProcessEnv } = {}): Promise<CliResult> {
    return super.cli(args, { ...options, env: { SHOP_LOG: this.path('log'), ...options.env } });
  }

  /** Runs `deployment --dir <root> …`. */
  command(...args: string[]): Promise<CliResult> {
    return this.deployment(this.root, ...args);
  }

  /** Runs `deploy create --update …` with the deployment's own spec. */
  async update(...args: string[]): Promise<CliResult> {
    const words = ['deploy', 'create', '--update', '--spec-file', join(this.root, 'spec.yml')];
    // The rest of stderr is warnings and errors.
    return this.cli(['--quiet', ...words, '--deployment-dir', this.root, ...args]);
  }

  /** The permission bits of a file. */
  async mode(path: string): Promise<string> {
    return ((await stat(this.path(path))).mode & 0o777).toString(8);
  }

  override containers(): Promise<Record<string, Seen>> {
    return containersOf(this.project);
  }

  /** The output of a command in the container of `web`. */
  inWeb(command: string, project = this.project): Promise<string> {
    return this.docker('exec', `${project}-web-1`, 'sh', '-c', command);
  }
}

/** A shop that is removed when the test ends. */
export async function temporaryShop(options: ShopOptions = {}): Promise<Shop> {
  const shop = await Shop.withDeployment(options);
  onTestFinished(() => shop.remove());
  return shop;
}
