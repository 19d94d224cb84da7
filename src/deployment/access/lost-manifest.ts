import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { errorCode } from '../../system/errors.js';
import { isBelow } from '../../system/files/path-names.js';
import type { Reporter } from '../../system/report.js';
import type { JournalStep } from './journal.js';
import type { DeploymentLayout } from '../directory/layout.js';
import { generatedFolders, readManifest } from '../directory/manifest.js';
import type { GeneratedTree } from '../directory/tree.js';

/** Maximum number of files listed. */
const shown = 10;

/**
 * Warns if the manifest of a directory is missing: without it, files of earlier versions of the stack cannot be
 * recognised and removed, nor can edited files. Lists the files that are no longer generated.
 * @param steps the steps of the update: files that it removes anyway are not listed
 */
export async function warnOfLostManifest(
  layout: DeploymentLayout,
  tree: GeneratedTree,
  steps: readonly JournalStep[],
  report: Reporter,
): Promise<void> {
  if ((await readManifest(layout)) !== undefined) return;
  const removed = new Set(steps.flatMap((step) => (step.op === 'remove' ? [step.path] : [])));
  const left = (await unclaimedFiles(layout.root, tree)).filter((path) => !removed.has(path));
  const named = left.slice(0, shown).join(', ') + (left.length > shown ? ` and ${left.length - shown} more` : '');
  report.warn(
    `${layout.manifest} is missing, so it is not known what was edited here (replaced files are kept as .bak)` +
      (left.length === 0
        ? ''
        : `, nor which files earlier versions of the stack left. These files are kept, but no longer generated: ${named}. Delete those that are not yours`),
  );
}

/**
 * Sorted relative paths in the generated folders that are not generated, not a `.bak` of a generated file, and not in a
 * volume.
 */
async function unclaimedFiles(root: string, { files, volumes }: GeneratedTree): Promise<string[]> {
  const wanted = new Set(files.map(({ path }) => path));
  const found: string[] = [];
  const walk = async (folder: string): Promise<void> => {
    if (volumes.some(({ path }) => isBelow(join(root, folder), path))) return;
    const entries = await readdir(join(root, folder), { withFileTypes: true }).catch((error: unknown) => {
      // A folder that only containers can read is listed itself.
      if (errorCode(error) !== 'ENOENT') found.push(`${folder}/`);
      return [];
    });
    for (const entry of entries.sort((a, b) => (a.name < b.name ? -1 : 1))) {
      const path = join(folder, entry.name);
      if (entry.isDirectory() && entry.name !== '__pycache__') await walk(path);
      else if (!entry.isDirectory() && !wanted.has(path) && !wanted.has(path.replace(/\.bak$/, ''))) found.push(path);
    }
  };
  for (const folder of generatedFolders) await walk(folder);
  return found;
}
