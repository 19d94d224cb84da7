import { homedir } from 'node:os';
import { join } from 'node:path';
import { LaconicError } from '../system/errors.js';
import { readTextIfAny } from '../system/files/files.js';
import { runOrFail } from '../system/process/process.js';

/** How to reach the engine: by its unix socket, or however the `docker` program is configured to. */
export type Endpoint =
  | { kind: 'socket'; path: string; name: string }
  /**
   * Through `docker system dial-stdio`, which handles ssh hosts, TLS and contexts better than a second implementation.
   */
  | { kind: 'docker-cli'; name: string };

const defaultSocket = '/var/run/docker.sock';

/**
 * Finds the engine of this environment by the rules of the `docker` program: `DOCKER_HOST`, else `DOCKER_CONTEXT`, else
 * the current context of `config.json`, else the default socket.
 * @throws LaconicError for a configuration that `docker` cannot use
 */
export async function findEndpoint(env: NodeJS.ProcessEnv): Promise<Endpoint> {
  if (env.DOCKER_HOST) return endpointOfHost(env.DOCKER_HOST, env.DOCKER_HOST);
  const context = env.DOCKER_CONTEXT ?? (await currentContext(env));
  if (context === undefined || context === '' || context === 'default') {
    return { kind: 'socket', path: defaultSocket, name: `unix://${defaultSocket}` };
  }
  const args = ['context', 'inspect', context, '--format', '{{.Endpoints.docker.Host}}'];
  const { stdout } = await runOrFail(`the Docker context ${context} cannot be used`, 'docker', args, { env });
  return endpointOfHost(stdout.trim(), `${stdout.trim()} (context ${context})`);
}

function endpointOfHost(host: string, name: string): Endpoint {
  if (!host.startsWith('unix://')) return { kind: 'docker-cli', name };
  return { kind: 'socket', path: host.slice('unix://'.length) || defaultSocket, name };
}

async function currentContext(env: NodeJS.ProcessEnv): Promise<string | undefined> {
  const file = join(env.DOCKER_CONFIG ?? join(env.HOME ?? homedir(), '.docker'), 'config.json');
  const text = await readTextIfAny(file);
  if (text === undefined) return undefined;
  let config: unknown;
  try {
    config = JSON.parse(text);
  } catch (error) {
    throw new LaconicError(`${file} is not valid JSON`, { hint: 'repair it, or move it away', cause: error });
  }
  if (typeof config !== 'object' || config === null || !('currentContext' in config)) return undefined;
  return typeof config.currentContext === 'string' ? config.currentContext : undefined;
}
