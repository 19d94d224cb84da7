import { resolve } from 'node:path';
import { listProjectContainers, type ProjectContainer } from '../../engine/containers.js';
import { removeProjectNetworks } from '../../engine/networks.js';
import { type EngineVolume, hostDirectory, listProjectVolumes } from '../../engine/volumes.js';
import type { Context } from '../../system/context.js';
import { CommandFailedError, InvalidFileError, type LaconicError, UsageError } from '../../system/errors.js';
import type { StopOptions } from '../deployer.js';
import { composeOrFail } from './compose-cli.js';
import type { ComposeLine } from './compose-progress.js';
import { loadModel, type VolumeModel } from './model.js';
import type { ComposeProject } from './project.js';
import { explainUnknownService } from './services.js';
import type { StartedRecord } from './started.js';
import { deleteVolumes, endJobs, removeInOrder, selectContainers, type StopTools } from './stop-labelled.js';
import { hostDirectories } from './volumes.js';
import { isBelow } from '../../system/path-names.js';

export interface StopDeps extends StopTools {
  /** Containers that the compose files do not name go too. False where the files are a selection of the project's. */
  removeOrphans: boolean;
  /** Why the project's files cannot be used at all; see deploymentProject. */
  problem?: LaconicError;
  /** What the deployment's starts recorded, and its directory; absent for a stack that runs in place. */
  deployment?: { record: StartedRecord | undefined; root: string };
}

export interface Stopped {
  /** Host directories of the deployment's bind volumes: kept, whatever was deleted (decision 17). */
  hostDirectories: readonly string[];
}

/**
 * Ends a Compose project (02 §7.2, decisions 14 and 17): `down`, or `stop` and `rm` of the named services only. Refuses while a job runs,
 * unless forced, which ends the job. Stopping what is stopped is no error. Where Compose cannot read the files of a deployment any more,
 * the containers' labels must do.
 * @returns the host directories of its volumes, when volumes or data are to be deleted
 */
export async function stopProject(project: ComposeProject, options: StopOptions, deps: StopDeps): Promise<Stopped> {
  if (options.services.length > 0 && (options.deleteVolumes || options.deleteData)) {
    throw new UsageError('volumes belong to the whole deployment: name no services together with a --delete option');
  }
  const { context, engine, problem } = deps;
  const containers = await listProjectContainers(engine, project.name);
  if (!containers.some((one) => concerns(one, options))) context.report.info(nothingRan(project, options));
  await endJobs(containers, options, deps);
  const directories = await (problem === undefined
    ? stopByFiles(project, containers, options, deps).catch(async (error: unknown) => {
        const why = deps.removeOrphans ? await problemOfFiles(error, project, context) : undefined;
        if (why === undefined) throw error;
        return stopByLabels(project, why, options, deps);
      })
    : stopByLabels(project, problem, options, deps));
  context.report.endProgress();
  if (!options.deleteData) {
    for (const directory of directories) context.report.info(`kept: ${directory}`);
  }
  return { hostDirectories: directories };
}

function concerns({ service }: ProjectContainer, { services }: StopOptions): boolean {
  return services.length === 0 || services.includes(service);
}

function nothingRan({ name }: ComposeProject, { services }: StopOptions): string {
  const of = services.length === 0 ? '' : ` of ${services.join(', ')}`;
  return `nothing was running: project ${name} has no container${of}`;
}

/** @returns host directories, as stopProject */
async function stopByFiles(
  project: ComposeProject,
  containers: readonly ProjectContainer[],
  options: StopOptions,
  deps: StopDeps,
): Promise<string[]> {
  const { context } = deps;
  const timeout = options.timeout === undefined ? [] : ['--timeout', String(options.timeout)];
  const call = async (args: readonly string[]): Promise<void> => {
    const onLine = (line: ComposeLine): void => showStopStep(line, containers, context);
    await composeOrFail(`docker compose ${args[0] ?? ''} failed`, project, args, context, { onLine });
  };
  if (options.services.length > 0) {
    await call(['stop', ...timeout, ...options.services]).catch(async (error: unknown) => {
      throw await explainUnknownService(error, options.services, project, context);
    });
    await call(['rm', '--force', ...options.services]);
    return [];
  }
  const wanted = asksForDirectories(options) ? await declaredVolumes(project, context) : [];
  const directories = await findDirectories(project, wanted, options, deps);
  if (project.files.length > 0) await call(['down', ...timeout]);
  if (deps.removeOrphans || project.files.length === 0) await removeLeftovers(project, options, deps);
  if (options.deleteVolumes) await deleteVolumes(project.name, ownVolumes(wanted, deps), deps);
  return directories;
}

/** The volumes that the project's files declare, those of jobs too. */
async function declaredVolumes(project: ComposeProject, context: Context): Promise<VolumeModel[]> {
  const sets = [project.files, ...[...project.jobFiles.values()].map((file) => [file])];
  const models = sets.filter((files) => files.length > 0).map((files) => loadModel({ ...project, files }, [], context));
  return (await Promise.all(models)).flatMap(({ volumes }) => volumes);
}

/** Which volumes of the project are the deployment's: declared, recorded by a start, or in its own directory. */
function ownVolumes(declared: readonly VolumeModel[], { deployment }: StopDeps): (volume: EngineVolume) => boolean {
  const names = new Set([...declared.map(({ name }) => name), ...(deployment?.record?.volumes ?? [])]);
  return (volume) => {
    const directory = hostDirectory(volume);
    const inside = deployment !== undefined && directory !== undefined && isBelow(resolve(directory), deployment.root);
    return names.has(volume.name) || inside;
  };
}

/** What is wrong with the project's files, if that is why Compose failed. */
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

/** @returns host directories, as stopProject: those of volumes that exist */
async function stopByLabels(
  project: ComposeProject,
  why: LaconicError,
  options: StopOptions,
  deps: StopDeps,
): Promise<string[]> {
  const { context, engine } = deps;
  context.report.warn(
    `the files of this deployment cannot be used; its containers are known by their labels: ${why.message}`,
  );
  const containers = await listProjectContainers(engine, project.name);
  await removeInOrder(selectContainers(containers, options.services), options.timeout, deps);
  if (options.services.length > 0) return [];
  const directories = await findDirectories(project, [], options, deps);
  await removeProjectNetworks(engine, project.name);
  if (options.deleteVolumes) await deleteVolumes(project.name, ownVolumes([], deps), deps);
  return directories;
}

function showStopStep(line: ComposeLine, containers: readonly ProjectContainer[], { report }: Context): void {
  if (line.kind !== 'step') return;
  const service = containers.find((one) => one.name === line.name)?.service;
  if (line.subject !== 'Container' || service === undefined)
    report.verbose(`${line.subject} ${line.name} ${line.state}`);
  else report.progress(service, line.state.toLowerCase(), line.state === 'Removed' ? 'done' : 'working');
}

/**
 * What `down` does not know: containers of services that left the compose files or belong to a job, and everything of a
 * project without compose files. Their networks are free only then.
 */
async function removeLeftovers(project: ComposeProject, { timeout }: StopOptions, deps: StopDeps): Promise<void> {
  const left = await listProjectContainers(deps.engine, project.name);
  await removeInOrder(left, timeout, deps);
  if (left.length > 0 || project.files.length === 0) await removeProjectNetworks(deps.engine, project.name);
}

function asksForDirectories({ deleteVolumes: volumes, deleteData }: StopOptions): boolean {
  return volumes || deleteData;
}

async function findDirectories(
  project: ComposeProject,
  wanted: readonly VolumeModel[],
  options: StopOptions,
  { engine }: StopDeps,
): Promise<string[]> {
  if (!asksForDirectories(options)) return [];
  return hostDirectories(await listProjectVolumes(engine, project.name), wanted);
}
