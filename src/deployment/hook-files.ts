import { basename, dirname, extname, join } from 'node:path';
import { hookFileNames, type StackAssets } from '../stack/assets.js';
import type { HookSource } from '../stack/hooks/contexts.js';
import { LaconicError } from '../system/errors.js';
import { realPlace } from '../system/links.js';
import { checksumOf, filesBelow, type GeneratedFile } from './tree.js';

/** The copy of a hook module where a stack has several. */
export const numberedHook = /^commands_\d+\.(py|mjs|js)$/;

/** What Python, its test runners and its checkers leave beside a module. */
const cache = /^(__pycache__|\.\w+_cache|.*\.pyc)$/;

/**
 * The copies of hook modules that `start` runs from: `hooks/commands.py`, or `hooks/commands_<i>.py` where there are
 * several, and beside them all else of the folders that the modules stand in, as a module may read or import what is
 * there.
 * @throws LaconicError for two files that would be one
 */
export async function hookFiles(
  sources: readonly HookSource[],
  repositoryOf: StackAssets['repositoryOf'],
): Promise<{ files: GeneratedFile[]; directories: string[] }> {
  const files = new Map<string, GeneratedFile>();
  const directories = new Set<string>();
  for (const [index, source] of sources.entries()) {
    const extension = extname(source.file);
    const name = sources.length === 1 ? `commands${extension}` : `commands_${index}${extension}`;
    const path = join('hooks', name);
    const copyOf = await realPlace(source.file, await repositoryOf(source.file));
    files.set(path, { path, source: { copyOf }, mode: 0o644 });
  }
  for (const source of sources) {
    const folder = dirname(source.file);
    const found = await filesBelow(folder, 'hooks', await repositoryOf(folder));
    for (const each of found.directories.filter((path) => !isCache(path))) directories.add(each);
    for (const file of found.files) {
      if (isCache(file.path) || isHook(file.path)) continue;
      const before = files.get(file.path);
      if (sources.length > 1 && dirname(file.path) === 'hooks' && numberedHook.test(basename(file.path))) {
        throw new LaconicError(
          `${join(folder, basename(file.path))} has a name that the copies of hooks need: rename it`,
        );
      }
      if (before === undefined) files.set(file.path, file);
      else if ((await checksumOf(before)) !== (await checksumOf(file))) throw clash(before, file);
    }
  }
  return { files: [...files.values()], directories: [...directories] };
}

function isCache(path: string): boolean {
  return path.split('/').some((part) => cache.test(part));
}

/** The module itself, which has its copy already, or one that is not used because of it. */
function isHook(path: string): boolean {
  return dirname(path) === 'hooks' && hookFileNames.has(basename(path));
}

function clash(...files: readonly GeneratedFile[]): LaconicError {
  const places = files.map(({ source, path }) => ('copyOf' in source ? source.copyOf : path));
  return new LaconicError(
    `${places.join(' and ')} stand beside the hooks of two repositories, have one name and differ: their copies go to one folder`,
    { hint: 'rename one of them' },
  );
}
