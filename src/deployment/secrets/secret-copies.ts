import { join } from 'node:path';
import { parseComposeFile } from '../../compose/document/file.js';
import { environmentKeysOf } from '../../compose/document/interpolation.js';
import { connectEngine } from '../../engine/connect.js';
import { inspectContainer, listProjectContainers } from '../../engine/containers.js';
import type { SecretCopy } from '../../spec/lost-secrets.js';
import { holdsValueOf, parseSecretsEnv } from '../../spec/generated-secrets.js';
import type { Context } from '../../system/context.js';
import { InvalidFileError } from '../../system/errors.js';
import { kindOf, readTextIfAny } from '../../system/files/files.js';
import { type DeploymentLayout, secretsCopyPath } from '../directory/layout.js';
import { listGenerations } from '../directory/manifest.js';
import type { Deployment } from '../access/open.js';

/**
 * Finds values of generated secrets in the directory other than in `secrets.env`: in its copy, in `secrets.env.bak` and
 * in earlier generations, newest first. Each value is listed once.
 */
export async function copiesOnDisk(layout: DeploymentLayout): Promise<SecretCopy[]> {
  const generations = (await listGenerations(layout)).reverse();
  const files = [
    layout.secretsCopy,
    `${layout.secretsEnv}.bak`,
    ...generations.flatMap((name) => {
      const generation = join(layout.history, name);
      return [join(generation, 'secrets.env'), join(generation, secretsCopyPath)];
    }),
  ];
  const seen = new Set<string>();
  const copies: SecretCopy[] = [];
  for (const file of files) {
    const found = [...(await readSecrets(file))].filter(([name, value]) => !seen.has(JSON.stringify([name, value])));
    for (const entry of found) seen.add(JSON.stringify(entry));
    if (found.length > 0) copies.push({ place: file, values: new Map(found) });
  }
  return copies;
}

/** The readable values of such a file; none if it is missing or damaged. */
async function readSecrets(file: string): Promise<Map<string, string>> {
  if ((await kindOf(file)) !== 'file') return new Map();
  const text = (await readTextIfAny(file)) ?? '';
  try {
    return new Map([...parseSecretsEnv(text)].flatMap(([name, { value }]) => (value === '' ? [] : [[name, value]])));
  } catch (error) {
    if (error instanceof InvalidFileError) return new Map();
    throw error;
  }
}

/**
 * Finds possible generated values in the environment of the deployment's containers: under the variable's name, or a
 * name for which a compose file uses the variable. Values that are written in a compose file, such as a default, do not
 * count.
 * @param config the spec's config, with the names to look for
 * @throws LaconicError if the engine does not answer
 */
export async function copiesInContainers(
  { layout, record, stack }: Deployment,
  config: ReadonlyMap<string, string>,
  names: readonly string[],
  context: Context,
): Promise<SecretCopy[]> {
  const texts: { text: string; file: string }[] = [];
  for (const file of stack.pods.map(({ name }) => layout.composeFile(name))) {
    const text = await readTextIfAny(file);
    if (text !== undefined) texts.push({ text, file });
  }
  const composeFiles = texts.map(({ text, file }) => parseComposeFile(text, file));
  const engine = await connectEngine(context);
  const copies: SecretCopy[] = [];
  for (const container of await listProjectContainers(engine, record.clusterId)) {
    const details = await inspectContainer(engine, container.id);
    const variables = (details?.Config.Env ?? []).map((line) => /^([^=]*)=(.*)$/s.exec(line)?.slice(1) ?? []);
    const values = new Map<string, string>();
    for (const name of names) {
      const keys = new Set([name, ...composeFiles.flatMap((file) => environmentKeysOf(file, container.service, name))]);
      for (const [key = '', value = ''] of variables) {
        if (!keys.has(key) || texts.some(({ text }) => text.includes(value))) continue;
        if (holdsValueOf(config.get(name) ?? '', value)) values.set(name, value);
      }
    }
    if (values.size > 0)
      copies.push({ place: `the container ${container.name} (docker inspect ${container.name})`, values });
  }
  return copies;
}
