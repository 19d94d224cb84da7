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
 * The process environment for `docker compose`: that of the program without the names the spec sets, since Compose would
 * let the shell win over them (decisions 7 and 9), and with the variables of 01 §17.
 * @param envFiles `config.env` and `secrets.env`
 * @throws InvalidFileError for an env file Compose could not read
 */
export function composeEnvironment(envFiles: readonly EnvFileText[], context: Context): NodeJS.ProcessEnv {
  const env: NodeJS.ProcessEnv = { ...context.env };
  const set = envFiles.flatMap(({ path, text }) => [...parseEnvFile(text, path).keys()]);
  for (const name of [...overruled, ...set]) delete env[name];
  if (process.getuid && process.getgid) {
    env.CERC_HOST_UID = String(process.getuid());
    env.CERC_HOST_GID = String(process.getgid());
  }
  if (context.options.debug) env.CERC_SCRIPT_DEBUG = 'true';
  return env;
}
