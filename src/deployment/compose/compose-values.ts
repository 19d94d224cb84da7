import { parseEnvFile, variableOrigins } from '../../spec/environment.js';
import type { ComposeFiles } from './compose-files.js';
import type { DeploymentFiles } from '../directory/files.js';

/** The values of variables in the compose files of a deployment. */
export interface ComposeValues {
  /** Those from the spec, and from env files of included compose files. */
  set: ReadonlyMap<string, string>;
  /** Those, then the environment of this process, then what is set for every call of Compose. */
  lookup: (name: string) => string | undefined;
  /** The origin of a variable: the spec or a credentials file; undefined if neither sets it. */
  origin: (name: string) => string | undefined;
  /** The profiles in force. */
  profiles: readonly string[];
}

/**
 * Collects the values of variables.
 * @param files the deployment directory, with its `config.env` and `secrets.env`
 * @param env the environment of this process
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

/** Set for every call of Compose, by laconic-so or by Compose itself. */
const setByUs = new Map([
  ['CERC_HOST_UID', String(process.getuid?.() ?? 0)],
  ['CERC_HOST_GID', String(process.getgid?.() ?? 0)],
  ['CERC_SCRIPT_DEBUG', 'true'],
  ['COMPOSE_PROJECT_NAME', 'project'],
  ['PWD', '/'],
]);
