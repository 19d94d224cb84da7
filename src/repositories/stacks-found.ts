import { readdir } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { kindOf } from '../system/files/files.js';

/** Folders that cannot contain stacks of the repository itself. */
const skipped = new Set(['.git', 'node_modules']);

const maxDepth = 12;

/** Finds the stacks in a repository: the sorted folders of all `stacks/<name>/stack.yml`. */
export async function findStacks(directory: string, depth = 0): Promise<string[]> {
  const entries = await readdir(directory, { withFileTypes: true });
  const found: string[] = [];
  // Links are not followed: they may lead anywhere, or in circles.
  const folders = entries.filter((entry) => entry.isDirectory() && !skipped.has(entry.name)).map(({ name }) => name);
  for (const name of folders.sort()) {
    const path = join(directory, name);
    if (depth > 0 && basename(directory) === 'stacks' && (await kindOf(join(path, 'stack.yml'))) === 'file')
      found.push(path);
    else if (depth < maxDepth) found.push(...(await findStacks(path, depth + 1)));
  }
  return found;
}
