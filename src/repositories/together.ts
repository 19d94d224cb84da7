import { join } from 'node:path';
import { kindOf } from '../system/files.js';
import { inParallel } from '../system/parallel.js';
import { type GitConfig, readConfig, readConfigs } from './config.js';
import type { GitOptions } from './git.js';
import { type Head, readHeads } from './heads.js';

/** Looks at the disk that go on side by side. */
const width = 8;

/**
 * What can be read of all working copies by a few calls of git.
 * @param base absolute; nothing is read, and git not called, when it is not there
 * @param options absent: there is nothing to look at
 * @returns by folder, with the entry `base` for the configuration that holds everywhere; a copy that is missing here
 * has to be asked by itself
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
