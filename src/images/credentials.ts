import { homedir } from 'node:os';
import { join } from 'node:path';
import { LaconicError } from '../system/errors.js';
import { readTextIfAny } from '../system/files/files.js';
import { run } from '../system/process/process.js';
import { hub } from './reference.js';

/** Credentials for a registry: kept in memory only. */
export interface Credentials {
  username: string;
  /** A password, or a token in its place. */
  password: string;
  /** Used instead of both: some logins (`docker login` with a browser) store only this. */
  identityToken?: string;
}

/** The key of Docker Hub in Docker's configuration. */
const hubKey = 'https://index.docker.io/v1/';

/** The key of a registry (`ghcr.io`, `localhost:5000`) in Docker's configuration and for the engine. */
export function serverAddress(registry: string): string {
  return registry === hub ? hubKey : registry;
}

/**
 * Finds the credentials that `docker login` stored for a registry: in Docker's `config.json`, or in the credential
 * helper named there.
 * @returns undefined if there is no login
 * @throws LaconicError if the configuration cannot be read or the helper fails
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

/** `https://ghcr.io/v2/` and `ghcr.io` mean the same host. */
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

/** Credential helpers read stdin and answer with JSON on stdout; the user name `<token>` marks an identity token. */
async function askHelper(helper: string, registry: string, env: NodeJS.ProcessEnv): Promise<Credentials | undefined> {
  const program = `docker-credential-${helper}`;
  if (!/^[\w.-]+$/.test(helper))
    throw new LaconicError(`Docker's configuration has an invalid credential helper: ${program}`);
  const { code, stdout, stderr } = await run(program, ['get'], { env, input: serverAddress(registry) });
  const output = `${stdout}${stderr}`.trim();
  if (code !== 0 && /credentials not found/i.test(output)) return undefined;
  const failed = `the credential helper ${program} does not answer for ${registry}`;
  if (code !== 0) throw new LaconicError(`${failed}: ${output}`);
  const { Username: username, Secret: secret } = record(parse(stdout, `the answer of ${program}`));
  if (typeof username !== 'string' || typeof secret !== 'string') throw new LaconicError(failed);
  if (username === '' && secret === '') return undefined;
  if (username === '<token>') return { username: '', password: '', identityToken: secret };
  return { username, password: secret };
}
