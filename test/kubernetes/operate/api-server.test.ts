import { createServer, connect, type Server, type Socket } from 'node:net';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { runOrFail } from '../../../src/system/process/process.js';
import { describeWithCluster, shared } from '../../support/kubernetes/cluster.js';
import { type Deployed, onKubeconfig } from '../../support/kubernetes/cluster-sandbox.js';
import { deploy, image, server } from './stack.js';

/** A proxy to the API server at one address, which can be closed and opened. */
class Way {
  readonly #target: number;
  readonly #sockets = new Set<Socket>();
  #server: Server | undefined;
  port = 0;

  constructor(target: number) {
    this.#target = target;
  }

  async open(): Promise<void> {
    const listening = createServer((socket) => {
      const far = connect(this.#target, '127.0.0.1');
      for (const one of [socket, far]) {
        this.#sockets.add(one);
        one
          .on('error', () => undefined)
          .on('close', () => {
            socket.destroy();
            far.destroy();
          });
      }
      socket.pipe(far).pipe(socket);
    });
    listening.listen(this.port, '127.0.0.1');
    await once(listening, 'listening');
    const address = listening.address();
    this.port = typeof address === 'object' && address !== null ? address.port : 0;
    this.#server = listening;
  }

  async close(): Promise<void> {
    const closed = this.#server === undefined ? undefined : once(this.#server, 'close');
    this.#server?.close();
    for (const socket of this.#sockets) socket.destroy();
    this.#sockets.clear();
    await closed;
    this.#server = undefined;
  }
}

describeWithCluster('an API server that becomes unreachable during a start', () => {
  let folder: string;
  let way: Way;
  let site: Deployed;

  beforeAll(async () => {
    await runOrFail('kind load', 'kind', ['load', 'docker-image', image, '--name', shared.name]);
    folder = await mkdtemp(join(tmpdir(), 'laconic-api-'));
    const config = await readFile(shared.kubeconfig, 'utf8');
    way = new Way(Number(/server: https:\/\/[^:]+:(\d+)/.exec(config)?.[1]));
    await way.open();
    const kubeconfig = join(folder, 'kubeconfig.yml');
    await writeFile(kubeconfig, config.replace(/server: https:\/\/[^:]+:\d+/, `server: https://127.0.0.1:${way.port}`));
    site = await deploy({
      pods: {
        app: server('web', '    healthcheck: {test: ["CMD", "test", "-e", "/tmp/go"], interval: 1s}\n'),
      },
      target: onKubeconfig(kubeconfig),
    });
  });
  afterAll(async () => {
    if (way.port !== 0) await way.open().catch(() => undefined);
    await site.remove();
    await way.close();
    await rm(folder, { recursive: true, force: true });
  });

  it('for a moment lets the start continue', async () => {
    const starting = site.begin('start');
    await starting.printed('web running, not ready yet');
    await way.close();
    await new Promise((resolve) => setTimeout(resolve, 2_000));
    await way.open();
    await site.run('exec', 'web', 'touch /tmp/go');
    expect((await starting.ended).code).toBe(0);
  });

  it('permanently ends the start with the address that cannot be reached', async () => {
    await site.run('exec', 'web', 'rm /tmp/go');
    await expect.poll(async () => (await site.attempt('status')).stdout, { timeout: 120_000 }).toContain('0/1 ready');
    const starting = site.begin('start');
    await starting.printed('0/1 ready');
    await way.close();
    expect((await starting.ended).code).toBe(1);
    expect(starting.said.stderr).toMatch(/the API server https:\/\/127\.0\.0\.1:\d+ cannot be reached/);
    const after = await site.attempt('ps');
    expect([after.code, after.stderr]).toEqual([1, expect.stringContaining('cannot be reached')]);
  });
});
