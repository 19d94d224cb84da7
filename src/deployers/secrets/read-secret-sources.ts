import { homedir } from 'node:os';
import { resolve } from 'node:path';
import { environmentProblem } from '../../spec/environment.js';
import type { Spec } from '../../spec/model.js';
import type { SecretSource } from '../../spec/secret-sources.js';
import type { Context } from '../../system/context.js';
import { errorMessage, InvalidFileError, type Problem } from '../../system/errors.js';
import { readTextIfAny } from '../../system/files/files.js';
import { expandHome } from '../../system/files/path-names.js';
import { missingToken, pullToken } from './pull-secret.js';

/** Values by key, by the name of the Secret. */
export type SecretValues = ReadonlyMap<string, ReadonlyMap<string, string>>;

/**
 * Refuses a spec whose secrets a start could not read: those with sources, and on Kubernetes the token of
 * `image-pull-secret`. For commands that change files before they start.
 * @throws InvalidFileError with everything that is missing
 */
export async function requireSources(spec: Spec, { env, cwd }: Pick<Context, 'env' | 'cwd'>): Promise<void> {
  const { problems } = await readSecretValues(spec, { env, cwd });
  const { imagePullSecret, deployTo, yaml } = spec;
  if (imagePullSecret !== undefined && deployTo !== 'compose') {
    const found = await pullToken(imagePullSecret, { read: readTextIfAny, env, home: homedir(), cwd });
    if ('missing' in found) problems.push(missingToken(yaml, imagePullSecret, found.missing));
  }
  if (problems.length > 0) throw new InvalidFileError(problems);
}

/**
 * Reads the present values of a spec's `secrets` with sources. The line break at the end of a file is not part of its
 * value. A relative path starts at the current directory.
 * @returns the values of the Secrets whose sources are all available, and the problems of the others
 */
export async function readSecretValues(
  { secretSources, yaml }: Spec,
  { env, cwd }: Pick<Context, 'env' | 'cwd'>,
): Promise<{ values: SecretValues; problems: Problem[] }> {
  const values = new Map<string, ReadonlyMap<string, string>>();
  const problems: Problem[] = [];
  for (const [name, sources] of secretSources ?? []) {
    const found = new Map<string, string>();
    for (const [key, source] of sources) {
      const read = await readSource(source, env, cwd);
      const wrong = 'wrong' in read ? read.wrong : environmentProblem(key, read.value);
      if (wrong !== undefined) problems.push(yaml.problem(['secrets', name, 'keys', key], wrong));
      else if ('value' in read) found.set(key, read.value);
    }
    if (found.size === sources.size) values.set(name, found);
  }
  return { values, problems };
}

async function readSource(
  source: SecretSource,
  env: NodeJS.ProcessEnv,
  cwd: string,
): Promise<{ value: string } | { wrong: string }> {
  if ('env' in source) {
    const value = env[source.env];
    return value === undefined || value === '' ? { wrong: `the variable ${source.env} is not set` } : { value };
  }
  const path = resolve(cwd, expandHome(source.file, env.HOME ?? homedir()));
  try {
    const text = await readTextIfAny(path);
    if (text === undefined) return { wrong: `the file ${path} does not exist` };
    return text.includes('\ufffd')
      ? { wrong: `the file ${path} holds bytes that are not UTF-8, which a variable cannot hold` }
      : { value: text.replace(/\r?\n$/, '') };
  } catch (error) {
    return { wrong: errorMessage(error) };
  }
}
