import { realpath } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { Engine } from '../../../engine/connect.js';
import { composeLabels, listProjectContainers } from '../../../engine/containers.js';
import { hostDirectory, listProjectVolumes } from '../../../engine/volumes.js';
import { isBelow } from '../../../system/files/path-names.js';

/** A container that is tied to a deployment directory. */
export interface Tie {
  container: string;
  /** The rest of the sentence after the name. */
  why: string;
}

/**
 * Finds containers of a project that are tied to a deployment directory: its own, and those of another directory that
 * were created with its volumes, as happened if two shared a project. While there are any, the directory could start a
 * second set of containers on the same data under another project name.
 */
export async function tiesOf(root: string, project: string, engine: Engine): Promise<Tie[]> {
  const [containers, volumes, here] = await Promise.all([
    listProjectContainers(engine, project),
    listProjectVolumes(engine, project),
    realpath(root),
  ]);
  const directories = new Map<string, string>();
  for (const volume of volumes) {
    const directory = hostDirectory(volume);
    if (directory !== undefined && isBelow(await realPathIfAny(directory), here))
      directories.set(volume.name, directory);
  }
  const ties: Tie[] = [];
  for (const container of containers) {
    const workingDirectory = container.labels[composeLabels.workingDirectory];
    const owner = workingDirectory === undefined ? undefined : dirname(workingDirectory);
    const used = container.mounts.flatMap(({ name }) => (name === undefined ? [] : (directories.get(name) ?? [])));
    if (owner !== undefined && (await realPathIfAny(owner)) === here) {
      ties.push({ container: container.name, why: 'belongs to it' });
    } else if (used.length > 0) {
      const why = `of ${owner ?? 'another directory'} uses its ${used.join(', ')}`;
      ties.push({ container: container.name, why });
    }
  }
  return ties;
}

async function realPathIfAny(path: string): Promise<string> {
  return realpath(path).catch(() => path);
}
