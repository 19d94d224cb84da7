import type { Context } from '../../system/context.js';
import type { UsedImage } from '../push-images.js';
import { callEnvironment, composeOrFail } from './compose-cli.js';
import { parseConfigJson } from './config-json.js';
import { type ComposeProject, filesOfJob } from './project.js';

/**
 * The images of all services of a project, and of its jobs (weakness 18 of 02 §13), as Docker Compose reads the files. No engine is asked.
 * @throws LaconicError for files that Compose cannot use
 */
export async function usedImages(project: ComposeProject, context: Context): Promise<UsedImage[]> {
  const jobs = [...project.jobFiles.keys()].map((job) => ({
    ...project,
    files: filesOfJob(project, job),
    env: callEnvironment(project),
  }));
  const used: UsedImage[] = [];
  for (const each of [project, ...jobs]) {
    if (each.files.length === 0) continue;
    const args = ['--profile', '*', 'config', '--format', 'json'];
    const { stdout } = await composeOrFail('cannot read the compose files', each, args, context);
    const { services = {} } = parseConfigJson(stdout) as { services?: Record<string, { image?: string }> };
    used.push(...Object.entries(services).map(([service, { image = '' }]) => ({ service, image })));
  }
  return used;
}
