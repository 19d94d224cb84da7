import { homedir } from 'node:os';
import { join } from 'node:path';
import { LaconicError } from '../system/errors.js';
import { readTextIfAny } from '../system/files.js';
import { run } from '../system/process.js';
import { hub } from './reference.js';

/** Who asks a registry: kept in memory, never written. */
export interface Credentials {
  username: string;
  /** A password, or a token in its place. */
  password: string;
  /** Instead of both: what some logins leave behind (`docker login` by a browser). */
  identityToken?: string;
}

/** What registries of Docker Hub are called in Docker's configuration. */
const hubKey = 'https://index.docker.io/v1/';

/** How Docker's configuration, and the engine, name a registry (`ghcr.io`, `localhost:5000`). */
export function serverAddress(registry: string): string {
  return registry === hub ? hubKey : registry;
}

/**
 * What `docker login` has left for a registry: in Docker's `config.json`, or with the credential helper that it names.
 * @returns undefined when nobody is logged in there
 * @throws LaconicError for a configuration that cannot be read, or a helper that fails
 */
export async function dockerLogin(registry: string, env: NodeJS.ProcessEnv): Promise<Credentials | undefined> {
  const own = env.DOCKER_CONFIG ?? '';
  const file = join(own === '' ? join(env.HOME ?? homedir(), '.docker') : own, 'config.json');
  const text = await readTextIfAny(file);
  if (text === undefined) return undefined;
  const config = record(parse(text, file));
  const helper = record(config.credHelpers)[registry] ?? config.credsStore;
  if (typeof helper === 'string' && helper !== '') return askHelper(helper, registry, env);
  const wanted = hostOf(serverAddress(registry));
  const found = Object.entries(record(config.auths)).find(([key]) => hostOf(key) === wanted)?.[1];
  return found === undefined ? undefined : fromEntry(record(found), registry, file);
}

function parse(text: string, file: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new LaconicError(`${file} is not valid JSON`, { hint: 'repair it, or move it away', cause: error });
  }
}

function record(value: unknown): Record<string, unknown> {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
}

/** `https://ghcr.io/v2/` and `ghcr.io` are one. */
function hostOf(key: string): string {
  return key.replace(/^https?:\/\//, '').replace(/\/.*$/, '');
}

function fromEntry(entry: Record<string, unknown>, registry: string, file: string): Credentials | undefined {
  const auth = typeof entry.auth === 'string' ? Buffer.from(entry.auth, 'base64').toString('utf8') : '';
  const colon = auth.indexOf(':');
  if (typeof entry.identitytoken === 'string' && entry.identitytoken !== '') {
    const username = colon < 0 ? '' : auth.slice(0, colon);
    return { username, password: '', identityToken: entry.identitytoken };
  }
  if (auth === '') return undefined;
  if (colon < 0) {
    const hint = `log in again: docker login ${registry}`;
    throw new LaconicError(`${file}: the login for ${registry} is damaged`, { hint });
  }
  return { username: auth.slice(0, colon), password: auth.slice(colon + 1) };
}

/** Helpers are asked on stdin and answer JSON on stdout; `<token>` in the place of a user marks an identity token. */
async function askHelper(helper: string, registry: string, env: NodeJS.ProcessEnv): Promise<Credentials | undefined> {
  const program = `docker-credential-${helper}`;
  if (!/^[\w.-]+$/.test(helper)) throw new LaconicError(`Docker's configuration names no program: ${program}`);
  const { code, stdout, stderr } = await run(program, ['get'], { env, input: serverAddress(registry) });
  const said = `${stdout}${stderr}`.trim();
  if (code !== 0 && /credentials not found/i.test(said)) return undefined;
  const failed = `${program}, which keeps the logins of docker, does not answer for ${registry}`;
  if (code !== 0) throw new LaconicError(`${failed}: ${said}`);
  const { Username: username, Secret: secret } = record(parse(stdout, `the answer of ${program}`));
  if (typeof username !== 'string' || typeof secret !== 'string') throw new LaconicError(failed);
  if (username === '' && secret === '') return undefined;
  if (username === '<token>') return { username: '', password: '', identityToken: secret };
  return { username, password: secret };
}
