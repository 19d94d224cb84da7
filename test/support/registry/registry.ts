import { spawn, spawnSync } from 'node:child_process';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { type AddressInfo, connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runOrFail } from '../../../src/system/process/process.js';
import { makeAuthority } from './authority.js';
import { describeWithEngine } from '../engine.js';
import { RegistryClient } from './registry-client.js';
import { describeUnless, programFinder } from '../suites.js';
import { freePort } from '../ports.js';
import { startTokenServer, tokenIssuer, type TokenServer, tokenService } from './registry-token.js';

/** The one user of registries that require a login; the colon is part of the password. */
export const registryUser = { name: 'tester', password: 'p4ss:w0rd of the registry' } as const;
/** The password as the registry checks it (it accepts only bcrypt). */
const passwordFile = `${registryUser.name}:$2b$04$HDPkwN46aaqQozbYLCJC1O9ITyr3WzXSCo7FTGb30XEehYvTiatrK\n`;

export interface RegistryOptions {
  /**
   * Who may connect: everybody (the default); the user with the password, by basic authentication; or clients with a
   * token of a token server, which gives it to the user, and to everybody for pulling from `public/…`.
   */
  auth?: 'basic' | 'token';
  /**
   * https with a certificate of a private authority, for localhost and registry.test; otherwise plain http, which
   * engines accept from localhost.
   */
  tls?: boolean;
  /**
   * A kind node that pulls by the same name, `localhost:PORT`: the registry runs in its network, and this process
   * forwards the port of the host. Not with `tls` or `token`.
   */
  node?: string;
}

/** A real image registry, Debian's docker-registry, with its own storage. */
export interface TestRegistry extends RegistryClient {
  /** `localhost:PORT`, with which image names begin. */
  readonly host: string;
  /** With `tls`: the file of the authority's certificate, for NODE_EXTRA_CA_CERTS. */
  readonly authority: string | undefined;
  /** With `auth: 'token'`: the requests to the token server. */
  readonly tokens: TokenServer | undefined;
  /** The registry's log, with a line `METHOD /path` for each request. */
  log(): string;
  stop(): Promise<void>;
}

const findProgram = programFinder(
  join(import.meta.dirname, '..', '..', '..', 'scripts', 'registry.sh'),
  'LACONIC_TEST_NO_REGISTRY',
);

/**
 * A suite that needs a registry and the engine. Without one it is skipped with the reason in its name; with `CI=true`
 * it fails (like describeWithEngine).
 */
export function describeWithRegistry(name: string, suite: () => void): void {
  const { reason } = findProgram();
  if (reason === undefined) describeWithEngine(name, suite);
  else describeUnless(reason, { has: 'has a registry', needs: 'an image registry' }, name, suite);
}

/** What to stop with the registry, in reverse order. */
type Ends = (() => Promise<unknown>)[];

/** Starts a registry. The test has to stop it. */
export async function startRegistry(options: RegistryOptions = {}): Promise<TestRegistry> {
  const folder = await mkdtemp(join(tmpdir(), 'laconic-registry-'));
  const ends: Ends = [() => rm(folder, { recursive: true, force: true })];
  const stop = async (): Promise<void> => {
    for (let end = ends.pop(); end !== undefined; end = ends.pop()) await end();
  };
  try {
    return await startIn(folder, options, ends, stop);
  } catch (error) {
    await stop();
    throw error;
  }
}

async function startIn(
  folder: string,
  { auth, tls = false, node }: RegistryOptions,
  ends: Ends,
  stop: () => Promise<void>,
): Promise<TestRegistry> {
  await mkdir(join(folder, 'storage'));
  await writeFile(join(folder, 'htpasswd'), passwordFile);
  const authority = tls || auth === 'token' ? await makeAuthority(join(folder, 'authority')) : undefined;
  const server = tls ? await authority?.issue('registry', 'registry.test') : undefined;
  const signer = auth === 'token' ? await authority?.issue('tokens') : undefined;
  const tokens = signer && (await startTokenServer(registryUser.name, registryUser.password, signer));
  if (tokens !== undefined) ends.push(() => tokens.stop());

  // JSON is valid YAML.
  const configOf = (place: string, address: string): string =>
    JSON.stringify({
      version: '0.1',
      log: { accesslog: { disabled: false }, level: 'info' },
      storage: { filesystem: { rootdirectory: `${place}/storage` }, delete: { enabled: true } },
      http: { addr: address, secret: 'test', ...(server && { tls: server }) },
      ...(auth === 'basic' && { auth: { htpasswd: { realm: 'test', path: `${place}/htpasswd` } } }),
      ...(tokens && {
        auth: {
          token: {
            realm: tokens.url,
            service: tokenService,
            issuer: tokenIssuer,
            rootcertbundle: authority?.certificate,
          },
        },
      }),
    });
  const config = join(folder, 'config.json');
  let port: number;
  let log: () => string;
  if (node === undefined) {
    await writeFile(config, configOf(folder, '127.0.0.1:0'));
    ({ port, log } = await runProgram(config, ends));
  } else {
    port = await forwardPort(node, ends);
    await writeFile(config, configOf('/registry', `:${port}`));
    log = await runInNode(node, folder, ends);
  }
  const host = `localhost:${port}`;
  const client = new RegistryClient({
    url: `${tls ? 'https' : 'http'}://${host}`,
    authority: tls ? authority?.certificate : undefined,
    user: auth === undefined ? undefined : registryUser,
  });
  if (node !== undefined) await client.answers();
  return Object.assign(client, { host, authority: tls ? authority?.certificate : undefined, tokens, log, stop });
}

/** Runs docker-registry on this host, on a port that it chooses. */
async function runProgram(config: string, ends: Ends): Promise<{ port: number; log: () => string }> {
  const program = findProgram();
  if (program.path === undefined) throw new Error(program.reason);
  // Leaves out the machine's registry settings (REGISTRY_…) and proxies.
  const child = spawn(program.path, ['serve', config], { env: { PATH: process.env.PATH }, stdio: 'pipe' });
  let log = '';
  const ended = new Promise<void>((resolve) => child.on('close', () => resolve()));
  ends.push(async () => {
    child.kill('SIGKILL');
    await ended;
  });
  const port = await new Promise<number>((resolve, reject) => {
    const collect = (text: Buffer): void => {
      log += text.toString('utf8');
      const listening = /listening on 127\.0\.0\.1:(\d+)/.exec(log)?.[1];
      if (listening !== undefined) resolve(Number(listening));
    };
    child.stdout.on('data', collect);
    child.stderr.on('data', collect);
    child.on('error', reject);
    child.on('close', () => reject(new Error(`docker-registry ended: ${log}`)));
  });
  return { port, log: () => log };
}

/** Runs the registry in the network of a kind node, which reaches it at localhost, where containerd uses plain http. */
async function runInNode(node: string, folder: string, ends: Ends): Promise<() => string> {
  const run = ['run', '--detach', '--network', `container:${node}`, '--volume', `${folder}:/registry`];
  const image = 'registry:2.8';
  const entry = ['--entrypoint', 'registry', image, 'serve', '/registry/config.json'];
  const id = (await runOrFail('a registry beside a node', 'docker', [...run, ...entry])).stdout.trim();
  ends.push(() => runOrFail('its removal', 'docker', ['rm', '--force', '--volumes', id]));
  return () => {
    const { stdout, stderr } = spawnSync('docker', ['logs', id], { encoding: 'utf8' });
    return stdout + stderr;
  };
}

/** Forwards a free port of this host's localhost to the same port of a kind node. */
async function forwardPort(node: string, ends: Ends): Promise<number> {
  const format = '{{range .NetworkSettings.Networks}}{{.IPAddress}} {{end}}';
  const { stdout } = await runOrFail('the address of the node', 'docker', ['inspect', '--format', format, node]);
  const address = stdout.trim().split(' ')[0] ?? '';
  const server = createServer((incoming) => {
    const outgoing = connect((server.address() as AddressInfo).port, address);
    incoming.pipe(outgoing).pipe(incoming);
    incoming.on('error', () => outgoing.destroy());
    outgoing.on('error', () => incoming.destroy());
  });
  // The port must be free in the node too, where the registry listens on it.
  const port = await freePort();
  await new Promise<void>((resolve, reject) => {
    server.on('error', reject);
    server.listen(port, '127.0.0.1', resolve);
  });
  ends.push(async () => {
    server.close();
  });
  return port;
}
