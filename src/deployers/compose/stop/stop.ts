import { listProjectContainers, type ProjectContainer } from '../../../engine/containers.js';
import { removeProjectNetworks } from '../../../engine/networks.js';
import type { Context } from '../../../system/context.js';
import { CommandFailedError, InvalidFileError, type LaconicError, UsageError } from '../../../system/errors.js';
import type { StopOptions } from '../../deployer.js';
import { composeOrFail } from '../cli/compose-cli.js';
import type { ComposeLine } from '../cli/compose-progress.js';
import { loadModel, type ProjectVolume } from '../cli/project-model.js';
import type { ComposeProject } from '../cli/project.js';
import { explainUnknownService } from '../cli/services.js';
import type { StartedRecord } from '../project/start-record.js';
import { deleteVolumes, endJobs, removeInOrder, selectContainers } from './stop-by-labels.js';
import { readStopPlan, type StopTools } from './plan.js';

export interface StopDeps extends StopTools {
  /**
   * Whether to remove containers that are not in the compose files. False if the files are a selection of the
   * project's.
   */
  removeOrphans: boolean;
  /** Why the project's files cannot be used; see deploymentProject. */
  problem?: LaconicError;
  /** What the deployment's starts recorded, and its directory; absent for a stack that runs in place. */
  deployment?: { record: StartedRecord | undefined; root: string };
}

/**
 * Stops a Compose project: `down`, or `stop` and `rm` for named services. Refuses while a job runs; with `force` the
 * job is ended. Stopping what is stopped is not an error. If Compose can no longer read a deployment's files, the
 * labels of the containers are used.
 * @throws LaconicError; InterruptedError
 */
export async function stopProject(project: ComposeProject, options: StopOptions, deps: StopDeps): Promise<void> {
  refuseVolumesOfServices(options);
  const { context, engine, problem } = deps;
  const containers = await listProjectContainers(engine, project.name);
  const nothing = !containers.some((one) => concerns(one, options));
  const named = options.services.length > 0;
  if (nothing && !named) context.report.info(nothingRan(project, options));
  await endJobs(containers, options, deps);
  const kept = await (problem === undefined
    ? stopByFiles(project, containers, options, deps).catch(async (error: unknown) => {
        const why = deps.removeOrphans ? await problemOfFiles(error, project, context) : undefined;
        if (why === undefined) throw error;
        return stopByLabels(project, why, options, deps);
      })
    : stopByLabels(project, problem, options, deps));
  context.report.endProgress();
  // At this point it is known whether services with these names exist.
  if (nothing && named) context.report.info(nothingRan(project, options));
  for (const directory of kept) context.report.info(`kept: ${directory}`);
}

/** @throws UsageError for named services together with an option that deletes data of the whole deployment */
export function refuseVolumesOfServices({ services, deleteVolumes: volumes, deleteData }: StopOptions): void {
  if (services.length > 0 && (volumes || deleteData)) {
    throw new UsageError('volumes belong to the whole deployment: a --delete option cannot be combined with services');
  }
}

function concerns({ service }: ProjectContainer, { services }: StopOptions): boolean {
  return services.length === 0 || services.includes(service);
}

function nothingRan({ name }: ComposeProject, { services }: StopOptions): string {
  const of = services.length === 0 ? '' : ` of ${services.join(', ')}`;
  return `nothing was running: project ${name} has no container${of}`;
}

/** Arguments of each call of Compose that stops a project, or some of its services. */
export function stopCalls(project: ComposeProject, { services, timeout: seconds }: StopOptions): string[][] {
  const timeout = seconds === undefined ? [] : ['--timeout', String(seconds)];
  if (services.length > 0) {
    return [
      ['stop', ...timeout, ...services],
      ['rm', '--force', ...services],
    ];
  }
  return project.files.length === 0 ? [] : [['down', ...timeout]];
}

/** @returns host directories of the project's volumes, which are kept */
async function stopByFiles(
  project: ComposeProject,
  containers: readonly ProjectContainer[],
  options: StopOptions,
  deps: StopDeps,
): Promise<readonly string[]> {
  const { context } = deps;
  const call = async (args: readonly string[]): Promise<void> => {
    const onLine = (line: ComposeLine): void => showStopStep(line, containers, context);
    await composeOrFail(`docker compose ${args[0] ?? ''} failed`, project, args, context, { onLine });
  };
  const [first = [], ...others] = stopCalls(project, options);
  if (options.services.length > 0) {
    await call(first).catch(async (error: unknown) => {
      throw await explainUnknownService(error, options.services, project, context);
    });
    for (const args of others) await call(args);
    return [];
  }
  const declared = await declaredVolumes(project, options, context);
  const plan = await readStopPlan(project.name, { options, containers, declared, deployment: deps.deployment }, deps);
  if (first.length > 0) await call(first);
  if (deps.removeOrphans || project.files.length === 0) await removeLeftovers(project, options, deps);
  await deleteVolumes(plan, deps);
  return plan.directories;
}

/** The volumes that the project's files declare, including those of jobs; empty unless the options concern them. */
export async function declaredVolumes(
  project: ComposeProject,
  { deleteVolumes: asked, deleteData }: StopOptions,
  context: Context,
): Promise<ProjectVolume[]> {
  if (!asked && !deleteData) return [];
  const sets = [project.files, ...[...project.jobFiles.values()].map((file) => [file])];
  const models = sets.filter((files) => files.length > 0).map((files) => loadModel({ ...project, files }, [], context));
  return (await Promise.all(models)).flatMap(({ volumes }) => volumes);
}

/** The problem with the project's files, if Compose failed because of it. */
async function problemOfFiles(
  error: unknown,
  project: ComposeProject,
  context: Context,
): Promise<LaconicError | undefined> {
  if (error instanceof InvalidFileError) return error;
  if (!(error instanceof CommandFailedError)) return undefined;
  return composeOrFail('docker compose cannot read the files', project, ['config', '--quiet'], context).then(
    () => undefined,
    (reason: unknown) => {
      if (reason instanceof InvalidFileError || reason instanceof CommandFailedError) return reason;
      throw reason;
    },
  );
}

/** @param why the problem with the files */
export function warnOfLabels(why: LaconicError, { report }: Context): void {
  report.warn(`the files of this deployment cannot be used; its containers are found by their labels: ${why.message}`);
}

/** @returns host directories of existing volumes, which are kept */
async function stopByLabels(
  project: ComposeProject,
  why: LaconicError,
  options: StopOptions,
  deps: StopDeps,
): Promise<readonly string[]> {
  const { context, engine } = deps;
  warnOfLabels(why, context);
  const containers = await listProjectContainers(engine, project.name);
  await removeInOrder(selectContainers(containers, options.services), options.timeout, deps);
  if (options.services.length > 0) return [];
  const known = { options, containers, declared: [], deployment: deps.deployment };
  const plan = await readStopPlan(project.name, known, deps);
  await removeProjectNetworks(engine, project.name);
  await deleteVolumes(plan, deps);
  return plan.directories;
}

function showStopStep(line: ComposeLine, containers: readonly ProjectContainer[], { report }: Context): void {
  if (line.kind !== 'step') return;
  const service = containers.find((one) => one.name === line.name)?.service;
  if (line.subject !== 'Container' || service === undefined)
    report.verbose(`${line.subject} ${line.name} ${line.state}`);
  else report.progress(service, line.state.toLowerCase(), line.state === 'Removed' ? 'done' : 'working');
}

/**
 * Removes what `down` does not know: containers of services that left the compose files or belong to a job, and
 * everything of a project without compose files. Only then are their networks unused.
 */
async function removeLeftovers(project: ComposeProject, { timeout }: StopOptions, deps: StopDeps): Promise<void> {
  const left = await listProjectContainers(deps.engine, project.name);
  await removeInOrder(left, timeout, deps);
  if (left.length > 0 || project.files.length === 0) await removeProjectNetworks(deps.engine, project.name);
}
