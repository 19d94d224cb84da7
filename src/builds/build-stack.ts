import { loadStack, repositoryBaseOf } from '../stack/load.js';
import type { Context } from '../system/context.js';
import { packageDirectory } from '../system/package.js';
import { buildContainers } from './build-containers.js';
import type { BuildOptions } from './environment.js';

/**
 * `build-containers`: builds the images a stack lists (05 §6).
 * @returns false when any of them failed
 */
export async function buildStackContainers(
  reference: string,
  options: BuildOptions,
  context: Context,
): Promise<boolean> {
  const { location, stack } = await loadStack(reference, context);
  if (stack.containers.length === 0) {
    context.report.warn(`stack ${reference} does not define any containers`);
    return true;
  }
  const places = {
    stackDirectory: location.directory,
    external: location.external,
    packageDirectory: packageDirectory(),
    repositoryBase: repositoryBaseOf(context),
  };
  const results = await buildContainers(stack.containers, places, options, context);
  return results.every((result) => result.outcome !== 'failed');
}
