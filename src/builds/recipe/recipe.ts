import { open } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { LaconicError } from '../../system/errors.js';
import { kindOf } from '../../system/files/files.js';
import { folderOf, imageOf } from './image-name.js';

/** Where to look for build folders. */
export interface BuildPlaces {
  /**
   * Absolute directory of an external stack, whose repository may contain build folders; undefined for a bundled stack,
   * and without a stack.
   */
  externalStack?: string | undefined;
  /** Absolute directory of the installed package, which holds `containers/`. */
  packageDirectory: string;
  /** Absolute folder of the cloned repositories (`CERC_REPO_BASE_DIR`). */
  repositoryBase: string;
}

/** How to build a container: a command, and the files found. */
export interface BuildRecipe {
  program: string;
  args: string[];
  /** Where the build files come from. */
  origin: 'stack' | 'repository' | 'laconic-so';
  /** A script, or a folder with a Dockerfile that `default-build.sh` builds. */
  kind: 'script' | 'Dockerfile';
  /** The script or the Dockerfile. */
  file: string;
}

/**
 * Finds how to build a container. The first match wins: `build.sh`, then a Dockerfile, in the external stack's
 * `container-build/`; a bundled `build.sh`; the Dockerfile of the cloned repository of that name; a bundled Dockerfile.
 * @throws LaconicError that lists the places searched if there are no build files
 */
export async function findRecipe(container: string, places: BuildPlaces): Promise<BuildRecipe> {
  const toolFolder = join(places.packageDirectory, 'containers');
  const own = join(toolFolder, folderOf(container));
  const repository = join(places.repositoryBase, container.split('/')[1] ?? '');
  const external =
    places.externalStack === undefined
      ? undefined
      : join(dirname(dirname(places.externalStack)), 'container-build', folderOf(container));
  const dockerfile = (folder: string, origin: BuildRecipe['origin']): Promise<BuildRecipe | undefined> =>
    dockerfileIn(folder, origin, container, toolFolder);
  const found =
    (external === undefined
      ? undefined
      : ((await scriptIn(external, 'stack')) ?? (await dockerfile(external, 'stack')))) ??
    (await scriptIn(own, 'laconic-so')) ??
    (await dockerfile(repository, 'repository')) ??
    (await dockerfile(own, 'laconic-so'));
  if (found) return found;
  const searched = [...(external === undefined ? [] : [external]), own, repository];
  throw new LaconicError(`no build files for container ${container}`, {
    hint: `looked for build.sh or a Dockerfile in: ${searched.join(', ')}`,
  });
}

async function scriptIn(folder: string, origin: BuildRecipe['origin']): Promise<BuildRecipe | undefined> {
  const file = join(folder, 'build.sh');
  if ((await kindOf(file)) !== 'file') return undefined;
  const [program, ...args] = await commandFor(file);
  return { program, args, origin, kind: 'script', file };
}

async function dockerfileIn(
  folder: string,
  origin: BuildRecipe['origin'],
  container: string,
  toolFolder: string,
): Promise<BuildRecipe | undefined> {
  const file = join(folder, 'Dockerfile');
  if ((await kindOf(file)) !== 'file') return undefined;
  const args = [join(toolFolder, 'default-build.sh'), imageOf(container), folder];
  return { program: 'bash', args, origin, kind: 'Dockerfile', file };
}

/** How to run a script: with the interpreter of its first line, so that it needs no execute bit. */
async function commandFor(script: string): Promise<[program: string, ...args: string[]]> {
  const first = await firstLine(script);
  if (!first.startsWith('#!')) return ['bash', script];
  if (first.includes('\r')) {
    throw new LaconicError(`${script} has Windows line endings: no shell can run it`, {
      hint: `sed -i 's/\\r$//' ${script}`,
    });
  }
  const [, program = 'bash', argument] = /^#!\s*(\S+)(?:[ \t]+(.*?))?[ \t]*$/.exec(first) ?? [];
  return [program, ...(argument === undefined ? [] : [argument]), script];
}

async function firstLine(file: string): Promise<string> {
  const handle = await open(file, 'r').catch((error: unknown) => {
    throw new LaconicError(`cannot read ${file}: ${error instanceof Error ? error.message : String(error)}`, {
      cause: error,
    });
  });
  try {
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(256), 0, 256, 0);
    return buffer.subarray(0, bytesRead).toString('utf8').split('\n')[0] ?? '';
  } finally {
    await handle.close();
  }
}
