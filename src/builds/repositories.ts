import { join } from 'node:path';
import { parseRepositorySpec } from '../repositories/spec.js';
import { LaconicError } from '../system/errors.js';
import { kindOf, readTextIfAny } from '../system/files.js';
import type { Reporter } from '../system/report.js';
import { shownCommand } from '../system/shown-command.js';
import type { BuildRecipe } from './recipe.js';

/** A repository that a stack lists and that has no working copy (05, weakness 21). */
export interface MissingRepository {
  /** As the stack writes it. */
  repository: string;
  /** The folder it would be in, below the base directory. */
  name: string;
}

/**
 * The repositories of a stack that are not cloned. One whose name is none is told, and left to setup-repositories.
 * @param base absolute
 */
export async function missingRepositories(
  repositories: readonly string[],
  base: string,
  report: Reporter,
): Promise<MissingRepository[]> {
  const missing: MissingRepository[] = [];
  for (const repository of repositories) {
    const name = workingCopy(repository, report);
    if (name !== undefined && (await kindOf(join(base, name))) !== 'directory') missing.push({ repository, name });
  }
  return missing;
}

function workingCopy(repository: string, report: Reporter): string | undefined {
  try {
    return parseRepositorySpec(repository).name;
  } catch (error) {
    if (!(error instanceof LaconicError)) throw error;
    report.warn(error.message);
    return undefined;
  }
}

/**
 * Which of the missing repositories the script of a build names, or may name: it takes them from the base directory itself. What a script
 * does with one that is not there is its own affair.
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

/** What to do about missing repositories. */
export function cloneAdvice(missing: readonly MissingRepository[], base: string, stack: string): string {
  const names = missing.map(({ repository }) => repository).join(', ');
  return `not cloned in ${base}: ${names}; this does it: ${shownCommand(['laconic-so', '--stack', stack, 'setup-repositories'])}`;
}
