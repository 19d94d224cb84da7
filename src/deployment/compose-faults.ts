import { InvalidFileError, type Problem } from '../system/errors.js';
import type { LoadedStack } from '../stack/load.js';
import { jobPath, podPath, readDeployedFiles } from './compose-files.js';
import { faultsOf, projectFiles } from './compose-project.js';
import { composeValues } from './compose-values.js';
import { filesOnDisk } from './files.js';
import type { Generated } from './generate.js';
import type { DeploymentLayout } from './layout.js';
import { idOf } from './reported-warnings.js';

/** What a deployment on Docker Compose is made from. */
interface Made extends LoadedStack {
  generated: Generated;
  spec: { imageOverrides: ReadonlyMap<string, string> };
}

/**
 * What is done about faults of the compose files before anything is written: new ones are refused, those that an
 * existing directory has already are warnings. Where create hooks may bring what is missing, nothing is refused yet.
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
  if (await hasHooks(made)) return fresh ? [] : faults;
  const before = fresh ? [] : await readableFaults(layout, made, env);
  const known = before && new Set(before.map(idOf));
  const added = faults.filter((problem) => known?.has(idOf(problem)) === false);
  if (added.length > 0) throw new InvalidFileError(added);
  return faults;
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
  const inStack = new Map(made.generated.faults.map((problem) => [idOf(problem), problem]));
  const faults = await faultsOfDirectory(layout, made, env);
  if (faults.length > 0) throw new InvalidFileError(faults.map((problem) => inStack.get(idOf(problem)) ?? problem));
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

/** The faults of a directory as it stands. @throws InvalidFileError for a compose file that cannot be read at all */
async function faultsOfDirectory(
  { root }: DeploymentLayout,
  { stack, spec }: Made,
  env: NodeJS.ProcessEnv,
): Promise<Problem[]> {
  const paths = [...stack.pods.map(({ name }) => podPath(name)), ...stack.jobs.map(jobPath)];
  const read = await readDeployedFiles(root, paths);
  const files = filesOnDisk(root);
  const values = await composeValues(read, files, env);
  const images = new Set(spec.imageOverrides.keys());
  return (await faultsOf(projectFiles(read, values, images), files)).problems;
}
