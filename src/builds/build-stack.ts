import { basename, join } from 'node:path';
import { repositoryBaseOf } from '../stack/load.js';
import { containerScope } from '../stack/scope.js';
import type { Context } from '../system/context.js';
import { LaconicError } from '../system/errors.js';
import { kindOf } from '../system/files.js';
import { packageDirectory } from '../system/package.js';
import { shownCommand } from '../system/shown-command.js';
import { buildContainers } from './build-containers.js';
import type { BuildOptions } from './environment.js';
import { type Destination, destinationProblem } from './publish.js';

/** What `build-containers` was called with. */
export interface BuildStackOptions extends Omit<BuildOptions, 'publish'> {
  publishImages: boolean;
  imageRegistry?: string | undefined;
  publishTag?: string | undefined;
}

/**
 * `build-containers`: builds the images of a stack, or without one those that ship with the program, and publishes them where that was
 * asked for (05 §6).
 * @returns false when any of them failed
 */
export async function buildStackContainers(options: BuildStackOptions, context: Context): Promise<boolean> {
  const publish = destinationOf(options, context);
  const { containers, loaded } = await containerScope(context);
  if (containers.length === 0) return true;
  const repositoryBase = repositoryBaseOf(context);
  const missing = await missingRepositories(loaded?.stack.repos ?? [], repositoryBase);
  const advice = missing.length === 0 ? [] : [cloneAdvice(missing, repositoryBase, context)];
  for (const line of advice) context.report.warn(line);
  const places = {
    externalStack: loaded?.location.external === true ? loaded.location.directory : undefined,
    packageDirectory: packageDirectory(),
    repositoryBase,
    advice,
  };
  const results = await buildContainers(containers, places, { ...options, publish }, context);
  return results.every((result) => result.outcome !== 'failed');
}

/** Where to publish, checked before anything is built (weakness 23). */
function destinationOf(options: BuildStackOptions, { report }: Context): Destination | undefined {
  const { publishImages, imageRegistry, publishTag: tag } = options;
  if (!publishImages) {
    for (const [flag, value] of [['--image-registry', imageRegistry] as const, ['--publish-tag', tag] as const]) {
      if (value !== undefined) report.warn(`${flag} does nothing without --publish-images`);
    }
    return undefined;
  }
  if (imageRegistry === undefined) throw new LaconicError('--image-registry must be supplied with --publish-images');
  const destination = { registry: imageRegistry.replace(/\/+$/, ''), tag };
  const problem = destinationProblem(destination);
  if (problem !== undefined) throw new LaconicError(problem);
  return destination;
}

/** The repositories of a stack that are not cloned (weakness 21). */
async function missingRepositories(repositories: readonly string[], base: string): Promise<string[]> {
  const there = await Promise.all(
    repositories.map(async (repository) => (await kindOf(join(base, workingCopy(repository)))) === 'directory'),
  );
  return repositories.filter((_, index) => there[index] !== true);
}

/** The folder of a repository's working copy: the last part of its name (05 §2). */
function workingCopy(repository: string): string {
  return basename(repository.replace(/@[^@/]*$/, '')).replace(/\.git$/, '');
}

/** A build may do without one of them: whether it does is not known before. */
function cloneAdvice(missing: readonly string[], base: string, { options: { stack = '' } }: Context): string {
  const command = shownCommand(['laconic-so', '--stack', stack, 'setup-repositories']);
  return `not cloned in ${base}: ${missing.join(', ')}; what is built from them needs: ${command}`;
}
