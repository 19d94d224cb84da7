import { InvalidFileError, type Problem } from '../system/errors.js';
import type { LoadedStack } from '../stack/load.js';
import { jobPath, podPath, readDeployedFiles } from './compose-files.js';
import { faultsOf, projectFiles } from './compose-project.js';
import { composeValues } from './compose-values.js';
import { type DeploymentFiles, filesOfTree, filesOnDisk } from './files.js';
import type { Generated } from './generate.js';
import type { DeploymentLayout } from './layout.js';
import { idOf } from './reported-warnings.js';
import type { GeneratedFile } from './tree.js';

/** What a deployment on Docker Compose is made from. */
interface Made extends LoadedStack {
  generated: Generated;
  spec: { imageOverrides: ReadonlyMap<string, string> };
}

/**
 * What is done about faults of the compose files before anything is written: new ones are refused, those that an
 * existing directory has already are warnings. Where create hooks may bring what is missing, nothing is refused yet but
 * what new values make of the files that are there.
 * @param fresh while there is no directory
 * @returns the warnings
 * @throws InvalidFileError for the others
 */
export async function refuseNewFaults(
  made: Made,
  layout: DeploymentLayout,
  fresh: boolean,
  env: NodeJS.ProcessEnv,
): Promise<Problem[]> {
  const { faults } = made.generated;
  if (faults.length === 0) return [];
  if (await hasHooks(made)) {
    // Hooks may mend what is wrong in files, as they did in those that are here; not what new values make of these.
    const added = fresh ? [] : await faultsOfValues(layout, made, made.generated.tree.files, env);
    if (added.length > 0) throw new InvalidFileError(asInStack(added, made));
    return fresh ? [] : faults;
  }
  const before = fresh ? [] : await readableFaults(layout, made, env);
  const added = before === undefined ? [] : without(faults, before);
  if (added.length > 0) throw new InvalidFileError(added);
  return faults;
}

/**
 * What Docker Compose would refuse in the compose files of a directory because of new values, and takes with those that
 * are there. Nothing where these files cannot be read at all.
 * @param files what is about to be written, `config.env` and `secrets.env` among it
 */
export async function faultsOfValues(
  layout: DeploymentLayout,
  made: Pick<Made, 'stack' | 'spec'>,
  files: readonly GeneratedFile[],
  env: NodeJS.ProcessEnv,
): Promise<Problem[]> {
  const values = files.filter(({ path }) => path === 'config.env' || path === 'secrets.env');
  const before = await readableFaults(layout, made, env);
  const then = before && (await readableFaults(layout, made, env, filesOfTree(layout.root, values)));
  return before && then ? without(then, before) : [];
}

function without(problems: readonly Problem[], known: readonly Problem[]): Problem[] {
  const ids = new Set(known.map(idOf));
  return problems.filter((problem) => !ids.has(idOf(problem)));
}

/**
 * Problems of the directory's files, in the words for the stack's where that has the same: these are the files to edit.
 */
function asInStack(problems: readonly Problem[], { generated }: Made): Problem[] {
  const inStack = new Map(generated.faults.map((problem) => [idOf(problem), problem]));
  return problems.map((problem) => inStack.get(idOf(problem)) ?? problem);
}

/**
 * Refuses a new directory that has faults after its create hooks.
 * @throws InvalidFileError that names the files of the stack where the hooks left them as they were
 */
export async function refuseFaultsAfterHooks(
  made: Made,
  layout: DeploymentLayout,
  env: NodeJS.ProcessEnv,
): Promise<void> {
  if (!(await hasHooks(made))) return;
  const faults = await faultsOfDirectory(layout, made, env);
  if (faults.length > 0) throw new InvalidFileError(asInStack(faults, made));
}

async function hasHooks({ assets }: LoadedStack): Promise<boolean> {
  return (await assets.hookSources()).length > 0;
}

/** {@link faultsOfDirectory}; undefined where the compose files there cannot be read at all. */
async function readableFaults(...directory: Parameters<typeof faultsOfDirectory>): Promise<Problem[] | undefined> {
  return faultsOfDirectory(...directory).catch((error: unknown) => {
    if (error instanceof InvalidFileError) return undefined;
    throw error;
  });
}

/**
 * The faults of a directory, as it stands unless `files` are given.
 * @throws InvalidFileError for a compose file that cannot be read at all
 */
async function faultsOfDirectory(
  { root }: DeploymentLayout,
  { stack, spec }: Pick<Made, 'stack' | 'spec'>,
  env: NodeJS.ProcessEnv,
  files: DeploymentFiles = filesOnDisk(root),
): Promise<Problem[]> {
  const paths = [...stack.pods.map(({ name }) => podPath(name)), ...stack.jobs.map(jobPath)];
  const read = await readDeployedFiles(root, paths);
  const values = await composeValues(read, files, env);
  const images = new Set(spec.imageOverrides.keys());
  return (await faultsOf(read, projectFiles(read, values, images), files)).problems;
}
