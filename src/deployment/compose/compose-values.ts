import { parseEnvFile, variableOrigins } from '../../spec/environment.js';
import type { VariablesFile } from './compose-files.js';
import { userIds } from '../../system/user-ids.js';
import type { DeploymentFiles } from '../directory/files.js';

/** The values of variables in the compose files of a deployment. */
export interface ComposeValues {
  /** Those of `config.env`. */
  config: ReadonlyMap<string, string>;
  /** Those of `secrets.env`. */
  generated: ReadonlyMap<string, string>;
  /** Those, and the ones from env files of included compose files. */
  set: ReadonlyMap<string, string>;
  /** A generated secret, else the config's value, else this user's ids, else the environment of this process. */
  lookup: (name: string) => string | undefined;
  /** The origin of a variable: the spec or a credentials file; undefined if neither sets it. */
  origin: (name: string) => string | undefined;
  /** The active profiles. */
  profiles: readonly string[];
}

/** Set for every call of Compose, by laconic-so or by Compose itself: checks of compose files count them as set. */
export const setByCompose = { CERC_SCRIPT_DEBUG: 'true', COMPOSE_PROJECT_NAME: 'project', PWD: '/' };

/**
 * Collects the values of variables.
 * @param files the deployment directory, with its `config.env` and `secrets.env`
 * @param env the environment of this process
 * @param included env files of included compose files
 * @throws InvalidFileError for an env file that Compose could not read
 */
export async function composeValues(
  files: Pick<DeploymentFiles, 'read'>,
  env: NodeJS.ProcessEnv,
  included: readonly VariablesFile[] = [],
): Promise<ComposeValues> {
  const textOf = async (path: string): Promise<string> => (await files.read(path))?.toString('utf8') ?? '';
  const valuesOf = async (path: string): Promise<Map<string, string>> => parseEnvFile(await textOf(path), path);
  const others = await Promise.all(included.map(({ source }) => valuesOf(source)));
  const [config, generated] = [await valuesOf('config.env'), await valuesOf('secrets.env')];
  const origins = variableOrigins(await textOf('config.env'));
  const set = new Map([...others, config, generated].flatMap((values) => [...values]));
  const ids = new Map(Object.entries(userIds()));
  const lookup = (name: string): string | undefined => set.get(name) ?? ids.get(name) ?? env[name];
  const profiles = (lookup('COMPOSE_PROFILES') ?? '').split(',').map((name) => name.trim());
  return { config, generated, set, lookup, origin: (name) => origins.get(name), profiles };
}
