import { inParallel } from '../../system/process/parallel.js';
import { git, GitFailedError, type GitOptions, strangeGit } from './git.js';

/** The HEAD of a working copy. */
export interface Head {
  /** The current branch; absent if HEAD is detached. */
  branch?: string;
  /** The full commit id; absent in a repository without commits. */
  commit?: string;
  /** Tags of exactly this commit. */
  tags: readonly string[];
}

/** `git log` of HEAD with its refs. They are listed explicitly, because log.excludeDecoration could hide the branch. */
const headCommand: readonly string[] = [
  'log',
  '-1',
  '--no-show-signature',
  '--no-color',
  '--decorate=full',
  ...['HEAD', 'refs/heads', 'refs/tags'].map((refs) => `--decorate-refs=${refs}`),
  '--format=%H%x00%D',
];

/**
 * Parses `<commit>\0HEAD -> refs/heads/main, tag: refs/tags/v1, …`; names contain no spaces.
 * @throws GitFailedError for any other text
 */
export function parseHead(text: string): Head {
  const [commit = '', decorations = ''] = text.trimEnd().split('\0');
  if (!/^[0-9a-f]{40,64}$/.test(commit)) {
    throw strangeGit('git log', 'git answered with something other than a commit');
  }
  const names = decorations.split(', ');
  const branch = names.map((name) => /^HEAD -> refs\/heads\/(.+)$/.exec(name)?.[1]).find((name) => name !== undefined);
  const tags = names.flatMap((name) => /^tag: refs\/tags\/(.+)$/.exec(name)?.[1] ?? []);
  return { branch, commit, tags };
}

/**
 * Reads the branch, commit and tags of a working copy.
 * @throws GitFailedError if it is not one
 */
export async function readHead(directory: string, options: GitOptions): Promise<Head> {
  try {
    return parseHead(await git(directory, headCommand, options));
  } catch (error) {
    const unborn = error instanceof GitFailedError && /does not have any commits|bad default revision/.test(error.said);
    if (!unborn) throw error;
    const branch = await git(directory, ['symbolic-ref', 'HEAD'], options);
    return { branch: branch.trim().replace(/^refs\/heads\//, ''), tags: [] };
  }
}

/** Number of concurrent calls of git, all on the local disk. */
const width = 3;

/**
 * Like {@link readHead} for many working copies with few calls, since most of the cost of a call is starting git. Each
 * call processes its share in order and stops at the first copy that it cannot read; that share is left to {@link
 * readHead}.
 * @returns HEAD by folder; missing ones must be read one by one
 */
export async function readHeads(
  base: string,
  folders: readonly string[],
  options: GitOptions,
): Promise<ReadonlyMap<string, Head>> {
  const size = Math.ceil(folders.length / width);
  const shares = Array.from({ length: width }, (_, index) => folders.slice(index * size, (index + 1) * size));
  const found = await inParallel(shares, width, async (share) => {
    if (share.length < 2) return [];
    const list = share.flatMap((folder) => ['-c', `laconic-so.copy=${folder}`]);
    try {
      const output = await git(base, [...list, 'for-each-repo', '--config=laconic-so.copy', ...headCommand], options);
      const lines = output.trimEnd().split('\n');
      if (lines.length !== share.length) return [];
      return share.map((folder, index): [string, Head] => [folder, parseHead(lines[index] ?? '')]);
    } catch (error) {
      if (error instanceof GitFailedError) return [];
      throw error;
    }
  });
  return new Map(found.flat());
}
