import { readdir, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { layoutOf } from '../../../deployment/directory/layout.js';
import type { Deployment } from '../../../deployment/access/open.js';
import { originalOf, projectOf } from '../../../deployment/directory/place.js';
import type { Engine } from '../../../engine/connect.js';
import { composeLabels, listProjectContainers } from '../../../engine/containers.js';
import { type EngineVolume, hostDirectory, listProjectVolumes } from '../../../engine/volumes.js';
import type { Context } from '../../../system/context.js';
import { LaconicError } from '../../../system/errors.js';
import { isSamePlace } from '../../../system/files/files.js';
import { splitHint } from './deployment-project.js';

/**
 * Finds other deployment directories that share this one's Compose project, as far as there is evidence: containers and
 * volumes of the project from another directory, and directories beside this one (a copy before its first start leaves
 * no trace on the engine). All of them exist, and none is this one under another name.
 * @param known directories that are said to share it
 */
export async function findSharers(
  root: string,
  project: string,
  engine: Engine,
  known: readonly string[],
): Promise<string[]> {
  const [containers, volumes, beside] = await Promise.all([
    listProjectContainers(engine, project),
    listProjectVolumes(engine, project),
    directoriesBeside(root),
  ]);
  const working = containers.flatMap(({ labels }) => labels[composeLabels.workingDirectory] ?? []).map(dirname);
  const candidates = new Set([...known, ...working, ...(await holdersOf(volumes)), ...beside]);
  return sharing(root, project, candidates, working);
}

/**
 * @param working directories that containers of the project were created from: these share it, whatever their present
 * files say
 */
async function sharing(
  root: string,
  project: string,
  candidates: Iterable<string>,
  working: readonly string[],
): Promise<string[]> {
  const sharers: string[] = [];
  for (const directory of candidates) {
    if (await isSamePlace(directory, root)) continue;
    const runs = working.includes(directory) && (await isDirectory(directory));
    if (runs || (await projectOf(directory)) === project) sharers.push(directory);
  }
  return sharers.sort();
}

/**
 * Checks, before a start, for other directories of the same Compose project that are not known to be copies: one that
 * holds the data of the project's volumes owns them. If a directory beside this one is the only evidence, this warns:
 * it is unknown which of the two came first.
 * @throws LaconicError that names the directories with the data
 */
export async function checkNeighbours(deployment: Deployment, engine: Engine, { report }: Context): Promise<void> {
  const { root } = deployment.layout;
  const { clusterId: projectName } = deployment.record;
  const others = async (directories: Iterable<string>): Promise<string[]> =>
    withoutCopies(await sharing(root, projectName, new Set(directories), []), root);
  const owners = await others(await holdersOf(await listProjectVolumes(engine, projectName)));
  if (owners.length > 0) throw sharedVolumes(owners, deployment);
  for (const other of await others(await directoriesBeside(root))) {
    report.warn(
      `${other} is a deployment of Compose project ${projectName} as well, so one of the two may be a copy: ${splitHint(root)}`,
    );
  }
}

/** Leaves out known copies of this directory: a copy is refused itself, and does not own anything of the project. */
async function withoutCopies(sharers: readonly string[], root: string): Promise<string[]> {
  const copies = await Promise.all(
    sharers.map(async (other) => {
      const original = await originalOf(layoutOf(other));
      return original?.copied === true && (await isSamePlace(original.path, root));
    }),
  );
  return sharers.filter((_, at) => !copies[at]);
}

/**
 * Refuses to delete the volumes of a project that another directory shares, unless that is a copy of this one, which
 * does not own them.
 * @throws LaconicError that names the directories
 */
export async function refuseSharedVolumes(deployment: Deployment, engine: Engine): Promise<void> {
  const { root } = deployment.layout;
  const owners = await withoutCopies(await findSharers(root, deployment.record.clusterId, engine, []), root);
  if (owners.length > 0) throw sharedVolumes(owners, deployment);
}

function sharedVolumes(owners: readonly string[], { layout, record }: Deployment): LaconicError {
  return new LaconicError(
    `the volumes of project ${record.clusterId} may belong to another deployment directory: ${owners.join(', ')}, not to ${layout.root}`,
    { hint: splitHint(layout.root) },
  );
}

async function isDirectory(path: string): Promise<boolean> {
  return (await stat(path).catch(() => undefined))?.isDirectory() ?? false;
}

async function directoriesBeside(root: string): Promise<string[]> {
  const parent = dirname(root);
  const entries = await readdir(parent, { withFileTypes: true }).catch(() => []);
  return entries.filter((entry) => entry.isDirectory()).map((entry) => join(parent, entry.name));
}

/** The deployment directories that contain the data of volumes. */
async function holdersOf(volumes: readonly EngineVolume[]): Promise<string[]> {
  const devices = volumes.flatMap((volume) => hostDirectory(volume) ?? []);
  return (await Promise.all(devices.map(deploymentAbove))).filter((one) => one !== undefined);
}

/** The deployment directory that contains a volume's directory. */
async function deploymentAbove(directory: string): Promise<string | undefined> {
  for (let at = directory; at !== dirname(at); at = dirname(at)) {
    if ((await projectOf(at)) !== undefined) return at;
  }
  return undefined;
}
