import { homedir } from 'node:os';
import { join } from 'node:path';
import { parseEnvFile } from '../../../spec/environment.js';
import type { Context } from '../../../system/context.js';
import { userIds } from '../../../system/user-ids.js';

/**
 * Variables in a user's shell that would change the effect of our calls of Compose, which pass everything explicitly.
 */
const overruled = [
  'COMPOSE_FILE',
  'COMPOSE_PROJECT_NAME',
  'COMPOSE_ENV_FILES',
  'COMPOSE_REMOVE_ORPHANS',
  'COMPOSE_DISABLE_ENV_FILE',
];

/** An env file of a project, with its text. */
export interface EnvFileText {
  path: string;
  text: string;
}

/**
 * The process environment for `docker compose`: that of this process, and this user's ids as the Python program set
 * them, without the names the spec sets, since Compose would prefer the shell's values. So Compose finds the values of
 * `composeValues`.
 * @param envFiles `config.env` and `secrets.env`
 * @throws InvalidFileError for an env file that Compose could not read
 */
export function composeEnvironment(envFiles: readonly EnvFileText[], context: Context): NodeJS.ProcessEnv {
  const env: NodeJS.ProcessEnv = { ...context.env, ...userIds() };
  for (const name of [...overruled, ...namesIn(envFiles)]) delete env[name];
  if (context.options.debug) env.CERC_SCRIPT_DEBUG = 'true';
  return env;
}

function namesIn(envFiles: readonly EnvFileText[]): Set<string> {
  return new Set(envFiles.flatMap(({ path, text }) => [...parseEnvFile(text, path).keys()]));
}

/**
 * Flags of `docker` that select the engine of the operator's environment, for names that {@link composeEnvironment}
 * removes: a `DOCKER_HOST` in a spec is meant for the containers, and must not select another engine.
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
