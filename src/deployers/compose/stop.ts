import type { Engine } from '../../engine/connect.js';
import { listProjectContainers, removeContainer, type ProjectContainer } from '../../engine/containers.js';
import { removeProjectNetworks } from '../../engine/networks.js';
import { listProjectVolumes, removeVolume } from '../../engine/volumes.js';
import type { Context } from '../../system/context.js';
import { LaconicError, UsageError } from '../../system/errors.js';
import type { StopOptions } from '../deployer.js';
import { composeOrFail } from './compose-cli.js';
import type { ComposeLine } from './compose-progress.js';
import { loadModel } from './model.js';
import type { ComposeProject } from './project.js';
import { explainUnknownService } from './services.js';
import { hostDirectories } from './volumes.js';

export interface StopDeps {
  context: Context;
  engine: Engine;
  /** Containers that the compose files do not name go too. False where the files are a selection of the project's. */
  removeOrphans: boolean;
}

export interface Stopped {
  /** Host directories of the deployment's bind volumes: kept, whatever was deleted (decision 17). */
  hostDirectories: readonly string[];
}

/**
 * Ends a Compose project (02 §7.2, decisions 14 and 17): `down`, or `stop` and `rm` of the named services only. Refuses while a job runs,
 * unless forced, which ends the job. Stopping what is stopped is no error.
 * @returns the host directories of its volumes, when volumes or data are to be deleted
 */
export async function stopProject(project: ComposeProject, options: StopOptions, deps: StopDeps): Promise<Stopped> {
  if (options.services.length > 0 && (options.deleteVolumes || options.deleteData)) {
    throw new UsageError('volumes belong to the whole deployment: name no services together with a --delete option');
  }
  const { context, engine } = deps;
  const containers = await listProjectContainers(engine, project.name);
  if (!containers.some((one) => concerns(one, options))) context.report.info(nothingRan(project, options));
  await endJobs(containers, options, deps);
  const timeout = options.timeout === undefined ? [] : ['--timeout', String(options.timeout)];
  const call = async (args: readonly string[]): Promise<void> => {
    const onLine = (line: ComposeLine): void => showStopStep(line, containers, context);
    await composeOrFail(`docker compose ${args[0] ?? ''} failed`, project, args, context, { onLine });
  };
  if (options.services.length > 0) {
    await call(['stop', ...timeout, ...options.services]).catch(async (error: unknown) => {
      throw await explainUnknownService(error, options.services, project, context.signal);
    });
    await call(['rm', '--force', ...options.services]);
    context.report.endProgress();
    return { hostDirectories: [] };
  }
  const directories = options.deleteVolumes || options.deleteData ? await findDirectories(project, deps) : [];
  if (project.files.length > 0) await call(['down', ...timeout]);
  if (deps.removeOrphans || project.files.length === 0) await removeLeftovers(project, options, deps);
  if (options.deleteVolumes) await deleteVolumes(project, deps);
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

async function endJobs(
  containers: readonly ProjectContainer[],
  { force, timeout }: StopOptions,
  { engine, context }: StopDeps,
): Promise<void> {
  const jobs = containers.filter((one) => one.oneOff && (one.state === 'running' || one.state === 'restarting'));
  if (jobs.length === 0) return;
  const names = jobs.map((job) => job.name).join(', ');
  if (!force) {
    throw new LaconicError(`a job of this deployment is running: ${names}`, {
      hint: 'wait until it has ended, or stop it too with --force',
    });
  }
  context.report.info(`ending the running job ${names}`);
  await Promise.all(jobs.map((job) => removeContainer(engine, job.id, timeout)));
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
async function removeLeftovers(
  project: ComposeProject,
  { timeout }: StopOptions,
  { engine, context }: StopDeps,
): Promise<void> {
  const left = await listProjectContainers(engine, project.name);
  await Promise.all(
    left.map(async (container) => {
      context.report.verbose(`removing ${container.name}`);
      await removeContainer(engine, container.id, timeout);
    }),
  );
  if (left.length > 0 || project.files.length === 0) await removeProjectNetworks(engine, project.name);
}

async function findDirectories(project: ComposeProject, { engine, context }: StopDeps): Promise<string[]> {
  const existing = await listProjectVolumes(engine, project.name);
  const wanted = project.files.length === 0 ? [] : (await loadModel(project, [], context)).volumes;
  return hostDirectories(existing, wanted);
}

async function deleteVolumes(project: ComposeProject, { engine, context }: StopDeps): Promise<void> {
  for (const { name } of await listProjectVolumes(engine, project.name)) {
    await removeVolume(engine, name);
    context.report.info(`deleted: volume ${name}`);
  }
}
