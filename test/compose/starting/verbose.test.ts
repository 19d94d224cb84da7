import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, request, type Server } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { describeWithEngine } from '../../support/engine.js';
import { idleService, Sandbox } from '../../support/sandbox.js';

const compose = `services:
${idleService('web', '    environment: {PASSWORD: "${PASSWORD}", GREETING: "${GREETING}"}\n')}${idleService('db')}  migrate:
    image: busybox:1.36
    command: ["true"]
`;

/** The engine behind a socket of its own, which records the requests. */
class Listener {
  readonly asked: string[] = [];
  readonly address: string;
  readonly #server: Server;

  constructor(socket: string) {
    this.address = `unix://${socket}`;
    this.#server = createServer((from, to) => {
      this.asked.push(`${from.method ?? ''} ${from.url ?? ''}`);
      const { method, url: path, headers } = from;
      const on = request({ socketPath: '/var/run/docker.sock', method, path, headers }, (answer) => {
        to.writeHead(answer.statusCode ?? 500, answer.headers);
        answer.pipe(to);
      });
      on.on('error', () => to.destroy());
      to.on('close', () => on.destroy());
      from.pipe(on);
    }).listen(socket);
  }

  close(): void {
    this.#server.closeAllConnections();
    this.#server.close();
  }
}

describeWithEngine('the output of start with --verbose', () => {
  let sandbox: Sandbox;
  let socket = '';
  beforeAll(async () => {
    socket = await mkdtemp(join(tmpdir(), 'laconic-listen-'));
    sandbox = await Sandbox.make({
      'source/stacks/app/stack.yml': 'name: app\npods: [app]\n',
      'source/compose/docker-compose-app.yml': compose,
      'spec.yml':
        'stack: source/stacks/app\ndeploy-to: compose\nconfig:\n  PASSWORD: $generate:hex:16$\n  GREETING: hello there\n',
    });
    await sandbox.create('spec.yml', 'd');
  });
  afterAll(async () => {
    await sandbox.remove();
    await rm(socket, { recursive: true });
  });
  const verbose = async (...args: string[]): Promise<string> => {
    const { code, stdout, stderr } = await sandbox.cli(['--verbose', 'deployment', '--dir', 'd', ...args]);
    expect({ code, stdout }).toEqual({ code: 0, stdout: '' });
    return stderr;
  };

  it('has every command line, the env files, and the reason for each service why it is touched or not, but no secrets', async () => {
    const said = await verbose('start');
    const files = `--file ${sandbox.path('d/compose/docker-compose-app.yml')} --env-file ${sandbox.path('d/config.env')} --env-file ${sandbox.path('d/secrets.env')}`;
    const project = await sandbox.projectOf('d');
    const call = `docker compose --progress plain ${files} --project-name ${project}`;
    expect(said).toContain(`${call} config --format json\n`);
    expect(said).toMatch(new RegExp(`^${call} up --detach .*web`, 'm'));
    expect(said).toContain(`env file ${sandbox.path('d/config.env')}: GREETING\n`);
    expect(said).toContain(`env file ${sandbox.path('d/secrets.env')}: PASSWORD\n`);
    for (const name of ['web', 'db', 'migrate']) {
      expect(said).toContain(`plan: ${name} is touched: it has no container\n`);
    }
    const password = /[0-9a-f]{32}/.exec(await sandbox.read('d/secrets.env'))?.[0] ?? '';
    expect(password).toHaveLength(32);

    await sandbox.edit('d/compose/docker-compose-app.yml', '["true"]', '["true", "again"]');
    const again = await verbose('start');
    expect(again).toContain('plan: migrate is touched: its configuration changed (command)\n');
    expect(again).toContain('plan: web is left alone: nothing differs\n');
    expect(again).toMatch(new RegExp(`^${call} up --detach migrate$`, 'm'));

    const idle = await verbose('start');
    expect(idle).toContain('plan: migrate is left alone: it has already completed\n');
    expect(idle).not.toContain(' up --detach');
    for (const text of [said, again, idle]) expect(text).not.toContain(password);
    const plain = await sandbox.deployment('d', 'start');
    expect(plain.stderr).not.toMatch(/docker compose|plan:|env file/);
  });

  it('lists the containers once when everything is up to date', async () => {
    await sandbox.run('d', 'start');
    const listener = new Listener(join(socket, 'engine.sock'));
    try {
      const env = { DOCKER_HOST: listener.address };
      await sandbox.succeed(['deployment', '--dir', 'd', 'start', '--no-wait'], { env });
      expect(listener.asked.filter((one) => one.includes('/containers/json'))).toHaveLength(1);
    } finally {
      listener.close();
    }
  });
});
