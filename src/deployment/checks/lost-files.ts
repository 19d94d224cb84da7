import { lstat } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { errorCode, LaconicError } from '../../system/errors.js';
import { sha256 } from '../../system/files/files.js';
import { shownCommand } from '../../system/shown-command.js';
import type { DeploymentLayout } from '../directory/layout.js';
import { generatedFolders, readManifest } from '../directory/manifest.js';

const ofNothing = sha256('');

/**
 * Refuses to run a deployment whose generated files are gone, or empty although they were not. Docker Compose would
 * take the defaults of the compose files, remove the services of an empty one, and mount an empty folder in place of a
 * missing file. Nothing is checked in a directory without a manifest.
 * @throws LaconicError that names the files
 */
export async function requireGeneratedFiles(layout: DeploymentLayout): Promise<void> {
  const { root, spec, configEnv } = layout;
  const written = Object.entries((await readManifest(layout)) ?? {}).filter(
    ([path]) => path === basename(configEnv) || generatedFolders.some((folder) => path.startsWith(`${folder}/`)),
  );
  const faults = await Promise.all(
    written.map(async ([path, checksum]) => {
      const fault = await faultOf(join(root, path), checksum);
      return fault === undefined ? [] : [`${path} ${fault}`];
    }),
  );
  const lost = faults.flat();
  if (lost.length === 0) return;
  const update = shownCommand([
    ...['laconic-so', 'deploy', 'create', '--update'],
    ...['--spec-file', spec, '--deployment-dir', root],
  ]);
  throw new LaconicError(`${root} has lost files that were written into it:\n${lost.join('\n')}`, {
    hint: `restore them from a backup, or write them again: ${update}`,
  });
}

async function faultOf(path: string, checksum: string): Promise<string | undefined> {
  try {
    const found = await lstat(path);
    if (found.isDirectory()) return 'is a folder';
    return found.isFile() && found.size === 0 && checksum !== ofNothing ? 'is empty' : undefined;
  } catch (error) {
    if (['ENOENT', 'ENOTDIR'].includes(errorCode(error) ?? '')) return 'is missing';
    throw error;
  }
}
