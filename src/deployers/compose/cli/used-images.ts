import type { Context } from '../../../system/context.js';
import type { UsedImage } from '../../images/push-images.js';
import { callEnvironment } from './compose-cli.js';
import { type ComposeProject, filesOfJob } from './project.js';
import { loadWholeModel } from './project-model.js';

/**
 * Lists the images of all services and jobs of a project, as Docker Compose reads the files. The engine is not asked.
 * @throws LaconicError for files that Compose cannot use
 */
export async function projectImages(project: ComposeProject, context: Context): Promise<UsedImage[]> {
  const jobs = [...project.jobFiles.keys()].map((job) => ({
    ...project,
    files: filesOfJob(project, job),
    env: callEnvironment(project),
  }));
  const used: UsedImage[] = [];
  for (const each of [project, ...jobs]) {
    if (each.files.length === 0) continue;
    const { services } = await loadWholeModel('cannot read the compose files', each, context);
    used.push(...[...services.values()].map(({ name, image }) => ({ service: name, image })));
  }
  return used;
}
