import { readFile, realpath } from 'node:fs/promises';
import { isAbsolute, join, relative, resolve, sep } from 'node:path';
import { errorCode, errorMessage, LaconicError } from '../../system/errors.js';
import { writeFileAtomically } from '../../system/files/files.js';
import type { HookValue } from './values.js';
import { editYaml, loadYaml } from './yaml-edit.js';

/** A YAML file of the deployment, as it was read. */
export interface ReadYamlFile {
  /** The real path. */
  readonly path: string;
  readonly text: string;
  readonly value: HookValue;
}

/**
 * Reads a YAML file of the deployment directory for `modify_yaml`. A relative path starts in that directory.
 * @throws LaconicError if the file, after following links, is not inside the directory, does not exist, or is not valid
 * YAML
 */
export async function readDeploymentYaml(deploymentDir: string | undefined, path: string): Promise<ReadYamlFile> {
  if (deploymentDir === undefined) throw new LaconicError('modify_yaml needs a deployment, and this hook has none yet');
  const wanted = resolve(deploymentDir, path);
  try {
    const real = await realpath(wanted);
    const below = relative(await realpath(deploymentDir), real);
    if (below === '' || below === '..' || below.startsWith(`..${sep}`) || isAbsolute(below)) {
      throw new LaconicError(`${wanted} is not inside the deployment directory ${deploymentDir}, so it is not changed`);
    }
    const text = await readFile(real, 'utf8');
    return { path: real, text, value: loadYaml(text, join(deploymentDir, below)) };
  } catch (error) {
    if (error instanceof LaconicError) throw error;
    if (errorCode(error) === 'ENOENT') throw new LaconicError(`${wanted} does not exist`, { cause: error });
    throw new LaconicError(`cannot read ${wanted}: ${errorMessage(error)}`, { cause: error });
  }
}

/** Edits the file in place so that its value is `after`, keeping comments and mode; the file is replaced atomically. */
export async function writeDeploymentYaml(file: ReadYamlFile, after: HookValue): Promise<void> {
  const text = editYaml(file.text, file.path, after);
  if (text !== file.text) await writeFileAtomically(file.path, text);
}
