import { connect, createServer, type Server } from 'node:net';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { describeWithEngine } from '../../support/engine.js';
import { idleService, Sandbox } from '../../support/sandbox.js';

/** Names that the docker program reads itself, which a stack that runs containers may have in its configuration. */
const config = {
  DOCKER_HOST: 'tcp://docker.invalid:2375',
  DOCKER_CONTEXT: 'a-context-of-the-container',
  DOCKER_CONFIG: '/container/config',
  DOCKER_TLS_VERIFY: '1',
  HOME: '/home/container',
  PATH: '/bin:/usr/bin:/container/bin',
};

describeWithEngine("names in the spec's config that docker itself reads", () => {
  let sandbox: Sandbox;
  let relay: Server;
  /** Request lines that were sent through the operator's own socket. */
  const requests: string[] = [];

  beforeAll(async () => {
    const environment = Object.keys(config).map((name) => `      ${name}: \${${name}}\n`);
    sandbox = await Sandbox.make({
      'source/stacks/app/stack.yml': 'name: app\npods:\n  - app\n',
      'source/compose/docker-compose-app.yml': `services:\n${idleService('web', `    environment:\n${environment.join('')}`)}`,
      'spec.yml': `stack: source/stacks/app\ndeploy-to: compose\nconfig: ${JSON.stringify(config)}\n`,
    });
    relay = createServer({ allowHalfOpen: true }, (client) => {
      const engine = connect({ path: '/var/run/docker.sock', allowHalfOpen: true });
      client.on('data', (data) => requests.push(...(data.toString('latin1').match(/^[A-Z]+ \/\S+(?= HTTP)/gm) ?? [])));
      for (const socket of [client, engine]) socket.on('error', () => socket.destroy());
      client.pipe(engine).pipe(client);
    });
    await new Promise<void>((listening) => relay.listen(sandbox.path('engine.sock'), listening));
    await sandbox.create('spec.yml', 'd');
  });
  afterAll(async () => {
    relay.close();
    await sandbox.remove();
  });

  it('reach the container and do not select the engine', async () => {
    const env = { DOCKER_HOST: `unix://${sandbox.path('engine.sock')}` };
    const call = (...args: string[]) => sandbox.cli(['deployment', '--dir', 'd', ...args], { env });

    await call('start');
    expect(requests.filter((line) => /^POST \S+\/containers\/create/.test(line))).toHaveLength(1);
    const { web } = await sandbox.containers('d');
    expect(web?.env).toMatchObject(config);

    requests.length = 0;
    expect((await call('exec', 'web', 'echo $HOME')).stdout).toBe('/home/container\n');
    expect(requests.filter((line) => /^POST \S+\/exec/.test(line))).not.toEqual([]);
    requests.length = 0;
    await call('logs');
    expect(requests.filter((line) => /^GET \S+\/logs/.test(line))).not.toEqual([]);
    requests.length = 0;
    await call('stop');
    expect(requests.filter((line) => /^DELETE \S+\/containers\//.test(line))).toHaveLength(1);
  });
});
