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

/**
 * The process environment for `docker compose`: that of the program without the names the spec sets, since Compose would
 * let the shell win over them (decisions 7 and 9), and with the variables of 01 §17.
 * @param envFileTexts the texts of `config.env` and `secrets.env`
 */
export function composeEnvironment(envFileTexts: readonly string[], context: Context): NodeJS.ProcessEnv {
  const env: NodeJS.ProcessEnv = { ...context.env };
  for (const name of [...overruled, ...envFileTexts.flatMap((text) => [...parseEnvFile(text).keys()])])
    delete env[name];
  if (process.getuid && process.getgid) {
    env.CERC_HOST_UID = String(process.getuid());
    env.CERC_HOST_GID = String(process.getgid());
  }
  if (context.options.debug) env.CERC_SCRIPT_DEBUG = 'true';
  return env;
}
