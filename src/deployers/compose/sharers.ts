import { readdir, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { layoutOf } from '../../deployment/layout.js';
import { readRecord } from '../../deployment/record.js';
import type { Engine } from '../../engine/connect.js';
import { composeLabels, listProjectContainers } from '../../engine/containers.js';
import { hostDirectory, listProjectVolumes } from '../../engine/volumes.js';
import { isSamePlace } from '../../system/files.js';

/**
 * Other deployment directories that share the Compose project of this one, where anything tells of them: containers and volumes of the
 * project that were made from another directory, and directories beside this one or beside the named ones' own (a copy before its first
 * start leaves no trace on the engine). All exist; none is this one under another name.
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
  const devices = volumes.flatMap((volume) => hostDirectory(volume) ?? []);
  const holding = await Promise.all(devices.map(deploymentAbove));
  const candidates = new Set([...known, ...working, ...holding.filter((one) => one !== undefined), ...beside]);
  const sharers: string[] = [];
  for (const directory of candidates) {
    if (await isSamePlace(directory, root)) continue;
    // What runs from there shares it, whatever its files say by now.
    const runs = working.includes(directory) && (await isDirectory(directory));
    if (runs || (await projectOf(directory)) === project) sharers.push(directory);
  }
  return sharers.sort();
}

/** The Compose project of a deployment directory; undefined for anything that is none. */
export async function projectOf(directory: string): Promise<string | undefined> {
  // No evidence is all that follows from a directory that cannot be read.
  return readRecord(layoutOf(directory)).then(
    ({ clusterId }) => clusterId,
    () => undefined,
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

/** The deployment directory that a volume's directory lies in. */
async function deploymentAbove(directory: string): Promise<string | undefined> {
  for (let at = directory; at !== dirname(at); at = dirname(at)) {
    if ((await projectOf(at)) !== undefined) return at;
  }
  return undefined;
}
