import { InvalidFileError, type Problem } from '../../system/errors.js';
import type { LoadedStack } from '../../stack/load.js';
import { jobPath, podPath, readDeployedFiles } from '../compose/compose-files.js';
import { faultsOf, projectFiles } from '../compose/compose-project.js';
import { composeValues, setByCompose } from '../compose/compose-values.js';
import { type DeploymentFiles, filesOfTree, filesOnDisk } from '../directory/files.js';
import type { Generated } from './generate.js';
import type { DeploymentLayout } from '../directory/layout.js';
import { idOf } from '../checks/reported-warnings.js';
import type { GeneratedFile } from '../directory/tree.js';

/** The sources of a deployment on Docker Compose. */
interface Made extends LoadedStack {
  generated: Generated;
  spec: { imageOverrides: ReadonlyMap<string, string> };
}

/**
 * Handles faults of the compose files before anything is written: new faults are refused, those of an existing
 * directory are warnings. If create hooks may still fix them, only faults that new values cause in existing files are
 * refused.
 * @param fresh whether the directory does not exist yet
 * @returns the warnings
 * @throws InvalidFileError for new faults
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
    // Hooks may fix faults in files, as they may have done in the existing ones, but not what new values break in
    // these.
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
 * Finds what Docker Compose would refuse in the existing compose files of a directory only because of new values. Empty
 * if these files cannot be read at all.
 * @param files the files about to be written, including `config.env` and `secrets.env`
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

/** Replaces problems in the directory's files by the same problems in the stack's files, which are the ones to edit. */
function asInStack(problems: readonly Problem[], { generated }: Made): Problem[] {
  const inStack = new Map(generated.faults.map((problem) => [idOf(problem), problem]));
  return problems.map((problem) => inStack.get(idOf(problem)) ?? problem);
}

/**
 * Refuses a new directory with faults after its create hooks.
 * @throws InvalidFileError that names the files of the stack, except where hooks changed them
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

/** {@link faultsOfDirectory}, but undefined if its compose files cannot be read at all. */
async function readableFaults(...directory: Parameters<typeof faultsOfDirectory>): Promise<Problem[] | undefined> {
  return faultsOfDirectory(...directory).catch((error: unknown) => {
    if (error instanceof InvalidFileError) return undefined;
    throw error;
  });
}

/**
 * Finds the faults of a directory as it is on disk, or with `files`.
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
  const values = await composeValues(files, { ...setByCompose, ...env }, read.variables);
  const images = new Set(spec.imageOverrides.keys());
  return (await faultsOf(read, projectFiles(read, values, images), files)).problems;
}
