import { resolve } from 'node:path';
import { scanEnvFile } from '../../compose/syntax/dotenv.js';
import { unsetVariables } from '../../compose/document/unset-variables.js';
import { credentialLines } from '../../spec/environment.js';
import { InvalidFileError } from '../../system/errors.js';
import { didYouMean } from '../../system/suggest.js';
import { placeOf } from '../compose/compose-files.js';
import { modelOf, type ProjectFile } from '../compose/compose-project.js';
import type { ComposeValues } from '../compose/compose-values.js';
import type { DeploymentFiles } from '../directory/files.js';
import type { UnsetName } from './variable-checks.js';

type Lookup = (name: string) => unknown;

/**
 * Finds variables that values in the services' env files mention, without a default, and that are not set. Each name is
 * reported once.
 * @param files the deployment directory
 */
export async function unsetInEnvFiles(
  project: readonly ProjectFile[],
  files: DeploymentFiles,
  { lookup, set }: ComposeValues,
): Promise<UnsetName[]> {
  const found = new Map<string, UnsetName>();
  for (const file of project) {
    const { services } = modelOf(file);
    const texts: { source: string; text: string }[] = [];
    for (const { path, format } of file.reading.envFiles) {
      const place = format === 'raw' ? undefined : placeOf(file.read, path);
      const text = place === undefined ? undefined : (await files.read(place))?.toString('utf8');
      if (text !== undefined) texts.push({ source: resolve(file.read.sourceBase, path), text });
    }
    // Values may use variables of the service and of its other env files.
    const own = new Set([
      ...[...services.values()].flatMap(({ environment }) => [...environment.keys()]),
      ...texts.flatMap(({ text }) => entriesOf(text).map(({ name }) => name)),
    ]);
    for (const { source, text } of texts) {
      for (const { name, key, line } of unsetInText(text, (each) => lookup(each) ?? (own.has(each) || undefined))) {
        const near = didYouMean(name, set.keys());
        const hint = near === '' ? `: set ${name} in the config of the spec` : near;
        const message = `\${${name}} is not set and has no default, so it is empty here${hint}`;
        if (!found.has(name)) found.set(name, { name, problem: { file: source, line, key, message } });
      }
    }
  }
  return [...found.values()];
}

/**
 * Finds values of credentials files in which a `$` begins the name of an unset variable, such as in an unquoted
 * password. What follows the `$` may be part of a secret: the message does not include it.
 * @param configEnv the text of `config.env`
 * @param env the environment in which it is read
 */
export function unsetInCredentials(configEnv: string, env: NodeJS.ProcessEnv): UnsetName[] {
  const places = credentialLines(configEnv);
  return unsetInText(configEnv, (name) => env[name]).flatMap(({ name, key, line }) => {
    const place = places(line);
    const message =
      'a $ in the value begins a variable that nothing sets, which is empty: put the value in single quotes';
    return place === undefined ? [] : [{ name, problem: { ...place, key, message } }];
  });
}

/** A later value may use an earlier name of the file. A text that cannot be read is reported elsewhere. */
function unsetInText(text: string, lookup: Lookup): { name: string; key: string; line: number }[] {
  const before = new Set<string>();
  const isSet = (name: string): string | undefined =>
    before.has(name) || lookup(name) !== undefined ? 'set' : undefined;
  return entriesOf(text).flatMap(({ name: key, line, text: value = '', interpolated }) => {
    const unset = interpolated ? unsetVariables(value, [], isSet) : [];
    before.add(key);
    return unset.map(({ name }) => ({ name, key, line }));
  });
}

function entriesOf(text: string): ReturnType<typeof scanEnvFile> {
  try {
    return scanEnvFile(text, '');
  } catch (error) {
    if (error instanceof InvalidFileError) return [];
    throw error;
  }
}
