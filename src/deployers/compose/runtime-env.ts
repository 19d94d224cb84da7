import { homedir } from 'node:os';
import { join } from 'node:path';
import { parseEnvFile } from '../../spec/environment.js';
import type { Context } from '../../system/context.js';

/** Variables by which a user's shell would change what our calls of Compose do: ours name everything themselves. */
const overruled = [
  'COMPOSE_FILE',
  'COMPOSE_PROJECT_NAME',
  'COMPOSE_ENV_FILES',
  'COMPOSE_REMOVE_ORPHANS',
  'COMPOSE_DISABLE_ENV_FILE',
];

/** An env file of a project, read. */
export interface EnvFileText {
  path: string;
  text: string;
}

/**
 * The process environment for `docker compose`: that of the program without the names the spec sets, since Compose
 * would let the shell win over them, and with those that the Python program set for compose files.
 * @param envFiles `config.env` and `secrets.env`
 * @throws InvalidFileError for an env file Compose could not read
 */
export function composeEnvironment(envFiles: readonly EnvFileText[], context: Context): NodeJS.ProcessEnv {
  const env: NodeJS.ProcessEnv = { ...context.env };
  for (const name of [...overruled, ...namesIn(envFiles)]) delete env[name];
  if (process.getuid && process.getgid) {
    env.CERC_HOST_UID = String(process.getuid());
    env.CERC_HOST_GID = String(process.getgid());
  }
  if (context.options.debug) env.CERC_SCRIPT_DEBUG = 'true';
  return env;
}

function namesIn(envFiles: readonly EnvFileText[]): Set<string> {
  return new Set(envFiles.flatMap(({ path, text }) => [...parseEnvFile(text, path).keys()]));
}

/**
 * Flags of `docker` that say which engine the operator's environment means, for the names that {@link
 * composeEnvironment} takes out of it: a `DOCKER_HOST` in a spec is for the containers, and must not lead us to another
 * engine.
 * @param envFiles as for {@link composeEnvironment}
 */
export function engineFlags(envFiles: readonly EnvFileText[], { env }: Pick<Context, 'env'>): string[] {
  const taken = namesIn(envFiles);
  const flags: string[] = [];
  if (taken.has('DOCKER_CONFIG') || taken.has('HOME')) {
    flags.push(`--config=${env.DOCKER_CONFIG ?? join(env.HOME ?? homedir(), '.docker')}`);
  }
  if (taken.has('DOCKER_HOST') && env.DOCKER_HOST) flags.push(`--host=${env.DOCKER_HOST}`);
  else if (taken.has('DOCKER_CONTEXT') && env.DOCKER_CONTEXT && !env.DOCKER_HOST) {
    flags.push(`--context=${env.DOCKER_CONTEXT}`);
  }
  if (taken.has('DOCKER_TLS_VERIFY') && env.DOCKER_TLS_VERIFY) flags.push('--tlsverify');
  if (taken.has('DOCKER_CERT_PATH') && env.DOCKER_CERT_PATH) {
    for (const [flag, file] of Object.entries({ tlscacert: 'ca.pem', tlscert: 'cert.pem', tlskey: 'key.pem' })) {
      flags.push(`--${flag}=${join(env.DOCKER_CERT_PATH, file)}`);
    }
  }
  return flags;
}
