import { composeLabels, type ProjectContainer, removeContainer } from '../../../engine/containers.js';
import { removeVolume } from '../../../engine/volumes.js';
import { LaconicError } from '../../../system/errors.js';
import { didYouMean } from '../../../system/suggest.js';
import type { StopOptions } from '../../deployer.js';
import type { StopPlan, StopTools } from './plan.js';

/**
 * Ends running jobs.
 * @throws LaconicError as {@link requireNoJob}
 */
export async function endJobs(
  containers: readonly ProjectContainer[],
  { force, timeout }: Pick<StopOptions, 'force' | 'timeout'>,
  { engine, context }: StopTools,
): Promise<void> {
  const jobs = requireNoJob(containers, force);
  if (jobs.length === 0) return;
  context.report.info(`ending the running job ${jobs.map(({ name }) => name).join(', ')}`);
  await Promise.all(jobs.map((job) => removeContainer(engine, job.id, timeout)));
}

/**
 * Returns the running jobs.
 * @throws LaconicError if there are any, unless `force` is set
 */
export function requireNoJob(containers: readonly ProjectContainer[], force: boolean): readonly ProjectContainer[] {
  const jobs = containers.filter((one) => one.oneOff && (one.state === 'running' || one.state === 'restarting'));
  if (jobs.length === 0 || force) return jobs;
  throw new LaconicError(`a job of this deployment is running: ${jobs.map(({ name }) => name).join(', ')}`, {
    hint: 'wait until it has ended, or stop it too with --force',
  });
}

/**
 * Selects the containers of these services; all if none is named.
 * @throws LaconicError for a service without a container
 */
export function selectContainers(
  containers: readonly ProjectContainer[],
  services: readonly string[],
): readonly ProjectContainer[] {
  if (services.length === 0) return containers;
  const known = [...new Set(containers.map(({ service }) => service))].sort();
  const unknown = services.filter((service) => !known.includes(service));
  if (unknown.length > 0) {
    const lines = unknown.map((name) => `service ${name} has no container${didYouMean(name, known)}`);
    const hint =
      known.length === 0 ? 'nothing of this deployment has one' : `services with containers: ${known.join(', ')}`;
    throw new LaconicError(lines.join('\n'), { hint });
  }
  return containers.filter(({ service }) => services.includes(service));
}

/**
 * Stops and removes containers in Compose's order, according to their labels: first those that no other one depends on.
 */
export async function removeInOrder(
  containers: readonly ProjectContainer[],
  timeout: number | undefined,
  { engine, context }: StopTools,
): Promise<void> {
  for (const wave of stopOrder(containers)) {
    await Promise.all(
      wave.map(async ({ id, name, service, oneOff }) => {
        const subject = oneOff ? name : service;
        context.report.progress(subject, 'stopping');
        await removeContainer(engine, id, timeout);
        context.report.progress(subject, 'removed', 'done');
      }),
    );
  }
}

/** Groups containers to be stopped one group after the other. Circular dependencies are one group. */
export function stopOrder<T extends Pick<ProjectContainer, 'service' | 'labels'>>(containers: readonly T[]): T[][] {
  const waves: T[][] = [];
  let left = [...containers];
  while (left.length > 0) {
    const needed = new Set(
      left.flatMap(({ labels, service }) => dependencies(labels).filter((one) => one !== service)),
    );
    const free = left.filter(({ service }) => !needed.has(service));
    const wave = free.length > 0 ? free : left;
    waves.push(wave);
    left = left.filter((one) => !wave.includes(one));
  }
  return waves;
}

/** Parses `db:service_healthy:false,cache:service_started:false`. */
function dependencies(labels: Readonly<Record<string, string>>): string[] {
  const text = labels[composeLabels.dependsOn] ?? '';
  return text
    .split(',')
    .map((one) => one.split(':')[0] ?? '')
    .filter((name) => name !== '');
}

/** Deletes volumes of the engine, and reports those deleted and kept. Host directories behind them are kept. */
export async function deleteVolumes(
  { deletedVolumes, keptVolumes }: Pick<StopPlan, 'deletedVolumes' | 'keptVolumes'>,
  { engine, context }: StopTools,
): Promise<void> {
  for (const name of keptVolumes) context.report.warn(`kept: ${keptVolumeText(name)}`);
  for (const name of deletedVolumes) {
    await removeVolume(engine, name);
    context.report.info(`deleted: volume ${name}`);
  }
}

/** Which volume of a project is kept although volumes are deleted, why, and how to delete it. */
export function keptVolumeText(name: string): string {
  return `volume ${name}: this deployment neither declares nor created it (docker volume rm ${name} deletes it)`;
}
