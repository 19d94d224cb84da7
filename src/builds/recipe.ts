import { access, constants } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { LaconicError } from '../system/errors.js';
import { kindOf } from '../system/files.js';

/** Where build folders are looked for. */
export interface BuildPlaces {
  /** Absolute directory of the stack. */
  stackDirectory: string;
  /** True when the stack is not one of ours: its repository may hold build folders. */
  external: boolean;
  /** Absolute directory of this program's package, which holds `containers/`. */
  packageDirectory: string;
  /** Absolute folder of the cloned repositories (`CERC_REPO_BASE_DIR`). */
  repositoryBase: string;
}

/** How one container is built: a command and the folder it runs in. */
export interface BuildRecipe {
  program: string;
  args: string[];
  folder: string;
}

const namePattern = /^[a-z0-9]+(?:[._-]+[a-z0-9]+)*(?:\/[a-z0-9]+(?:[._-]+[a-z0-9]+)*)+$/;

/** What is wrong with a container's name, or undefined: it must be `org/name` and usable in an image name (05, weakness 23). */
export function containerNameProblem(container: string): string | undefined {
  return namePattern.test(container)
    ? undefined
    : `container "${container}": must be org/name, in lower-case letters, digits and single . _ - between them`;
}

/** The image a build has to produce (05 §6.2). */
export function imageOf(container: string): string {
  return `${container}:local`;
}

/** The folder of a container's build files (05 §6.2): `cerc/test-container` → `cerc-test-container`. */
export function folderOf(container: string): string {
  return container.replaceAll('/', '-');
}

async function isExecutable(file: string): Promise<boolean> {
  return access(file, constants.X_OK).then(
    () => true,
    () => false,
  );
}

async function scriptIn(folder: string): Promise<BuildRecipe | undefined> {
  const script = join(folder, 'build.sh');
  if ((await kindOf(script)) !== 'file') return undefined;
  // Build scripts are bash by convention: one that lost its execute bit on the way is run all the same.
  if (await isExecutable(script)) return { program: script, args: [], folder };
  return { program: 'bash', args: [script], folder };
}

async function dockerfileIn(folder: string, container: string, toolFolder: string): Promise<BuildRecipe | undefined> {
  if ((await kindOf(join(folder, 'Dockerfile'))) !== 'file') return undefined;
  return { program: 'bash', args: [join(toolFolder, 'default-build.sh'), imageOf(container), folder], folder };
}

/**
 * Finds how to build a container. First match wins: `build.sh`, then a Dockerfile, in the external stack's
 * `container-build/`; `build.sh` of ours; the Dockerfile of the cloned repository of that name; a Dockerfile of ours
 * (05 §6.2 with weakness 18).
 * @throws LaconicError that lists the places searched when nothing is there
 */
export async function findRecipe(container: string, places: BuildPlaces): Promise<BuildRecipe> {
  const toolFolder = join(places.packageDirectory, 'containers');
  const own = join(toolFolder, folderOf(container));
  const repository = join(places.repositoryBase, container.split('/')[1] ?? '');
  const external = places.external
    ? join(dirname(dirname(places.stackDirectory)), 'container-build', folderOf(container))
    : undefined;
  const found =
    (external === undefined
      ? undefined
      : ((await scriptIn(external)) ?? (await dockerfileIn(external, container, toolFolder)))) ??
    (await scriptIn(own)) ??
    (await dockerfileIn(repository, container, toolFolder)) ??
    (await dockerfileIn(own, container, toolFolder));
  if (found) return found;
  const searched = [...(external === undefined ? [] : [external]), own, repository];
  throw new LaconicError(`no build files for container ${container}`, {
    hint: `looked for build.sh or a Dockerfile in: ${searched.join(', ')}`,
  });
}
