import { lstat, readdir, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { LaconicError } from '../../system/errors.js';
import type { JournalStep } from '../access/journal.js';

/**
 * Orders the steps of an update so that none blocks another: if a folder replaces a file, or the reverse, the old one
 * is removed first. Once an update is recorded, every later command has to finish it, so obstacles must be found
 * before.
 * @param root the deployment directory, absolute
 * @param folders the folders to be created, relative to it
 * @throws LaconicError that lists all obstacles which the update does not own
 */
export async function inOrder(
  root: string,
  steps: readonly JournalStep[],
  folders: readonly string[],
): Promise<JournalStep[]> {
  const removals = new Map(steps.flatMap((step) => (step.op === 'remove' ? [[step.path, step] as const] : [])));
  const first = new Set<JournalStep>();
  const inTheWay = new Set<string>();
  const makeFolder = async (folder: string): Promise<void> => {
    for (let at = folder; at !== '.'; at = dirname(at)) {
      const removal = removals.get(at);
      if (removal !== undefined) first.add(removal);
      else if (await isNoFolder(join(root, at))) inTheWay.add(`${at} is a file, but must become a folder`);
    }
  };
  for (const { op, path } of steps) {
    if (op === 'remove') continue;
    await makeFolder(dirname(path));
    if (op === 'directory' || !(await isFolder(join(root, path)))) continue;
    for (const below of await filesIn(root, path)) {
      const removal = removals.get(below);
      if (removal !== undefined && !removal.backup) first.add(removal);
      else inTheWay.add(`${path} is a folder, but must become a file; it contains ${below}`);
    }
  }
  for (const folder of folders) await makeFolder(folder);
  if (inTheWay.size > 0) {
    throw new LaconicError(`${root} cannot be updated:\n${[...inTheWay].join('\n')}`, {
      hint: 'nothing was changed: move these away and try again',
    });
  }
  return [...first, ...steps.filter((step) => !first.has(step))];
}

async function isFolder(path: string): Promise<boolean> {
  return (await lstat(path).catch(() => undefined))?.isDirectory() ?? false;
}

/** Whether something exists that cannot contain a folder. A link to a folder can: its content may be kept elsewhere. */
async function isNoFolder(path: string): Promise<boolean> {
  if ((await lstat(path).catch(() => undefined)) === undefined) return false;
  return !(await stat(path).catch(() => undefined))?.isDirectory();
}

/** Everything in a folder that is not a folder itself, relative to `root`. */
async function filesIn(root: string, folder: string): Promise<string[]> {
  const entries = await readdir(join(root, folder), { withFileTypes: true });
  const below = await Promise.all(
    entries.map(async (entry) => {
      const path = join(folder, entry.name);
      return entry.isDirectory() ? filesIn(root, path) : [path];
    }),
  );
  return below.flat();
}
