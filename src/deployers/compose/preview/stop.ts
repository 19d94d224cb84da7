import { listProjectContainers } from '../../../engine/containers.js';
import { listProjectNetworks } from '../../../engine/networks.js';
import type { EngineVolume } from '../../../engine/volumes.js';
import { commandLine } from '../../../system/process/process.js';
import type { StopOptions } from '../../deployer.js';
import { callArguments } from '../cli/compose-cli.js';
import { ifReadable } from './start.js';
import { subjectText } from './text.js';
import type { ComposeProject } from '../cli/project.js';
import { listServices, unknownServices } from '../cli/services.js';
import { declaredVolumes, refuseVolumesOfServices, stopCalls, type StopDeps, warnOfLabels } from '../stop/stop.js';
import { keptVolumeText, requireNoJob, selectContainers } from '../stop/stop-by-labels.js';
import { planStop, readStopPlan, type StopPlan } from '../stop/plan.js';

/** What a stop of a project would do. */
export interface StopPreview {
  readonly project: ComposeProject;
  readonly options: StopOptions;
  /** Why the engine could not be asked; absent: it answers. */
  readonly silence?: string | undefined;
  /** From what exists; if the engine is silent, from the volumes that may exist. */
  readonly plan: StopPlan;
  /** Names of the networks to be removed. */
  readonly networks: readonly string[];
  /** Arguments of `docker` for each call. */
  readonly commands: readonly (readonly string[])[];
}

/**
 * Determines what {@link stopProject} would do now, with the same code. Read-only.
 * @throws LaconicError for what the stop would refuse as well
 */
export async function previewStop(
  project: ComposeProject,
  options: StopOptions,
  deps: StopDeps & { silence?: string | undefined },
): Promise<StopPreview> {
  refuseVolumesOfServices(options);
  const { context, engine, problem, silence, deployment } = deps;
  const commands = problem === undefined ? stopCalls(project, options).map((args) => callArguments(project, args)) : [];
  if (problem !== undefined) warnOfLabels(problem, context);
  if (silence !== undefined) {
    const volumes = problem === undefined ? await knownVolumes(project, options, deps) : [];
    const plan = planStop({ options, containers: [], volumes, declared: volumes, deployment });
    return { project, options, silence, plan, networks: [], commands };
  }
  const all = await listProjectContainers(engine, project.name);
  requireNoJob(all, options.force);
  const containers = options.services.length > 0 ? all.filter(({ oneOff }) => !oneOff) : all;
  if (problem !== undefined) selectContainers(containers, options.services);
  const services = problem === undefined ? await stoppedServices(project, options, deps) : options.services;
  const declared = problem === undefined ? await declaredVolumes(project, options, context) : [];
  const whole = services.length === 0;
  const input = { options, containers, declared, deployment, ...(whole ? {} : { services: new Set(services) }) };
  const plan = await readStopPlan(project.name, input, deps);
  const everything = options.services.length === 0 && plan.removed.length === containers.length;
  const networks = everything ? (await listProjectNetworks(engine, project.name)).map(({ name }) => name) : [];
  return { project, options, plan, networks, commands };
}

/** The volumes that the files, if readable, declare, and those that a start recorded. */
async function knownVolumes(project: ComposeProject, options: StopOptions, deps: StopDeps): Promise<EngineVolume[]> {
  const declared = (await ifReadable(declaredVolumes(project, options, deps.context), deps.context)) ?? [];
  const recorded = deps.deployment?.record?.volumes ?? [];
  const names = new Set([...declared.map(({ name }) => name), ...recorded]);
  const optionsOf = (wanted: string) => declared.find(({ name }) => name === wanted)?.options ?? {};
  return [...names].sort().map((name) => ({ name, driver: '', labels: {}, options: optionsOf(name) }));
}

/** The services whose containers are removed; empty: all containers of the project. */
async function stoppedServices(
  project: ComposeProject,
  { services: named }: StopOptions,
  { removeOrphans, context }: StopDeps,
): Promise<readonly string[]> {
  if (named.length === 0 && removeOrphans) return [];
  const services = await listServices(project, context);
  const unknown = named.filter((name) => !services.includes(name));
  if (unknown.length > 0) throw unknownServices(unknown, services);
  return named.length > 0 ? named : services;
}

/** Describes what a stop would do. */
export function stopPreviewLines({ project, options, silence, plan, networks, commands }: StopPreview): string[] {
  const more = [options.deleteVolumes ? 'delete its volumes' : '', options.deleteData ? 'delete its data' : ''];
  return [
    [`would stop ${subjectText(options.services, project)}`, ...more.filter(Boolean)].join(', '),
    ...(silence === undefined ? [] : [`  from the files alone: ${silence}`]),
    ...planLines(plan, networks, silence === undefined).map((line) => `  ${line}`),
    ...commands.map((words) => `would run ${commandLine('docker', words)}`),
  ];
}

function planLines(plan: StopPlan, networks: readonly string[], answered: boolean): string[] {
  const { removed, deletedVolumes, keptVolumes, directories } = plan;
  if (answered && removed.length + networks.length + deletedVolumes.length === 0) return ['nothing is running'];
  return [
    ...removed.map(({ name, state }) => `remove container ${name} (${state})`),
    ...networks.map((name) => `remove network ${name}`),
    ...deletedVolumes.map((name) => `delete volume ${name}${answered ? '' : ', if it is there'}`),
    ...keptVolumes.map((name) => `keep ${keptVolumeText(name)}`),
    ...directories.map((path) => `keep ${path}`),
  ];
}
