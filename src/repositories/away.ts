import { join } from 'node:path';
import { InterruptedError, LaconicError } from '../system/errors.js';
import { kindOf } from '../system/files.js';
import { inParallel } from '../system/parallel.js';
import { gitEnvironment, type GitOptions } from './git.js';
import { observeCopy } from './observe.js';
import type { Head } from './heads.js';
import { isAt } from './plan.js';
import { headText } from './result.js';
import type { RepositorySpec } from './spec.js';
import { readTogether } from './together.js';

/** A repository that is there, and not at the ref that is written for it. */
export interface Away {
  spec: RepositorySpec;
  /** `<folder> is at <branch> at <commit>`, or why the folder cannot be one of the repository. */
  found: string;
  /** Whether `setup-repositories` switches it. */
  switchable: boolean;
}

const width = 4;

/**
 * Which working copies are not at the ref of their entry, as `setup-repositories --check-only` finds out. Entries
 * without a ref, and what is not cloned, are not looked at; where nothing else is left, git is not called.
 * @param base absolute path of the base directory
 * @throws LaconicError when there is no git; InterruptedError
 */
export async function awayFromRefs(
  specs: readonly RepositorySpec[],
  base: string,
  { env, signal }: GitOptions,
): Promise<Away[]> {
  const places = specs.flatMap((spec) =>
    spec.ref === undefined ? [] : { spec, ref: spec.ref, directory: join(base, spec.name) },
  );
  const there: typeof places = [];
  for (const place of places) if ((await kindOf(place.directory)) === 'directory') there.push(place);
  if (there.length === 0) return [];
  const options = { env: gitEnvironment(env, base), signal };
  const { configs, heads } = await readTogether(
    base,
    there.map(({ directory }) => directory),
    options,
  );
  const found = await inParallel(there, width, async ({ spec, ref, directory }): Promise<Away[]> => {
    try {
      const known = { config: configs?.get(directory), head: heads.get(directory) };
      const { head } = await observeCopy(spec, directory, known, options);
      return hasContentOf(head, ref) ? [] : [{ spec, found: `${directory} is at ${headText(head)}`, switchable: true }];
    } catch (error) {
      if (error instanceof InterruptedError || !(error instanceof LaconicError)) throw error;
      return [{ spec, found: error.message, switchable: false }];
    }
  });
  return found.flat();
}

/** A branch that stands at the wanted tag or commit holds what is wanted, though `setup-repositories` would switch. */
function hasContentOf(head: Head, ref: string): boolean {
  const { branch, ...commit } = head;
  return branch === ref || isAt(commit, ref);
}
