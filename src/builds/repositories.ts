import { basename, join } from 'node:path';
import { kindOf, readTextIfAny } from '../system/files.js';
import { shownCommand } from '../system/shown-command.js';
import type { BuildRecipe } from './recipe.js';

/** A repository that a stack lists and that has no working copy (05, weakness 21). */
export interface MissingRepository {
  /** As the stack writes it. */
  repository: string;
  /** The folder it would be in, below the base directory. */
  name: string;
}

/** The repositories of a stack that are not cloned. @param base absolute */
export async function missingRepositories(repositories: readonly string[], base: string): Promise<MissingRepository[]> {
  const all = repositories.map((repository) => ({ repository, name: workingCopy(repository) }));
  const there = await Promise.all(all.map(async ({ name }) => (await kindOf(join(base, name))) === 'directory'));
  return all.filter((_, index) => there[index] !== true);
}

/** The folder of a repository's working copy: the last part of its name (05 §2). */
function workingCopy(repository: string): string {
  const path = repository.replace(/^(\w+:\/\/[^/]*\/|[\w.-]+@[^/@:]+:)/, '').replace(/@.*$/, '');
  return basename(path).replace(/\.git$/, '');
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
