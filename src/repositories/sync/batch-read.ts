import { join } from 'node:path';
import { kindOf } from '../../system/files/files.js';
import { inParallel } from '../../system/process/parallel.js';
import { type GitConfig, readConfig, readConfigs } from '../git/config.js';
import type { GitOptions } from '../git/git.js';
import { type Head, readHeads } from '../git/heads.js';

/** Number of concurrent accesses to the disk. */
const width = 8;

/**
 * Reads what is possible for all working copies with few calls of git.
 * @param base absolute; if it does not exist, nothing is read and git is not called
 * @param options absent: there are no working copies
 * @returns configuration and HEAD by folder, with the entry `base` for configuration that applies everywhere; a missing
 * copy must be read separately
 */
export async function readTogether(
  base: string,
  directories: readonly string[],
  options: GitOptions | undefined,
): Promise<{ configs?: Map<string, GitConfig>; heads: ReadonlyMap<string, Head> }> {
  if (options === undefined || (await kindOf(base)) !== 'directory') return { heads: new Map() };
  const copies = await inParallel(directories, width, async (directory) =>
    (await kindOf(join(directory, '.git', 'config'))) === 'file' ? directory : undefined,
  );
  const folders = copies.filter((folder) => folder !== undefined);
  const [configs, heads] = await Promise.all([readConfigs(base, folders, options), readHeads(base, folders, options)]);
  return { configs: configs ?? new Map([[base, await readConfig(base, options)]]), heads };
}
