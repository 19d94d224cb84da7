import { repositoryBaseOf } from '../stack/load.js';
import { containerScope } from '../stack/scope.js';
import type { Context } from '../system/context.js';
import { LaconicError } from '../system/errors.js';
import { packageDirectory } from '../system/package.js';
import { buildContainers } from './build-containers.js';
import type { BuildOptions } from './environment.js';
import { type Destination, destinationProblem } from './publish.js';
import { missingRepositories, repositoriesOf } from './repositories.js';

/** The options of `build-containers`. */
export interface BuildStackOptions extends Omit<BuildOptions, 'publish'> {
  publishImages: boolean;
  imageRegistry?: string | undefined;
  publishTag?: string | undefined;
}

/**
 * `build-containers`: builds the images of a stack, without a stack the bundled ones, and publishes them if requested.
 * @returns false if any of them failed
 */
export async function buildStackContainers(options: BuildStackOptions, context: Context): Promise<boolean> {
  const publish = destinationOf(options, context);
  const { containers, loaded } = await containerScope(context);
  if (containers.length === 0) return true;
  const repositoryBase = loaded?.repositoryBase ?? repositoryBaseOf(context);
  const repositories = repositoriesOf(loaded?.stack.repos ?? [], context.report);
  const places = {
    externalStack: loaded?.location.external === true ? loaded.location.directory : undefined,
    packageDirectory: packageDirectory(),
    repositoryBase,
    repositories,
    missing: await missingRepositories(repositories, repositoryBase),
  };
  const results = await buildContainers(containers, places, { ...options, publish }, context);
  return results.every((result) => result.outcome !== 'failed');
}

/** Where to publish, validated before anything is built. */
function destinationOf(options: BuildStackOptions, { report }: Context): Destination | undefined {
  const { publishImages, imageRegistry, publishTag: tag } = options;
  if (!publishImages) {
    for (const [flag, value] of [['--image-registry', imageRegistry] as const, ['--publish-tag', tag] as const]) {
      if (value !== undefined) report.warn(`${flag} has no effect without --publish-images`);
    }
    return undefined;
  }
  if (imageRegistry === undefined) throw new LaconicError('--image-registry must be supplied with --publish-images');
  const destination = { registry: imageRegistry.replace(/\/+$/, ''), tag };
  const problem = destinationProblem(destination);
  if (problem !== undefined) throw new LaconicError(problem);
  return destination;
}
