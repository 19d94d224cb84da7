import type { Engine } from '../../../engine/connect.js';
import { composeLabels, listProjectContainers } from '../../../engine/containers.js';
import { listProjectVolumes } from '../../../engine/volumes.js';
import type { Context } from '../../../system/context.js';
import { LaconicError } from '../../../system/errors.js';
import { isSamePlace, kindOf } from '../../../system/files/files.js';
import { loadModel } from '../cli/project-model.js';
import type { ComposeProject } from '../cli/project.js';

/**
 * Checks, before a stack is started or stopped in place, whether its Compose project is somebody else's: containers
 * from other files and, if the operator named the project, volumes that the stack does not declare.
 * @param places directories of the stack's compose files
 * @param named whether the operator gave the project's name; otherwise it is derived from the stack's path
 * @throws LaconicError for a named project with containers from elsewhere; anything else is a warning
 */
export async function checkProjectOwner(
  project: ComposeProject,
  { places, named }: { places: readonly string[]; named: boolean },
  engine: Engine,
  context: Context,
): Promise<void> {
  if (project.files.length === 0) return;
  const containers = await listProjectContainers(engine, project.name);
  const directories = new Set(containers.flatMap(({ labels }) => labels[composeLabels.workingDirectory] ?? []));
  for (const directory of directories) {
    const same = await Promise.all(places.map((place) => isSamePlace(place, directory)));
    if (same.includes(true)) continue;
    const text = `project ${project.name} has containers that were started from ${directory}, not from this stack`;
    const there = await kindOf(directory).catch(() => undefined);
    if (!named || there === undefined) context.report.warn(text);
    else throw new LaconicError(text, { hint: 'choose another name for --cluster, or stop those containers first' });
  }
  if (!named || containers.length > 0) return;
  const volumes = await listProjectVolumes(engine, project.name);
  const declared = volumes.length === 0 ? [] : (await loadModel(project, [], context)).volumes.map(({ name }) => name);
  const foreign = volumes.map(({ name }) => name).filter((name) => !declared.includes(name));
  if (foreign.length === 0) return;
  context.report.warn(`project ${project.name} has volumes that this stack does not declare: ${foreign.join(', ')}`);
}
