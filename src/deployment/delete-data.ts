import { lstat, readdir, realpath, rm } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import type { Context } from '../system/context.js';
import { errorMessage, LaconicError } from '../system/errors.js';
import type { Deployment } from './open.js';
import { placeVolume } from './volume-paths.js';
import { isBelow } from '../system/path-names.js';

/** The directory of a volume with what is in it. */
export interface VolumeData {
  /** As the spec says, absolute. */
  readonly path: string;
  /** Where it really is. */
  readonly real: string;
  /** All files below it together. */
  readonly bytes: number;
}

/** What deleting a deployment's data comes to. */
export interface DataPlan {
  /** Directories of volumes that are emptied. */
  readonly deleted: readonly VolumeData[];
  /** What stays, a path and why in each line. */
  readonly kept: readonly string[];
}

/**
 * What `--delete-data` would delete of a deployment: what is in the directories of its own volumes below its `data/`,
 * which may be a link to a place elsewhere. Everything else stays: volumes with a path elsewhere, links below `data/`
 * that lead out of it, and whatever else lies there.
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
  kept.push(...others.slice(0, listed).map((path) => `${path}: it is no volume of this deployment`));
  if (others.length > listed) kept.push(`and ${others.length - listed} more in ${layout.data}`);
  return { deleted: deleted.sort((a, b) => (a.path < b.path ? -1 : 1)), kept };
}

/** How many paths that are no volume's are named: where `data/` is a link, anything may lie beside the volumes. */
const listed = 20;

/** Paths below a directory, in order, that neither are a volume's nor lead to one. */
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

/** The directories of a plan for whoever is asked, one per line: real path and size. Pure. */
export function describeDeletion({ deleted }: DataPlan): string[] {
  return deleted.map(({ path, real, bytes }) => `${real === path ? path : `${path} (${real})`}, ${sizeText(bytes)}`);
}

/**
 * Empties the directories of the deployment's volumes that {@link planDataDeletion} names, says so path by path, and
 * what was kept; the one way data is ever deleted. The directories themselves stay: something may have them mounted,
 * and the engine makes none.
 */
export async function deleteData(deployment: Pick<Deployment, 'layout' | 'spec'>, context: Context): Promise<void> {
  const { deleted, kept } = await planDataDeletion(deployment);
  for (const { path, real } of deleted) {
    await emptyDirectory(
      real,
      deleted.map((one) => one.real),
    );
    context.report.print(`Deleted: ${path}${real === path ? '' : ` (${real})`}`);
  }
  for (const line of kept) context.report.info(`kept: ${line}`);
}

/** Removes all below a directory but these directories, of which each is emptied by itself. */
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

/** Where a path really is; undefined when nothing is there, or it cannot be looked at. */
async function realPathIfAny(path: string): Promise<string | undefined> {
  return realpath(path).catch(() => undefined);
}

/** Bytes of all files below a path, as far as they can be looked at. */
async function sizeOf(path: string): Promise<number> {
  const found = await lstat(path).catch(() => undefined);
  if (found === undefined) return 0;
  if (!found.isDirectory()) return found.size;
  let bytes = 0;
  for (const name of await readdir(path).catch(() => [])) bytes += await sizeOf(join(path, name));
  return bytes;
}

/** `512 B`, `3.4 MiB`. */
function sizeText(bytes: number): string {
  const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB'];
  const power = Math.min(units.length - 1, bytes < 1 ? 0 : Math.floor(Math.log2(bytes) / 10));
  const amount = bytes / 1024 ** power;
  return `${power === 0 ? amount : amount.toFixed(1)} ${units[power] ?? ''}`;
}
