import { parseEnvFile, variableOrigins } from '../spec/environment.js';
import type { ComposeFiles } from './compose-files.js';
import type { DeploymentFiles } from './files.js';

/** What variables of the compose files of a deployment stand for. */
export interface ComposeValues {
  /** Those that the spec sets, and the env files of included compose files. */
  set: ReadonlyMap<string, string>;
  /** Those, then the environment of the program, and what every call of Compose sets. */
  lookup: (name: string) => string | undefined;
  /** In which file a variable is set, as far as the spec or a credentials file does. */
  origin: (name: string) => string | undefined;
  /** The profiles in force. */
  profiles: readonly string[];
}

/**
 * @param files the deployment directory, with its `config.env` and `secrets.env`
 * @param env the environment of the program
 */
export async function composeValues(
  { variables }: ComposeFiles,
  files: DeploymentFiles,
  env: NodeJS.ProcessEnv,
): Promise<ComposeValues> {
  const set = new Map<string, string>();
  const paths = [...variables.map(({ source }) => source), 'config.env', 'secrets.env'];
  for (const path of paths) {
    const text = (await files.read(path))?.toString('utf8') ?? '';
    for (const [name, value] of parseEnvFile(text, path)) set.set(name, value);
  }
  const origins = variableOrigins((await files.read('config.env'))?.toString('utf8') ?? '');
  const lookup = (name: string): string | undefined => set.get(name) ?? env[name] ?? setByUs.get(name);
  const profiles = (lookup('COMPOSE_PROFILES') ?? '').split(',').map((name) => name.trim());
  return { set, lookup, origin: (name) => origins.get(name), profiles };
}

/** Every call of Compose sets these, or Compose itself does. */
const setByUs = new Map([
  ['CERC_HOST_UID', String(process.getuid?.() ?? 0)],
  ['CERC_HOST_GID', String(process.getgid?.() ?? 0)],
  ['CERC_SCRIPT_DEBUG', 'true'],
  ['COMPOSE_PROJECT_NAME', 'project'],
  ['PWD', '/'],
]);
