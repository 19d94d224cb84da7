import { spawn } from 'node:child_process';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { type AddressInfo, connect, createServer as createTcpServer, type Server, type Socket } from 'node:net';
import { text as readAll } from 'node:stream/consumers';
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import { HttpClient, type Limits } from '../../src/images/registry/http.js';
import { newestImage } from '../../src/images/registry/newest.js';
import { Registry } from '../../src/images/registry/registry.js';
import { InterruptedError } from '../../src/system/errors.js';
import { run } from '../../src/system/process/process.js';
import { cliPath, runCli } from '../support/program.js';
import type { Platform } from '../support/registry/registry-client.js';
import { describeWithRegistry, registryUser, startRegistry, type TestRegistry } from '../support/registry/registry.js';
import { Sandbox } from '../support/sandbox.js';

const amd64: Platform = { os: 'linux', architecture: 'amd64' };
const ends: (() => void)[] = [];

async function listen(server: Server): Promise<number> {
  const sockets = new Set<Socket>();
  server.on('connection', (socket: Socket) => sockets.add(socket));
  ends.push(() => {
    server.close();
    for (const socket of sockets) socket.destroy();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return (server.address() as AddressInfo).port;
}

/** Answers instead of the registry; returns true when it did. */
type Fault = (request: IncomingMessage, response: ServerResponse) => boolean;

/** A server in front of a real registry, like a load balancer, which forwards every request except for the fault. */
async function inFrontOf(registry: TestRegistry, fault: Fault): Promise<string> {
  const server = createServer((request, response) => {
    if (fault(request, response)) return;
    const { accept, authorization } = request.headers;
    const headers = { ...(accept && { accept }), ...(authorization && { authorization }) };
    void fetch(new URL(request.url ?? '/', registry.url), { headers })
      .then(async (answer) => {
        response.statusCode = answer.status;
        for (const name of ['content-type', 'docker-content-digest', 'www-authenticate']) {
          const value = answer.headers.get(name);
          if (value !== null) response.setHeader(name, value);
        }
        response.end(Buffer.from(await answer.arrayBuffer()));
      })
      // The registry may be stopped while a request is pending.
      .catch(() => response.destroy());
  });
  return `localhost:${await listen(server)}`;
}

const never = new AbortController().signal;
const quiet = (signal: AbortSignal) => ({ env: {}, signal, report: { warn: () => undefined } });
const credentials = { username: registryUser.name, password: registryUser.password };

function open(host: string, http = new HttpClient(quiet(never))): Promise<Registry> {
  return Registry.open({ host, insecure: true, credentials }, http);
}

describeWithRegistry('registries that answer in parts, late or wrongly', () => {
  let registry: TestRegistry;
  beforeAll(async () => {
    registry = await startRegistry({ auth: 'basic' });
    for (const tag of ['1', '2', '3', '4', '5']) await registry.pushImage('team/one', tag, amd64, tag);
  });
  afterEach(() => {
    for (const end of ends.splice(0)) end();
  });
  afterAll(() => registry.stop());

  it('provide tags in pages, which are all read through the Link header, relative or not', async () => {
    const pages: string[] = [];
    const host = await inFrontOf(registry, (request, response) => {
      const url = new URL(request.url ?? '/', 'http://localhost');
      if (!url.pathname.endsWith('/tags/list') || request.headers.authorization === undefined) return false;
      const last = Number(url.searchParams.get('last') ?? '0');
      pages.push(url.search);
      const next = `/v2/team/one/tags/list?n=2&last=${last + 2}`;
      const target = last === 0 ? next : `http://${request.headers.host ?? ''}${next}`;
      if (last < 4) response.setHeader('link', `<${target}>; rel="next"`);
      response.end(JSON.stringify({ name: 'team/one', tags: ['1', '2', '3', '4', '5'].slice(last, last + 2) }));
      return true;
    });
    const found = await newestImage(await open(host), 'team/one', amd64);
    expect(found).toMatchObject({ image: { tag: '5' }, broken: [] });
    expect(pages).toEqual(['?n=1000', '?n=2&last=2', '?n=2&last=4']);
  });

  it('cannot name a next page elsewhere, which would receive the login', async () => {
    let visits = 0;
    const elsewhere = await listen(createServer((_, response) => response.end(String((visits += 1)))));
    const host = await inFrontOf(registry, ({ url = '' }, response) => {
      if (!url.includes('/tags/list')) return false;
      response.setHeader('link', `<http://localhost:${elsewhere}/v2/team/one/tags/list>; rel="next"`);
      response.end(JSON.stringify({ tags: ['1'] }));
      return true;
    });
    await expect((await open(host)).tags('team/one')).rejects.toThrow(/the registry names as the next page http:/);
    expect(visits).toBe(0);
  });

  it('are reported when the newest tag leads to nothing, or to no manifest', async () => {
    const host = await inFrontOf(registry, ({ url = '' }, response) => {
      if (url.endsWith('/manifests/4')) response.writeHead(404).end('{}');
      else if (url.endsWith('/manifests/5')) response.writeHead(200).end('{"hello":1}');
      else return false;
      return true;
    });
    const sandbox = await Sandbox.make({ 'x/stacks/s/stack.yml': 'name: s\ncontainers: [team/one]\n' });
    try {
      const { username, password } = credentials;
      const login = ['--registry-username', username, '--registry-token-stdin'];
      const args = ['--stack', 'x/stacks/s', 'fetch-containers', '--image-registry', host, ...login];
      const env = { DOCKER_CONFIG: sandbox.path('docker') };
      const { code, stderr } = await runCli(args, { cwd: sandbox.base, env, input: password });
      expect({ code, stderr }).toMatchObject({ code: 0 });
      expect(stderr).toContain(
        'WARNING: team/one: tag 5 is skipped: the registry answers with something that is not a manifest; ' +
          'tag 4 is skipped: the registry lists it but does not have it\n',
      );
      expect(stderr).toContain(`fetched ${host}/team/one:3`);
    } finally {
      await run('docker', ['rmi', '--force', 'team/one:local', `${host}/team/one:3`]);
      await sandbox.remove();
    }
  });

  it('are refused when a manifest does not match its digest', async () => {
    const host = await inFrontOf(registry, ({ url = '' }, response) => {
      if (!url.includes('/manifests/')) return false;
      response.setHeader('docker-content-digest', `sha256:${'0'.repeat(64)}`);
      response.end('{"config":{"digest":"sha256:00"}}');
      return true;
    });
    await expect((await open(host)).manifest('team/one', '1')).rejects.toThrow(
      /has the digest sha256:\w+, not sha256:0{64}/,
    );
  });

  it('may keep a configuration elsewhere, which is fetched without the login', async () => {
    const seen: (string | undefined)[] = [];
    const config = JSON.stringify({ os: 'linux', architecture: 'amd64' });
    const digest = (await registry.pushBlob('team/one', Buffer.from(config), 'application/json')).digest;
    const store = await listen(
      createServer(({ headers }, response) => {
        seen.push(headers.authorization);
        response.end(config);
      }),
    );
    const host = await inFrontOf(registry, ({ url = '' }, response) => {
      if (!url.includes('/blobs/')) return false;
      response.writeHead(307, { location: `http://127.0.0.1:${store}/kept` }).end();
      return true;
    });
    expect(await (await open(host)).imageConfig('team/one', digest)).toEqual(JSON.parse(config));
    expect(seen).toEqual([undefined]);
  });

  it('are retried after a temporary failure, and a lasting one is reported with its status', async () => {
    let failures = 0;
    const host = await inFrontOf(registry, ({ url = '' }, response) => {
      if (!url.includes('/tags/list') || failures === 1) return false;
      failures += 1;
      response.writeHead(503).end();
      return true;
    });
    expect(await (await open(host)).tags('team/one')).toHaveLength(5);
    const busy = await inFrontOf(registry, ({ url = '' }, response) => {
      if (url.includes('/tags/list')) response.writeHead(429).end('{"errors":[{"code":"TOOMANYREQUESTS"}]}');
      return url.includes('/tags/list');
    });
    await expect((await open(busy)).tags('team/one')).rejects.toThrow(/status 429, TOOMANYREQUESTS/);
  });

  it('get the login where they require it for only a part', async () => {
    const host = await inFrontOf(registry, ({ url }, response) => {
      if (url === '/v2/') response.end('{}');
      return url === '/v2/';
    });
    expect(await (await open(host)).tags('team/one')).toHaveLength(5);
    const nobody = { host, insecure: true, credentials: undefined };
    const asked = (await Registry.open(nobody, new HttpClient(quiet(never)))).tags('team/one');
    await expect(asked).rejects.toMatchObject({ hint: expect.stringContaining('docker login') as string });
  });

  it('do not include a web server, which is reported', async () => {
    const server = createServer((_, response) => response.writeHead(404).end('<html>'));
    await expect(open(`localhost:${await listen(server)}`)).rejects.toThrow(/is not an image registry: .*status 404/);
  });

  it('are reported when they do not answer, with the request and the time', async () => {
    const port = await listen(createTcpServer());
    // The time limit under test is the one that expires first, however slow this machine is.
    const silent = (scheme: string, limits: Limits): Promise<unknown> =>
      new HttpClient(quiet(never), limits).send({ url: new URL(`${scheme}://127.0.0.1:${port}/v2/`) });
    await expect(silent('http', { connect: 60, silence: 0.4 })).rejects.toThrow(
      /127\.0\.0\.1:\d+ sent nothing for 0\.4 s in answer to GET \/v2\//,
    );
    await expect(silent('https', { connect: 0.2, silence: 60 })).rejects.toThrow(
      /no connection to 127\.0\.0\.1:\d+ within 0\.2 s/,
    );
  });

  it('can be interrupted with Ctrl-C during the wait for an answer', async () => {
    const stop = new AbortController();
    const port = await listen(createTcpServer(() => stop.abort()));
    const http = new HttpClient(quiet(stop.signal));
    await expect(http.send({ url: new URL(`http://127.0.0.1:${port}/`) })).rejects.toThrow(InterruptedError);
  });

  it('can be interrupted during a pull of the engine, with exit code 130 and nothing tagged', async () => {
    const sandbox = await Sandbox.make({ 'x/stacks/s/stack.yml': 'name: s\ncontainers: [laconic-faults/slow]\n' });
    const free = await startRegistry();
    try {
      await free.pushImage(
        'laconic-faults/slow',
        'v1',
        { os: 'linux', architecture: engineArchitecture() },
        sandbox.base,
      );
      let signalled = false;
      const hanging = new Promise<string>((resolve) => {
        void inFrontOf(free, ({ url = '', headers }) => {
          const byEngine = url.includes('/blobs/') && (headers['user-agent'] ?? '').startsWith('docker/');
          // Once, because the engine asks for several blobs, and a second Ctrl-C would end the program at once.
          if (byEngine && !signalled) signalled = child.kill('SIGINT');
          return byEngine;
        }).then(resolve);
      });
      const words = ['--', cliPath, '--stack', sandbox.path('x/stacks/s'), 'fetch-containers', '--image-registry'];
      const child = spawn(process.execPath, [...words, await hanging], {
        env: { ...process.env, DOCKER_CONFIG: sandbox.path('docker') },
        stdio: ['ignore', 'ignore', 'pipe'],
      });
      const said = readAll(child.stderr);
      const code = await new Promise((resolve) => child.on('exit', resolve));
      expect(await said).toContain('interrupted');
      expect(code).toBe(130);
      const inspected = await run('docker', ['image', 'inspect', 'laconic-faults/slow:local']);
      expect(inspected.code).not.toBe(0);
    } finally {
      await free.stop();
      await sandbox.remove();
    }
  });

  it('are contacted by http without TLS only where that is allowed', async () => {
    const asked = Registry.open({ host: registry.host, insecure: false, credentials }, new HttpClient(quiet(never)));
    await expect(asked).rejects.toMatchObject({
      message: expect.stringContaining('does not support TLS') as string,
      hint: expect.stringContaining('insecure-registries') as string,
    });
    expect((await open(registry.host)).plain).toBe(true);
  });

  it('elsewhere are contacted through HTTPS_PROXY, with TLS verified by the authority in NODE_EXTRA_CA_CERTS', async () => {
    const secure = await startRegistry({ tls: true });
    const sandbox = await Sandbox.make({ 'x/stacks/s/stack.yml': 'name: s\ncontainers: [laconic-faults/none]\n' });
    try {
      await secure.pushImage(
        'team/laconic-faults/none',
        'v7',
        { os: 'linux', architecture: engineArchitecture() },
        'x',
      );
      const connects: string[] = [];
      const proxy = createServer();
      proxy.on('connect', ({ url = '' }: IncomingMessage, socket: Socket) => {
        connects.push(url);
        const upstream = connect(Number(secure.host.split(':')[1]), '127.0.0.1', () => {
          socket.write('HTTP/1.1 200 OK\r\n\r\n');
          upstream.pipe(socket).pipe(upstream);
        });
        socket.on('error', () => upstream.destroy());
        upstream.on('error', () => socket.destroy());
      });
      const port = await listen(proxy);
      const words = ['--verbose', '--stack', sandbox.path('x/stacks/s'), 'fetch-containers'];
      const source = ['--image-registry', 'registry.test/team'];
      const env = {
        HTTPS_PROXY: `http://127.0.0.1:${port}`,
        NODE_EXTRA_CA_CERTS: secure.authority,
        DOCKER_CONFIG: sandbox.path('docker'),
      };
      const { code, stderr } = await runCli([...words, ...source], { env });
      // The engine has a proxy of its own and cannot resolve this name.
      expect(stderr).toMatch(/Pulling registry\.test\/team\/laconic-faults\/none:v7@sha256:/);
      expect(stderr).toMatch(/registry\.test cannot be reached/);
      expect(code).toBe(1);
      expect(new Set(connects)).toEqual(new Set(['registry.test:443']));
      const refused = await runCli([...words, ...source], { env: { ...env, NO_PROXY: '.test' } });
      expect(refused.stderr).toMatch(/the registry registry\.test cannot be reached: (?:no such host|its name)/);
    } finally {
      await secure.stop();
      await sandbox.remove();
    }
  });
});

function engineArchitecture(): string {
  return process.arch === 'arm64' ? 'arm64' : 'amd64';
}
