import type { Engine } from '../../engine/connect.js';
import { composeLabels, type ProjectContainer, removeContainer } from '../../engine/containers.js';
import { type EngineVolume, listProjectVolumes, removeVolume } from '../../engine/volumes.js';
import type { Context } from '../../system/context.js';
import { LaconicError } from '../../system/errors.js';
import { didYouMean } from '../../system/suggest.js';
import type { StopOptions } from '../deployer.js';

/** What stopping needs: the engine, and how it speaks. */
export interface StopTools {
  context: Context;
  engine: Engine;
}

/** Refuses while a job runs (decision 14), unless forced, which ends it. */
export async function endJobs(
  containers: readonly ProjectContainer[],
  { force, timeout }: Pick<StopOptions, 'force' | 'timeout'>,
  { engine, context }: StopTools,
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

/** The containers of these services; all of them when none is named. @throws LaconicError for a service that has none */
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

/** Stops and removes containers in Compose's order, by their labels: first those on which none of the others depends. */
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

/** Containers in groups to be stopped one after the other. What depends on each other in a circle is one group. Pure. */
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

/** `db:service_healthy:false,cache:service_started:false`. */
function dependencies(labels: Readonly<Record<string, string>>): string[] {
  const text = labels[composeLabels.dependsOn] ?? '';
  return text
    .split(',')
    .map((one) => one.split(':')[0] ?? '')
    .filter((name) => name !== '');
}

/**
 * Deletes those of the engine's volumes of a project that are the deployment's own, and says which, and which it kept.
 * Host directories behind them stay.
 */
export async function deleteVolumes(
  project: string,
  isOwn: (volume: EngineVolume) => boolean,
  { engine, context }: StopTools,
): Promise<void> {
  for (const volume of await listProjectVolumes(engine, project)) {
    if (!isOwn(volume)) {
      context.report.warn(
        `kept: volume ${volume.name}: this deployment neither declares it nor made it (docker volume rm ${volume.name} deletes it)`,
      );
      continue;
    }
    await removeVolume(engine, volume.name);
    context.report.info(`deleted: volume ${volume.name}`);
  }
}
