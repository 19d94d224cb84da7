import { unsetVariables } from '../compose/unset-variables.js';
import { parseEnvFile } from '../spec/environment.js';
import type { Problem } from '../system/errors.js';
import { readText } from '../system/files.js';
import { mapOf } from '../system/plain-map.js';
import { didYouMean } from '../system/suggest.js';
import { type ComposeFiles, usedServices } from './compose-files.js';
import { contentOf, type GeneratedFile } from './tree.js';

/** A variable of the stack that nothing sets, once per name, where it is mentioned first. */
export interface UnsetName {
  name: string;
  problem: Problem;
}

/**
 * The variables that the compose files of a deployment mention, that nothing sets and that have no default: what
 * mentions them gets an empty text.
 * @param environment `config.env`, and `secrets.env` if there is one
 * @param env the environment of the program, which counts where the spec does not set a name
 */
export async function unsetNames(
  read: ComposeFiles,
  environment: readonly GeneratedFile[],
  env: NodeJS.ProcessEnv,
): Promise<UnsetName[]> {
  const values = new Map<string, string>();
  for (const { source } of read.variables) addValues(values, await readText(source), source);
  for (const file of environment) addValues(values, (await contentOf(file)).toString('utf8'), file.path);
  const lookup = (name: string): string | undefined => values.get(name) ?? env[name] ?? setByUs.get(name);

  const found = new Map<string, UnsetName>();
  for (const { file, path, part } of partsOf(read)) {
    for (const variable of unsetVariables(part, path, lookup)) {
      if (found.has(variable.name)) continue;
      const near = didYouMean(variable.name, values.keys());
      const message = `\${${variable.name}} is not set and has no default, so it is empty here${near}`;
      const hint = near === '' ? `: set ${variable.name} in the config of the spec` : '';
      found.set(variable.name, { name: variable.name, problem: file.yaml.problem(variable.path, `${message}${hint}`) });
    }
  }
  return [...found.values()];
}

/** Every call of Compose sets these, or Compose itself does. */
const setByUs = new Map(
  ['CERC_HOST_UID', 'CERC_HOST_GID', 'CERC_SCRIPT_DEBUG', 'COMPOSE_PROJECT_NAME', 'PWD'].map((name) => [name, 'set']),
);

function addValues(values: Map<string, string>, text: string, path: string): void {
  for (const [name, value] of parseEnvFile(text, path)) values.set(name, value);
}

/** What of the compose files counts: of files that are only extended no more than the services that are. */
function* partsOf({ files }: ComposeFiles) {
  for (const { read, service } of usedServices(files)) {
    const path = ['services', service.name];
    yield { file: read.file, path, part: mapOf(mapOf(read.file.yaml.value).services)[service.name] };
  }
  for (const { file, role } of files) {
    if (role === 'extends') continue;
    for (const [key, part] of Object.entries(mapOf(file.yaml.value))) {
      if (key !== 'services') yield { file, path: [key], part };
    }
  }
}
