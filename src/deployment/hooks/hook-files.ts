import { basename, dirname, extname, join } from 'node:path';
import { hookFileNames, type StackAssets } from '../../stack/assets.js';
import type { HookSource } from '../../stack/hooks/contexts.js';
import { LaconicError } from '../../system/errors.js';
import { realPlace } from '../../system/files/links.js';
import { checksumOf, filesBelow, type GeneratedFile } from '../directory/tree.js';

/** A copy of a hook module if a stack has several. */
export const numberedHook = /^commands_\d+\.(py|mjs|js)$/;

/** Files that Python, its test runners and its checkers leave beside a module. */
const cache = /^(__pycache__|\.\w+_cache|.*\.pyc)$/;

/**
 * Generates the copies of hook modules that `start` uses: `hooks/commands.py`, or `hooks/commands_<i>.py` if there are
 * several, with all other files of their folders, since a module may read or import them.
 * @throws LaconicError for two different files with the same path
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
          `${join(folder, basename(file.path))} has a name that is reserved for copies of hooks: rename it`,
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

/** The module itself, which is copied already, or one that is ignored because of it. */
function isHook(path: string): boolean {
  return dirname(path) === 'hooks' && hookFileNames.has(basename(path));
}

function clash(...files: readonly GeneratedFile[]): LaconicError {
  const places = files.map(({ source, path }) => ('copyOf' in source ? source.copyOf : path));
  return new LaconicError(
    `${places.join(' and ')} are beside the hooks of two repositories and have the same name, but differ: they are copied into one folder`,
    { hint: 'rename one of them' },
  );
}
