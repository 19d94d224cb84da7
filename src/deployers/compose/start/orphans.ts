import type { Engine } from '../../../engine/connect.js';
import { removeContainer } from '../../../engine/containers.js';
import type { Context } from '../../../system/context.js';
import type { ProjectModel } from '../cli/project-model.js';
import type { ObservedContainer } from '../resources/observe.js';
import type { ComposeProject } from '../cli/project.js';
import { listServices } from '../cli/services.js';

const configFiles = 'com.docker.compose.project.config_files';

/**
 * Finds containers whose service left the model, except those of jobs, of services that a job file declares, and of
 * services in profiles (which `known` includes).
 */
export function findOrphans(
  containers: readonly ObservedContainer[],
  known: ReadonlySet<string>,
  jobFiles: ReadonlySet<string>,
): ObservedContainer[] {
  return containers.filter(({ container }) => {
    const files = (container.labels[configFiles] ?? '').split(',');
    return !container.oneOff && !known.has(container.service) && !files.some((file) => jobFiles.has(file));
  });
}

/** Finds the orphans of a project; Compose is asked for its other services only if there are candidates. */
export async function orphansOf(
  project: ComposeProject,
  model: ProjectModel,
  containers: readonly ObservedContainer[],
  context: Context,
): Promise<ObservedContainer[]> {
  const jobFiles = new Set(project.jobFiles.values());
  const suspects = findOrphans(containers, new Set(model.services.keys()), jobFiles);
  if (suspects.length === 0) return [];
  const known = new Set(await listServices(project, context));
  return findOrphans(suspects, known, jobFiles);
}

/** Why an orphan is removed. */
export function noService(service: string): string {
  return `the stack has no service ${service} any more`;
}

/** Removes orphans by id, never with `--remove-orphans`, which would kill a running job; reports each. */
export async function removeOrphans(
  orphans: readonly ObservedContainer[],
  engine: Engine,
  { report }: Context,
): Promise<void> {
  await Promise.all(
    orphans.map(async ({ container }) => {
      report.info(`removing ${container.name}: ${noService(container.service)}`);
      await removeContainer(engine, container.id);
    }),
  );
}
