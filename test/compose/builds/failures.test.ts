import { spawn } from 'node:child_process';
import { readFile, rm, statfs, writeFile } from 'node:fs/promises';
import { createConnection, createServer, type Server, type Socket } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, expect, it, onTestFinished } from 'vitest';
import { commandLine, run } from '../../../src/system/process/process.js';
import { describeWithEngine } from '../../support/engine.js';
import { cliPath } from '../../support/program.js';
import { eventually } from '../../support/eventually.js';
import { launch } from '../../support/running.js';
import { describeWithMounts, Mounts } from '../resilience/mounts.js';
import { BuildSite, tinyDockerfile } from './support.js';

/** A build that reports its progress and then runs in a container until it is ended. */
const endless = 'FROM busybox:1.36\nRUN echo the build has begun; sleep 1000\n';

/** A docker build started by a script, which has something to clean up. */
const script = [
  '#!/usr/bin/env bash',
  'trap "echo cleaned up >>$CLEANED" TERM',
  'docker build --no-cache -t ORG/endless:local "$(dirname "$0")" &',
  'wait $!',
  '',
].join('\n');

describeWithEngine('interrupted builds', () => {
  let site: BuildSite;

  beforeAll(async () => {
    site = await BuildSite.make();
  });
  afterAll(() => site.remove());
  beforeEach(async () => {
    await rm(site.log('endless'), { force: true });
    await site.stack(['endless', 'next']);
    await site.file('endless', 'Dockerfile', endless);
    await site.file('endless', 'build.sh', script);
    await site.file('next', 'Dockerfile', tinyDockerfile('next'));
  });

  function start(env: NodeJS.ProcessEnv = {}, more: string[] = []) {
    const own = { ...site.env, CLEANED: site.path('cleaned'), ...env };
    const running = launch([...more, ...site.args()], { env: own, cwd: site.base });
    // A check that fails before the end must not leave a build behind.
    onTestFinished(() => void running.child.kill('SIGTERM'));
    return running;
  }

  const logged = async (text: string): Promise<boolean> =>
    (await readFile(site.log('endless'), 'utf8').catch(() => '')).includes(text);
  /** The log is read while the build runs. */
  const begun = () => eventually('the build', () => logged('the build has begun\n'));

  async function processes(): Promise<string> {
    return (await run('pgrep', ['-f', `docker.*build.*${site.org}/endless`])).stdout;
  }

  it.each(['SIGINT', 'SIGTERM', 'SIGHUP'] as const)(
    '%s ends the script and its docker build with exit code 130, and is recorded in the log',
    async (signal) => {
      await rm(site.path('cleaned'), { force: true });
      const running = start();
      await begun();
      expect(await processes()).not.toBe('');

      running.child.kill(signal);
      // When a terminal is closed, both the shell and the kernel send SIGHUP; that is one signal, not a request to
      // leave at once.
      if (signal === 'SIGHUP') {
        await running.printed('stopping: ');
        running.child.kill(signal);
      }
      const { code, stderr } = await running.ended;

      expect(code).toBe(130);
      expect(await processes()).toBe('');
      expect(await site.read('cleaned')).toBe('cleaned up\n');
      expect(stderr).toContain(`${site.org}/endless  not built: interrupted`);
      expect(stderr).toMatch(/^interrupted$/m);
      expect(await readFile(site.log('endless'), 'utf8')).toMatch(/^# \S+ interrupted after \d+\.\d s$/m);
      expect(await site.line('next')).toBeUndefined();
    },
  );

  it('closing the terminal ends the build like Ctrl-C, though nothing more can be printed', async () => {
    await rm(site.path('cleaned'), { force: true });
    const call = commandLine(process.execPath, ['--', cliPath, ...site.args()]);
    // The program that holds the other end of the terminal.
    const holder = spawn('script', ['--quiet', '--command', `exec ${call}`, '/dev/null'], {
      env: { ...process.env, ...site.env, CLEANED: site.path('cleaned'), TERM: 'xterm' },
      cwd: site.base,
      stdio: ['pipe', 'ignore', 'ignore'],
    });
    onTestFinished(() => void holder.kill('SIGTERM'));
    await begun();

    holder.kill('SIGKILL');

    await eventually('the end of the build', async () => (await processes()) === '');
    await eventually('the last line of its log', () => logged(' interrupted after '));
    expect(await site.read('cleaned')).toBe('cleaned up\n');
    expect(await site.line('next')).toBeUndefined();
  });

  it('a second Ctrl-C ends the program at once and leaves nothing behind', async () => {
    await site.file('endless', 'build.sh', script.replace('trap "', 'trap "sleep 1000; '));
    const running = start();
    await begun();

    running.child.kill('SIGINT');
    await running.printed('stopping');
    running.child.kill('SIGINT');

    expect((await running.ended).code).toBe(130);
    await eventually('the end of the build', async () => (await processes()) === '');
  });

  it('an engine that stops during a build ends the run, also with --continue-on-error', async () => {
    const socket = site.path('engine.sock');
    const proxy = await EngineProxy.start(socket);
    await site.file(
      'endless',
      'build.sh',
      '#!/bin/sh\ndocker build --no-cache -t ORG/endless:local "$(dirname "$0")"\n',
    );
    const running = start({ DOCKER_HOST: `unix://${socket}`, DOCKER_BUILDKIT: '0' }, ['--continue-on-error']);
    await begun();

    await proxy.stop();
    const { code, stderr } = await running.ended;

    expect(code).toBe(1);
    expect(stderr).toContain(
      `Error: the build of ${site.org}/endless was interrupted: the Docker engine at unix://${socket} cannot be reached`,
    );
    expect(stderr).toMatch(/^ {2}\S+\/endless +failed after .*: the engine cannot be reached any more$/m);
    expect(stderr).toMatch(/^ {2}\S+\/next +not built$/m);
  });
});

/** The real engine behind a socket that can be removed. */
class EngineProxy {
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();

  private constructor(server: Server) {
    this.#server = server;
  }

  static async start(path: string): Promise<EngineProxy> {
    const server = createServer({ allowHalfOpen: true });
    const proxy = new EngineProxy(server);
    server.on('connection', (client) => {
      const engine = createConnection({ path: '/var/run/docker.sock', allowHalfOpen: true });
      for (const [one, other] of [
        [client, engine],
        [engine, client],
      ] as const) {
        proxy.#sockets.add(one);
        one.on('error', () => other.destroy());
        one.pipe(other);
      }
    });
    await new Promise<void>((resolve) => server.listen(path, resolve));
    return proxy;
  }

  async stop(): Promise<void> {
    const closed = new Promise((resolve) => this.#server.close(resolve));
    for (const socket of this.#sockets) socket.destroy();
    await closed;
  }
}

describeWithMounts('a full disk at the build log', () => {
  const mounts = new Mounts();
  let site: BuildSite;

  beforeAll(async () => {
    site = await BuildSite.make();
    await site.put('state/mark', '');
    await mounts.small(site.path('state'), 4);
  });
  afterAll(async () => {
    await mounts.undoAll();
    await site.remove();
  });

  it('is reported once and fails no build', async () => {
    await site.stack(['loud']);
    await site.file('loud', 'Dockerfile', tinyDockerfile('loud'));
    await site.file(
      'loud',
      'build.sh',
      '#!/bin/bash\nfor i in $(seq 20000); do echo "line $i of a build that says a lot"; done\ndocker build -t ORG/loud:local "$(dirname "$0")"\n',
    );
    expect(await site.build()).toMatchObject({ code: 0 });
    const state = site.path('state');
    await rm(site.log('loud'));
    const { bfree, bsize } = await statfs(state);
    await writeFile(join(state, 'fill'), Buffer.alloc((bfree - 2) * bsize));
    await run('docker', ['image', 'rm', `${site.org}/loud:local`]);

    const { code, stderr } = await site.build();

    expect(code, stderr).toBe(0);
    expect(stderr.match(/^WARNING: the build log \S+ ends here: .*(ENOSPC|no space)/gim)).toHaveLength(1);
    expect(await site.line('loud')).toBe('loud');
  });
});
