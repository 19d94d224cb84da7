import { join } from 'node:path';
import { isExplained } from '../../system/errors.js';
import { kindOf } from '../../system/files/files.js';
import { inParallel } from '../../system/process/parallel.js';
import { gitEnvironment, type GitOptions } from '../git/git.js';
import { observeCopy } from './observe.js';
import type { Head } from '../git/heads.js';
import { isAt } from './plan.js';
import { headText } from './result.js';
import type { RepositorySpec } from '../git/spec.js';
import { readTogether } from './batch-read.js';

/** A working copy that is not at the ref of its entry. */
export interface Away {
  spec: RepositorySpec;
  /** `<folder> is at <branch> at <commit>`, or why the folder is not a working copy of the repository. */
  found: string;
  /** Whether `setup-repositories` would switch it. */
  switchable: boolean;
}

const width = 4;

/**
 * Finds the working copies that are not at the ref of their entry, like `setup-repositories --check-only`. Entries
 * without a ref and missing clones are skipped; if nothing is left, git is not called.
 * @param base absolute path of the base directory
 * @throws LaconicError if git is not installed; InterruptedError
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
      if (!isExplained(error)) throw error;
      return [{ spec, found: error.message, switchable: false }];
    }
  });
  return found.flat();
}

/** A branch at the wanted tag or commit has the right content, although `setup-repositories` would switch. */
function hasContentOf(head: Head, ref: string): boolean {
  const { branch, ...commit } = head;
  return branch === ref || isAt(commit, ref);
}
