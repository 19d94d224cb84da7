import { realpath } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { layoutOf } from '../../../deployment/directory/layout.js';
import { connectEngine } from '../../../engine/connect.js';
import {
  composeLabels,
  listContainersFrom,
  listProjectContainers,
  type ProjectContainer,
} from '../../../engine/containers.js';
import { removeProjectNetworks } from '../../../engine/networks.js';
import { whySilent } from '../../../engine/silence.js';
import { hostDirectory, listAllVolumes, listProjectVolumes, removeVolume } from '../../../engine/volumes.js';
import type { Context } from '../../../system/context.js';
import { isExplained, LaconicError } from '../../../system/errors.js';
import { kindOf } from '../../../system/files/files.js';
import type { StopOptions } from '../../deployer.js';
import { deleteVolumes, endJobs, removeInOrder, requireNoJob, selectContainers } from './stop-by-labels.js';
import type { StopTools } from './plan.js';
import { refuseVolumesOfServices } from './stop.js';
import { hostDirectories } from '../resources/volumes.js';
import { isBelow } from '../../../system/files/path-names.js';

/**
 * `stop` of a deployment whose directory, or at least its deployment.yml, is gone: its containers are found by the
 * label in which Compose stores the directory of the files. Data directories are kept, and so are volumes unless they
 * are to be deleted.
 * @param directory as typed
 * @returns false if this does not apply: the directory exists, or the engine has nothing from it
 * @throws LaconicError; InterruptedError
 */
export async function stopRemains(directory: string, options: StopOptions, context: Context): Promise<boolean> {
  const root = resolve(context.cwd, directory);
  if ((await kindOf(layoutOf(root).deployment)) !== undefined) return false;
  const what = (await kindOf(root)) === undefined ? 'does not exist' : 'has no deployment.yml';
  const tools = { context, engine: await connectEngine(context) };
  const { dryRun } = context.options;
  const silence = dryRun ? await whySilent(tools.engine, context.signal) : undefined;
  if (silence !== undefined) {
    if (what === 'has no deployment.yml') return false;
    context.report.print(`deployment directory ${root} ${what}: would stop the containers that were started from it`);
    context.report.print(`  ${silence}`);
    return true;
  }
  const found = await findRemains(root, options, tools).catch((error: unknown) => {
    if (!isExplained(error)) throw error;
    throw new LaconicError(`deployment directory ${directory} ${what}`, {
      hint: `its containers cannot be found: ${error.message}`,
      cause: error,
    });
  });
  if (found.containers.length === 0 && found.volumes.length === 0) return false;
  refuseVolumesOfServices(options);
  if (dryRun) {
    requireNoJob(found.containers, options.force);
    context.report.print(`deployment directory ${root} ${what}: would stop the containers that were started from it`);
    for (const { name } of selectContainers(found.containers, options.services)) {
      context.report.print(`  remove container ${name}`);
    }
    for (const name of found.volumes) context.report.print(`  delete volume ${name}`);
    return true;
  }
  context.report.warn(`${root} ${what}: its containers and volumes are found by their labels`);
  if (options.deleteData)
    context.report.warn(`--delete-data deletes nothing below ${root}: it is not a deployment directory`);
  await stopFound(found, options, tools);
  context.report.endProgress();
  return true;
}

/** What the engine still has from a directory. */
interface Remains {
  containers: readonly ProjectContainer[];
  /** Names of volumes in the directory; only searched if they are to be deleted. */
  volumes: readonly string[];
}

async function findRemains(
  root: string,
  { deleteVolumes: wanted }: StopOptions,
  { engine, context }: StopTools,
): Promise<Remains> {
  const roots = await spellings(root);
  const places = roots.flatMap((one) => [join(one, 'compose'), join(one, 'compose-jobs')]);
  const lists = await Promise.all(places.map((place) => listContainersFrom(engine, place)));
  const containers = lists.flat();
  const own = containers.filter(({ labels }) => wasStartedByUs(labels, roots));
  const foreign = containers.filter((one) => !own.includes(one));
  if (foreign.length > 0) {
    context.report.warn(
      `not started by this program, and left alone: ${foreign.map(({ name }) => name).join(', ')}, from files in ${root}`,
    );
  }
  const volumes = wanted ? await listAllVolumes(engine) : [];
  const ours = volumes.filter((volume) => {
    const device = hostDirectory(volume);
    const made = volume.labels[composeLabels.project] !== undefined;
    return made && device !== undefined && roots.some((one) => isBelow(resolve(device), one));
  });
  return { containers: own, volumes: ours.map(({ name }) => name) };
}

/**
 * Whether a container was created with the env file of a deployment directory or, if its env file is unknown, from
 * files named like those of a deployment.
 */
function wasStartedByUs(labels: ProjectContainer['labels'], roots: readonly string[]): boolean {
  const envFiles = labels[composeLabels.environmentFile];
  if (envFiles !== undefined && envFiles !== '') {
    return envFiles.split(',').some((file) => roots.some((root) => file === layoutOf(root).configEnv));
  }
  const files = (labels[composeLabels.configFiles] ?? '').split(',');
  return files.every((file) => /^docker-compose-.+\.ya?ml$/.test(basename(file)));
}

/** The path as typed, and with symbolic links in its parent resolved. */
async function spellings(root: string): Promise<string[]> {
  const above = await realpath(dirname(root)).catch(() => dirname(root));
  return [...new Set([root, join(above, basename(root))])];
}

async function stopFound({ containers, volumes }: Remains, options: StopOptions, tools: StopTools): Promise<void> {
  const { engine, context } = tools;
  await endJobs(containers, options, tools);
  await removeInOrder(selectContainers(containers, options.services), options.timeout, tools);
  if (options.services.length > 0) return;
  for (const project of new Set(containers.flatMap(({ labels }) => labels[composeLabels.project] ?? []))) {
    const others = await listProjectContainers(engine, project);
    context.report.info(`stopped: project ${project}`);
    // Two directories of the Python program may share a project.
    if (others.length > 0) {
      context.report.warn(
        `project ${project} keeps running: ${others.map(({ name }) => name).join(', ')} were not started from this directory`,
      );
      continue;
    }
    await removeProjectNetworks(engine, project);
    if (!options.deleteVolumes) continue;
    const left = await listProjectVolumes(engine, project);
    const mounted = new Set(containers.flatMap(({ mounts }) => mounts.flatMap(({ name }) => name ?? [])));
    const found = left.map(({ name }) => name);
    const isOwn = (name: string): boolean => mounted.has(name) || volumes.includes(name);
    const keptVolumes = found.filter((name) => !isOwn(name));
    await deleteVolumes({ deletedVolumes: found.filter(isOwn), keptVolumes }, tools);
    for (const directory of hostDirectories(left)) context.report.info(`kept: ${directory}`);
  }
  if (options.deleteVolumes) await deleteOwn(volumes, tools);
}

/** Deletes volumes in the directory of a deployment whose containers were removed before. */
async function deleteOwn(volumes: readonly string[], { engine, context }: StopTools): Promise<void> {
  const left = new Set((await listAllVolumes(engine)).map(({ name }) => name));
  for (const name of volumes) {
    if (!left.has(name)) continue;
    await removeVolume(engine, name);
    context.report.info(`deleted: volume ${name}`);
  }
}
