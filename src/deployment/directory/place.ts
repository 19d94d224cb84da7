import { stat } from 'node:fs/promises';
import { hostname } from 'node:os';
import { readTextIfAny, secretMode, writeFileAtomically } from '../../system/files/files.js';
import { mapOf } from '../../system/plain-map.js';
import { parseYaml } from '../../system/yaml/yaml.js';
import { type DeploymentLayout, layoutOf } from './layout.js';
import { readRecord } from './record.js';

/** The identity of a deployment directory, noted inside it: a copy has the note of the original. */
interface Place {
  readonly inode: number;
  readonly path: string;
  readonly host: string;
}

/** Another directory of the same deployment that existed first. */
export interface Original {
  readonly path: string;
  /** False: this directory itself existed first, but was moved, and a copy took its place. */
  readonly copied: boolean;
}

/**
 * Finds the deployment directory that this one is a copy of: another directory with the same Compose project at the
 * noted path. Undefined if this is the original or it is not known; if the original is gone, this one was moved or
 * restored.
 */
export async function originalOf(layout: DeploymentLayout): Promise<Original | undefined> {
  const noted = await readPlace(layout);
  const here = await placeOf(layout);
  if (noted?.host !== here.host || noted.path === here.path) return undefined;
  const other = await placeOf(layoutOf(noted.path)).catch(() => undefined);
  if (other === undefined || other.inode === here.inode) return undefined;
  const [own, theirs] = await Promise.all([projectOf(layout.root), projectOf(noted.path)]);
  return own !== undefined && own === theirs ? { path: noted.path, copied: noted.inode !== here.inode } : undefined;
}

/**
 * Notes the identity of a deployment directory in it, unless it is a copy of another.
 * @throws LaconicError if the note cannot be written
 */
export async function notePlace(layout: DeploymentLayout): Promise<void> {
  const text = `${JSON.stringify(await placeOf(layout))}\n`;
  if ((await readNote(layout)) === text || (await originalOf(layout)) !== undefined) return;
  await writeFileAtomically(layout.place, text, secretMode);
}

/**
 * The Compose project of a deployment directory; undefined for any other directory, and for deployments on Kubernetes.
 */
export async function projectOf(directory: string): Promise<string | undefined> {
  const layout = layoutOf(directory);
  // An unreadable directory is no evidence.
  const record = await readRecord(layout).catch(() => undefined);
  if (record === undefined) return undefined;
  const target = await readTextIfAny(layout.spec)
    .then((text = '') => mapOf(parseYaml(text, layout.spec).value)['deploy-to'])
    .catch(() => undefined);
  return target === undefined || target === 'compose' ? record.clusterId : undefined;
}

async function placeOf({ root }: DeploymentLayout): Promise<Place> {
  return { inode: (await stat(root)).ino, path: root, host: hostname() };
}

async function readNote({ place }: DeploymentLayout): Promise<string | undefined> {
  // An unreadable note counts as missing.
  return readTextIfAny(place).catch(() => undefined);
}

async function readPlace(layout: DeploymentLayout): Promise<Place | undefined> {
  try {
    const { inode, path, host } = JSON.parse((await readNote(layout)) ?? '') as Partial<Place>;
    if (typeof inode !== 'number' || typeof path !== 'string' || typeof host !== 'string') return undefined;
    return { inode, path, host };
  } catch {
    return undefined;
  }
}
