import { join } from 'node:path';
import { awayFromRefs } from '../repositories/sync/ref-drift.js';
import { parseRepositorySpec, type RepositorySpec } from '../repositories/git/spec.js';
import type { Context } from '../system/context.js';
import { isExplained } from '../system/errors.js';
import { kindOf, readTextIfAny } from '../system/files/files.js';
import type { Reporter } from '../system/report.js';
import { shownCommand } from '../system/shown-command.js';
import type { BuildPlaces, BuildRecipe } from './recipe/recipe.js';

/** A repository of a stack that is not cloned. */
export interface MissingRepository {
  /** As written in the stack. */
  repository: string;
  /** Its folder in the base directory. */
  name: string;
}

/** Where to look for build folders, and the repositories that they may build from. */
export interface BuildSources extends BuildPlaces {
  /** The repositories that the stack lists. */
  repositories?: readonly RepositorySpec[];
  /** Those of them that are not cloned. */
  missing?: readonly MissingRepository[];
}

/** Parses the repositories of a stack. Invalid ones only cause a warning here; setup-repositories refuses them. */
export function repositoriesOf(entries: readonly string[], report: Reporter): RepositorySpec[] {
  return entries.flatMap((entry) => {
    try {
      return [parseRepositorySpec(entry)];
    } catch (error) {
      if (!isExplained(error)) throw error;
      report.warn(error.message);
      return [];
    }
  });
}

/**
 * Finds the repositories that are not cloned.
 * @param base absolute
 */
export async function missingRepositories(
  repositories: readonly RepositorySpec[],
  base: string,
): Promise<MissingRepository[]> {
  const missing: MissingRepository[] = [];
  for (const spec of repositories) {
    if ((await kindOf(join(base, spec.name))) === 'directory') continue;
    missing.push({ repository: written(spec), name: spec.name });
  }
  return missing;
}

/**
 * Warns, on one line each, of repositories that are not at the ref in the stack: the build may not be what the stack
 * intends. It is not an error, as building from one's own branch is legitimate.
 */
export async function warnOfRefs(
  repositories: readonly RepositorySpec[],
  base: string,
  { env, signal, report, options }: Context,
): Promise<void> {
  try {
    for (const { spec, found, switchable } of await awayFromRefs(repositories, base, { env, signal })) {
      const advice = switchable ? `; switch it with: ${setupCommand(options.stack ?? '')}` : '';
      report.warn(`the stack names ${written(spec)}, and ${found}${advice}`);
    }
  } catch (error) {
    if (!isExplained(error)) throw error;
    report.warn(`the repositories were not compared with the refs of the stack: ${error.message}`);
  }
}

function written({ entry, ref }: RepositorySpec): string {
  return ref === undefined ? entry : `${entry}@${ref}`;
}

function setupCommand(stack: string): string {
  return shownCommand(['laconic-so', '--stack', stack, 'setup-repositories']);
}

/**
 * The missing repositories that a build script names, or may name, since it takes them from the base directory itself.
 * How a script handles a missing one is up to it.
 */
export async function namedByScript(
  { kind, file }: BuildRecipe,
  missing: readonly MissingRepository[],
): Promise<MissingRepository[]> {
  if (missing.length === 0 || kind !== 'script') return [];
  const text = (await readTextIfAny(file)) ?? '';
  const computed = /CERC_REPO_BASE_DIR\}?["']?(?!\}?["']?\/["']?\w)/.test(text);
  return text.includes('CERC_REPO_BASE_DIR') ? missing.filter(({ name }) => computed || text.includes(name)) : [];
}

/** Advice for missing repositories. */
export function cloneAdvice(missing: readonly MissingRepository[], base: string, stack: string): string {
  const names = missing.map(({ repository }) => repository).join(', ');
  return `not cloned in ${base}: ${names}; clone them with: ${setupCommand(stack)}`;
}
