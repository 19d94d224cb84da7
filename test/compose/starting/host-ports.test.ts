import { randomBytes } from 'node:crypto';
import { createServer, type Server } from 'node:net';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { describeWithEngine } from '../../support/engine.js';
import { freePort } from '../../support/ports.js';
import { idleService, Sandbox } from '../../support/sandbox.js';

const compose = `services:
${idleService('front', '    ports: ["80", "443"]\n')}${idleService('other')}${idleService(
  'fixed',
  '    ports:\n      - "81"\n      - "127.0.0.1:${PORT}:82"\n',
)}`;
const stack = 'stack: source/stacks/app\ndeploy-to: compose\n';

describeWithEngine('a host port that is in use', () => {
  let sandbox: Sandbox;
  let port = 0;
  let server: Server;
  let holder = '';

  /** A port of this host that is used by a program other than the engine, until it is released. */
  async function takePort(): Promise<void> {
    server = createServer();
    port = await freePort();
    await new Promise<void>((resolve) => server.listen(port, '0.0.0.0', resolve));
  }
  const givePortBack = (): Promise<void> =>
    new Promise((resolve) => {
      server.close(() => {
        resolve();
      });
    });

  beforeAll(async () => {
    await takePort();
    holder = `lsoup-holder-${randomBytes(4).toString('hex')}`;
    sandbox = await Sandbox.make({
      'source/stacks/app/stack.yml': 'name: app\npods: [app]\n',
      'source/compose/docker-compose-app.yml': compose,
      'spec.yml': `${stack}config: {PORT: '${port}'}\nnetwork:\n  ports:\n    front:\n      - '80'\n      - '${port}:443'\n`,
    });
    await sandbox.create('spec.yml', 'd');
  });
  afterAll(async () => {
    await sandbox.docker('rm', '--force', holder);
    await givePortBack();
    await sandbox.remove();
  });

  it('by a program is reported with the service, the port, the line of the spec, and how to find the program', async () => {
    const started = await sandbox.deployment('d', 'start', 'front');
    expect(started).toMatchObject({ code: 1, stdout: '' });
    const error = started.stderr.slice(started.stderr.indexOf('Error: '));
    expect(error).toContain(
      `Error: service front: host port 0.0.0.0:${port}/tcp is taken by a program outside of this engine's containers\n` +
        `  set at ${sandbox.path('d/spec.yml')}:8 network.ports.front[1]: ${port}:443\n`,
    );
    expect(error).toContain(`deploy create --update --spec-file ${sandbox.path('d/spec.yml')}`);
    expect(error).toContain(`ss -lntp 'sport = :${port}'`);
    expect(started.stderr).not.toMatch(/endpoint|userland|daemon/);
    // The engine's own message is available for those who ask.
    const verbose = await sandbox.cli(['--verbose', 'deployment', '--dir', 'd', 'start', 'front']);
    expect(verbose.stderr).toMatch(/driver failed programming|failed to bind/);
  });

  it('by a container is reported with its name and project, and the line of the compose file, though the port is from the config', async () => {
    await givePortBack();
    const project = ['--label', `com.docker.compose.project=${holder}`];
    const wanted = ['--publish', `127.0.0.1:${port}:80`, '--stop-signal', 'SIGKILL'];
    await sandbox.docker('run', '--detach', '--name', holder, ...project, ...wanted, 'busybox:1.36', 'sleep', '1000');
    const started = await sandbox.deployment('d', 'start', 'fixed', 'other');
    expect(started).toMatchObject({ code: 1, stdout: '' });
    expect(started.stderr).toContain(
      `Error: service fixed: host port 127.0.0.1:${port}/tcp is taken by container ${holder} (project ${holder})\n` +
        `  set at ${sandbox.path('d/compose/docker-compose-app.yml')}:17 services.fixed.ports[1]: 127.0.0.1:\${PORT}:82\n`,
    );
    expect(started.stderr).toContain(`or stop the container that uses it: docker stop ${holder}`);
    expect(started.stderr).toContain('the other services are already running');
    await takeover();
  });

  /** The same start succeeds when the port is free. */
  async function takeover(): Promise<void> {
    await sandbox.docker('rm', '--force', holder);
    expect(await sandbox.deployment('d', 'start', 'fixed', 'other')).toMatchObject({ code: 0 });
    expect((await sandbox.deployment('d', 'port', 'fixed', '82')).stdout).toBe(`127.0.0.1:${port}\n`);
  }

  it('by another deployment is reported with its directory, and how to stop it', async () => {
    await sandbox.write('second.yml', `${stack}config: {PORT: '${port}'}\n`);
    await sandbox.create('second.yml', 'e');
    const started = await sandbox.deployment('e', 'start', 'fixed');
    expect(started.code).toBe(1);
    const first = await sandbox.projectOf('d');
    expect(started.stderr).toContain(
      `is taken by container ${first}-fixed-1 (project ${first} in ${sandbox.path('d/compose')})`,
    );
    expect(started.stderr).toContain(
      `or stop the deployment that uses it: laconic-so deployment --dir ${sandbox.path('d')} stop`,
    );
  });

  it('is reported by an attached start, too', async () => {
    const started = await sandbox.deployment('e', 'start', '--stay-attached', 'fixed');
    expect(started.code).toBe(1);
    expect(started.stderr).toContain(`Error: service fixed: host port 127.0.0.1:${port}/tcp is taken by container`);
    await sandbox.deployment('e', 'stop');
    await takePort();
  });
});
