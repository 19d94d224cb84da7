import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { createServer as createTlsServer } from 'node:tls';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { makeAuthority } from '../../support/registry/authority.js';
import { reasonForNoEngine } from '../../support/engine.js';
import { launch } from '../../support/running.js';
import { Sandbox } from '../../support/sandbox.js';

describe('servers that accept a connection and never answer', () => {
  let sandbox: Sandbox;
  const sockets = new Set<Socket>();
  const servers: Server[] = [];
  let port = 0;

  const keep = (socket: Socket): void => {
    sockets.add(socket.on('error', () => undefined));
  };
  const listen = async (server: Server, where: object = { port: 0, host: '127.0.0.1' }): Promise<AddressInfo> => {
    servers.push(server);
    server.listen(where);
    await once(server, 'listening');
    return server.address() as AddressInfo;
  };

  beforeAll(async () => {
    sandbox = await Sandbox.make({
      'x/stacks/s/stack.yml': 'name: s\npods: [s]\n',
      'x/compose/docker-compose-s.yml': 'services:\n  web:\n    image: busybox:1.36\n',
    });
    await listen(createServer(keep), { path: sandbox.path('engine.sock') });
    port = (await listen(createServer(keep))).port;
    await sandbox.write('x/stacks/pulled/stack.yml', 'name: pulled\npods: [pulled]\njobs: [once]\n');
    const image = `127.0.0.1:${port}/x/y:1`;
    await sandbox.write('x/compose/docker-compose-pulled.yml', `services:\n  web:\n    image: ${image}\n`);
    await sandbox.write('x/compose-jobs/docker-compose-once.yml', `services:\n  once:\n    image: ${image}\n`);
    await sandbox.write('pulled.yml', `stack: ${sandbox.path('x/stacks/pulled')}\ndeploy-to: compose\n`);
    await sandbox.create('pulled.yml', 'pulled');
    const { certificate, key } = await (await makeAuthority(sandbox.path('authority'))).issue('api');
    const api = createTlsServer({ cert: await readFile(certificate), key: await readFile(key) }, keep);
    const { port: apiPort } = await listen(api);
    await sandbox.write(
      'kubeconfig',
      JSON.stringify({
        'current-context': 'x',
        contexts: [{ name: 'x', context: { cluster: 'c', user: 'u' } }],
        clusters: [
          { name: 'c', cluster: { server: `https://127.0.0.1:${apiPort}`, 'insecure-skip-tls-verify': true } },
        ],
        users: [{ name: 'u', user: {} }],
      }),
    );
    await sandbox.write(
      'spec.yml',
      `stack: ${sandbox.path('x/stacks/s')}\ndeploy-to: k8s\nkube-config: ${sandbox.path('kubeconfig')}\nimage-registry: example.org/x\n`,
    );
    await sandbox.create('spec.yml', 'd');
  });
  afterAll(async () => {
    for (const server of servers) server.close();
    for (const socket of sockets) socket.destroy();
    await sandbox.remove();
  });

  type Row = [who: string, args: () => string[], env?: NodeJS.ProcessEnv];
  // This is a real engine that waits for the registry.
  const realEngine = { DOCKER_HOST: process.env.DOCKER_HOST };
  const pulling: Row[] = [
    ['the registry of 127.0.0.1:', () => ['--stack', 'x/stacks/pulled', 'deploy', 'up'], realEngine],
    ['the registry of 127.0.0.1:', () => ['deployment', '--dir', 'pulled', 'run-job', 'once'], realEngine],
  ];

  it.concurrent.each<Row>([
    ['the Docker engine', () => ['--stack', 'x/stacks/s', 'deploy', 'ps']],
    ['the API server', () => ['deployment', '--dir', 'd', 'ps']],
    ['git, asked for org/repo,', () => ['fetch-stack', `git://127.0.0.1:${port}/org/repo`]],
    ...(reasonForNoEngine() === undefined ? pulling : []),
  ])('%s: the wait is reported after ten seconds, and Ctrl-C ends it', async (who, args, env = {}) => {
    const { child, said, ended, printed } = launch(args(), {
      cwd: sandbox.base,
      env: {
        DOCKER_HOST: `unix://${sandbox.path('engine.sock')}`,
        CERC_REPO_BASE_DIR: sandbox.path('repositories'),
        ...env,
      },
    });
    await printed('still waiting');
    expect(said.stderr).toMatch(/^WARNING: .* has not answered for \d+ s; still waiting \(Ctrl-C ends it\)$/m);
    expect(said.stderr).toContain(`WARNING: ${who}`);
    const interruptedAt = performance.now();
    child.kill('SIGINT');
    expect(await ended).toMatchObject({ code: 130, signal: null });
    // The servers themselves have a limit of more than a minute.
    expect(performance.now() - interruptedAt).toBeLessThan(20_000);
  });

  it.concurrent('the wait for the API server ends after --wait-timeout', async () => {
    const { code, stderr } = await sandbox.deployment('d', 'start', '--wait-timeout', '11');
    expect({ code, stderr }).toMatchObject({ code: 1 });
    expect(stderr).toMatch(/^Error: cannot .*127\.0\.0\.1.*no answer within 11 s/m);
  });

  it.concurrent('the wait for the Docker engine ends after --wait-timeout, but never before ten seconds', async () => {
    const env = { DOCKER_HOST: `unix://${sandbox.path('engine.sock')}` };
    const { code, stderr } = await sandbox.cli(['--stack', 'x/stacks/s', 'deploy', 'up', '--wait-timeout', '2'], {
      env,
    });
    expect({ code, stderr }).toMatchObject({ code: 1 });
    expect(stderr).toMatch(/^Error: cannot .*: the Docker engine at unix:\S+engine\.sock did not answer within 10 s$/m);
  });
});
