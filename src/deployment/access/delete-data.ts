import { lstat, readdir, realpath, rm } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import type { Context } from '../../system/context.js';
import { errorMessage, LaconicError } from '../../system/errors.js';
import type { Deployment } from './open.js';
import { placeVolume } from '../directory/volume-paths.js';
import { isBelow } from '../../system/files/path-names.js';

/** The directory of a volume and the size of its content. */
export interface VolumeData {
  /** Absolute path, as in the spec. */
  readonly path: string;
  /** Real path. */
  readonly real: string;
  /** Total size of all files in it. */
  readonly bytes: number;
}

/** What deleting a deployment's data would do. */
export interface DataPlan {
  /** Directories of volumes that are emptied. */
  readonly deleted: readonly VolumeData[];
  /** What is kept, with path and reason on each line. */
  readonly kept: readonly string[];
}

/**
 * Plans `--delete-data`: the content of directories of the deployment's own volumes inside its `data/`, which may be a
 * link to another place. Everything else is kept: volumes with other paths, links in `data/` that lead out of it, and
 * any other files.
 */
export async function planDataDeletion({ layout, spec }: Pick<Deployment, 'layout' | 'spec'>): Promise<DataPlan> {
  const root = await realpath(layout.root);
  const data = await realPathIfAny(layout.data);
  const paths = [...spec.volumes.values()].flatMap((value) =>
    value === undefined ? [] : placeVolume(value, layout.root, homedir()).path,
  );
  const misled = data !== undefined && data !== join(root, 'data') && (isBelow(data, root) || isBelow(root, data));
  const deleted: VolumeData[] = [];
  const kept: string[] = [];
  for (const path of new Set(paths)) {
    const real = await realPathIfAny(path);
    if (real === undefined) continue;
    if (data === undefined || !isBelow(path, layout.data)) kept.push(`${path}: not below ${layout.data}`);
    else if (misled) kept.push(`${path}: ${layout.data} leads to ${data}, where the deployment itself is`);
    else if (!isBelow(real, data)) kept.push(`${path}: it leads to ${real}`);
    else if ((await readdir(real).catch(() => [])).length > 0) deleted.push({ path, real, bytes: await sizeOf(real) });
  }
  const others = data === undefined || misled ? [] : await notOfVolumes(layout.data, paths);
  kept.push(...others.slice(0, listed).map((path) => `${path}: it is not a volume of this deployment`));
  if (others.length > listed) kept.push(`and ${others.length - listed} more in ${layout.data}`);
  return { deleted: deleted.sort((a, b) => (a.path < b.path ? -1 : 1)), kept };
}

/** Limit on listed paths that are not in a volume: if `data/` is a link, anything may be beside the volumes. */
const listed = 20;

/** Sorted paths in a directory that neither are a volume's nor lead to one. */
async function notOfVolumes(directory: string, volumes: readonly string[]): Promise<string[]> {
  if (volumes.includes(directory)) return [];
  const names = (await readdir(directory).catch(() => [])).sort();
  const found = names.map(async (name) => {
    const path = join(directory, name);
    if (!volumes.some((volume) => isBelow(volume, path))) return [path];
    return notOfVolumes(path, volumes);
  });
  return (await Promise.all(found)).flat();
}

/** Describes the directories to be emptied for the confirmation, one per line: real path and size. */
export function describeDeletion({ deleted }: DataPlan): string[] {
  return deleted.map(({ path, real, bytes }) => `${real === path ? path : `${path} (${real})`}, ${sizeText(bytes)}`);
}

/**
 * Empties the directories planned by {@link planDataDeletion}, and prints each path, deleted or kept. Nothing else ever
 * deletes data. The directories themselves stay: something may have them mounted, and the engine does not create them.
 * @throws LaconicError for files that cannot be deleted
 */
export async function deleteData(deployment: Pick<Deployment, 'layout' | 'spec'>, context: Context): Promise<void> {
  const { deleted, kept } = await planDataDeletion(deployment);
  for (const { path, real } of deleted) {
    await emptyDirectory(
      real,
      deleted.map((one) => one.real),
    );
    context.report.print(`deleted: ${path}${real === path ? '' : ` (${real})`}`);
  }
  for (const line of kept) context.report.info(`kept: ${line}`);
}

/** Removes everything in a directory except these directories, which are emptied separately. */
async function emptyDirectory(directory: string, stay: readonly string[]): Promise<void> {
  for (const name of await readdir(directory)) {
    const path = join(directory, name);
    if (stay.some((one) => isBelow(one, path))) {
      await emptyDirectory(path, stay);
      continue;
    }
    try {
      await rm(path, { recursive: true, force: true });
    } catch (error) {
      throw new LaconicError(`cannot delete ${path}: ${errorMessage(error)}`, {
        hint: 'files that containers wrote as another user can be deleted with sudo',
        cause: error,
      });
    }
  }
}

/** The real path; undefined if it does not exist or is not accessible. */
async function realPathIfAny(path: string): Promise<string | undefined> {
  return realpath(path).catch(() => undefined);
}

/** Total size in bytes of all accessible files at a path. */
async function sizeOf(path: string): Promise<number> {
  const found = await lstat(path).catch(() => undefined);
  if (found === undefined) return 0;
  if (!found.isDirectory()) return found.size;
  let bytes = 0;
  for (const name of await readdir(path).catch(() => [])) bytes += await sizeOf(join(path, name));
  return bytes;
}

/** Formats a size: `512 B`, `3.4 MiB`. */
function sizeText(bytes: number): string {
  const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB'];
  const power = Math.min(units.length - 1, bytes < 1 ? 0 : Math.floor(Math.log2(bytes) / 10));
  const amount = bytes / 1024 ** power;
  return `${power === 0 ? amount : amount.toFixed(1)} ${units[power] ?? ''}`;
}
