import { join } from 'node:path';
import { commaList, selectNames } from '../../stack/select.js';
import { isExplained, LaconicError } from '../../system/errors.js';
import { didYouMean } from '../../system/suggest.js';
import type { Wanted } from './plan.js';
import { parseRepositorySpec, type RepositorySpec, remoteUrl, shownName } from '../git/spec.js';
import { refProblem } from '../git/ref.js';

/** An item of `--branches`. */
export interface BranchOverride {
  repository: string;
  ref: string;
}

/**
 * Parses `--branches repo@ref,repo@ref`.
 * @throws LaconicError for an item without exactly one `@`, or without a valid ref after it
 */
export function parseBranches(option: string | undefined): BranchOverride[] {
  return commaList(option ?? '').map((item) => {
    // A URL has its own "@" before the path.
    const [, repository = '', ref = ''] = /^((?:[a-z]+:\/\/[^/]*|[^/@]+@[^/@:]+:)?[^@]*)@([^@]*)$/.exec(item) ?? [];
    if (repository === '' || ref === '') {
      throw new LaconicError(`branch specified is not valid: ${item}`, { hint: 'expected repository@branch' });
    }
    const problem = refProblem(ref);
    if (problem !== undefined) throw new LaconicError(`branch specified is not valid: ${item}: ${problem}`);
    return { repository, ref };
  });
}

/**
 * Parses every entry of a list.
 * @throws LaconicError with all problems
 */
export function parseSpecs(entries: readonly string[], place: (index: number) => string): RepositorySpec[] {
  const problems: string[] = [];
  const specs = entries.flatMap((entry, index) => {
    try {
      return [parseRepositorySpec(entry)];
    } catch (error) {
      if (!isExplained(error)) throw error;
      problems.push(`${place(index)}: ${error.message}`);
      return [];
    }
  });
  if (problems.length > 0) throw new LaconicError(problems.join('\n'));
  return specs;
}

/** The entry that a name on the command line refers to: as listed, or without the host. */
function entryFor(name: string, specs: readonly RepositorySpec[]): string | undefined {
  const exact = specs.find(({ entry }) => entry === name);
  if (exact !== undefined) return exact.entry;
  const wanted = name.replace(/\.git$/, '').toLowerCase();
  const alike = specs.filter(({ host, path }) => {
    const plain = path.replace(/\.git$/, '').toLowerCase();
    return plain === wanted || `${host}/${plain}` === wanted;
  });
  return alike.length === 1 ? alike[0]?.entry : undefined;
}

/** Applies `--include` and `--exclude`, with warnings for names that match nothing. */
export function selectRepositories(
  specs: readonly RepositorySpec[],
  options: { include?: string | undefined; exclude?: string | undefined },
): { selected: RepositorySpec[]; excluded: string[]; warnings: string[] } {
  const resolve = (option: string | undefined): string | undefined =>
    option === undefined
      ? undefined
      : commaList(option)
          .map((name) => entryFor(name, specs) ?? name)
          .join(',');
  const entries = specs.map(({ entry }) => entry);
  const { selected, excluded, warnings } = selectNames(entries, {
    include: resolve(options.include),
    exclude: resolve(options.exclude),
  });
  return { selected: specs.filter(({ entry }) => selected.includes(entry)), excluded, warnings };
}

/**
 * Determines the directory and ref of each repository. An override applies only to the repository it names; duplicates
 * with the same ref are merged.
 * @throws LaconicError for overrides of unknown repositories, and for two entries with the same directory
 */
export function wantedOf(
  specs: readonly RepositorySpec[],
  from: { base: string; gitSsh: boolean; branches: readonly BranchOverride[] },
): Wanted[] {
  const refs = overriddenRefs(specs, from.branches);
  const wanted = new Map<string, Wanted>();
  const problems: string[] = [];
  for (const spec of specs) {
    const ref = refs.get(spec.entry) ?? spec.ref;
    const url = remoteUrl(spec, from.gitSsh);
    const next = { spec, directory: join(from.base, spec.name), url, ref };
    const other = wanted.get(spec.name);
    if (other === undefined) wanted.set(spec.name, next);
    else if (other.url !== url || other.ref !== ref) {
      problems.push(`${described(other)} and ${described(next)} would both be ${next.directory}`);
    }
  }
  if (problems.length > 0) {
    throw new LaconicError(problems.join('\n'), {
      hint: 'a clone is named after the repository alone: use --include to clone one of them into another base directory (CERC_REPO_BASE_DIR)',
    });
  }
  return [...wanted.values()];
}

function described({ spec, ref }: Wanted): string {
  return ref === undefined ? spec.entry : `${spec.entry}@${ref}`;
}

function overriddenRefs(
  specs: readonly RepositorySpec[],
  branches: readonly BranchOverride[],
): ReadonlyMap<string, string> {
  const refs = new Map<string, string>();
  for (const { repository, ref } of branches) {
    const entry = entryFor(repository, specs);
    if (entry === undefined) {
      const names = specs.flatMap((spec) => [spec.entry, shownName(spec)]);
      throw new LaconicError(
        `--branches names ${repository}, which is not one of the repositories${didYouMean(repository, names)}`,
        { hint: `they are: ${specs.map((spec) => spec.entry).join(', ')}` },
      );
    }
    refs.set(entry, ref);
  }
  return refs;
}
