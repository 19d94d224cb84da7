import { readdir, stat } from 'node:fs/promises';
import type { Engine } from '../../../engine/connect.js';
import {
  composeLabels,
  listContainersUsing,
  type ProjectContainer,
  removeContainer,
} from '../../../engine/containers.js';
import { type EngineVolume, hostDirectory, listAllVolumes, removeVolume } from '../../../engine/volumes.js';
import type { Context } from '../../../system/context.js';
import { errorCode, LaconicError } from '../../../system/errors.js';
import { isSamePlace } from '../../../system/files/files.js';
import type { ProjectModel, ProjectVolume } from '../cli/project-model.js';

/** What to do with a volume whose device differs from the compose files. */
export type VolumeVerdict =
  | { kind: 'keep' }
  /** Remove the engine's object, never the data: Compose creates it again with the new device. */
  | { kind: 'recreate' }
  | { kind: 'refuse'; message: string };

/** What the old device holds: `unknown` when this machine cannot tell. */
export type OldData = 'gone' | 'empty' | 'present' | 'unknown';

/** A volume that gets another device: its object on the engine is removed, with the containers that mount it. */
export interface MovedVolume {
  readonly volume: EngineVolume;
  readonly users: readonly ProjectContainer[];
}

/**
 * Finds volumes of the engine that do not match the compose files: the engine would silently keep using the old
 * directory. Those whose old directory is gone or empty are to be removed before `up`, which creates them again.
 * Read-only.
 * @throws LaconicError with all volumes for which this cannot be decided
 */
export async function planVolumes(
  model: ProjectModel,
  engine: Engine,
  acceptNewPath: boolean,
  context: Context,
): Promise<MovedVolume[]> {
  if (engine.local) await refuseMissingDirectories(model);
  const all = await listAllVolumes(engine);
  const existing = new Map(
    all.filter(({ labels }) => labels[composeLabels.project] === model.project).map((volume) => [volume.name, volume]),
  );
  await warnOfSharedDirectories(model, all, engine.local, context);
  const recreated: EngineVolume[] = [];
  const refused: string[] = [];
  for (const wanted of model.volumes) {
    const found = existing.get(wanted.name);
    if (found === undefined || found.options.device === wanted.options.device) continue;
    // With another spelling (symbolic links, `..`) nothing has moved.
    const [is = '', wants = ''] = [found.options.device, wanted.options.device];
    if (engine.local && (await isSamePlace(is, wants))) continue;
    const verdict = judgeVolume(wanted, found, engine.local ? await dataAt(found) : 'unknown', acceptNewPath);
    if (verdict.kind === 'refuse') refused.push(verdict.message);
    if (verdict.kind === 'recreate') recreated.push(found);
  }
  if (refused.length > 0) {
    throw new LaconicError(refused.join('\n'), {
      hint: 'move the data (stop first), restore the old path in spec.yml, or start with --accept-new-path to leave the old data where it is; a path in another deployment directory with the same cluster-id: deployment split gives this one its own volumes',
    });
  }
  return Promise.all(recreated.map(async (volume) => ({ volume, users: await usersOf(volume, model, engine) })));
}

/** The moved volume by service whose containers are removed for it. */
export function movedServices(moved: readonly MovedVolume[]): Map<string, string> {
  return new Map(moved.flatMap(({ volume, users }) => users.map(({ service }) => [service, volume.name] as const)));
}

/** Warns if two deployments write to the same directory: the usual result of a copied spec with a forgotten path. */
async function warnOfSharedDirectories(
  model: ProjectModel,
  all: readonly EngineVolume[],
  local: boolean,
  { report }: Context,
): Promise<void> {
  const foreign = all.filter(({ labels }) => labels[composeLabels.project] !== model.project);
  for (const { name, options } of model.volumes) {
    const directory = hostDirectory({ options });
    if (directory === undefined) continue;
    for (const other of foreign) {
      const device = hostDirectory(other);
      if (device === undefined) continue;
      if (device !== directory && !(local && (await isSamePlace(device, directory)))) continue;
      const project = other.labels[composeLabels.project];
      report.warn(
        `volume ${name} is the directory ${directory}, and so is volume ${other.name}${project === undefined ? '' : ` of project ${project}`}: both write to the same files`,
      );
    }
  }
}

/**
 * Refuses a bind volume without its directory: the engine's message is hard to understand, or missing if containers
 * run.
 */
async function refuseMissingDirectories({ volumes }: ProjectModel): Promise<void> {
  const missing: string[] = [];
  for (const { name, options } of volumes) {
    const directory = hostDirectory({ options });
    if (directory === undefined || (await stat(directory).catch(() => undefined)) !== undefined) continue;
    missing.push(`the directory of volume ${name} does not exist: ${directory}`);
  }
  if (missing.length === 0) return;
  throw new LaconicError(missing.join('\n'), {
    hint: 'restore it if it held data; otherwise create an empty one with mkdir',
  });
}

/** Decides what to do with a volume whose device differs; see docs/decisions.md#a-moved-volume-path-is-noticed. */
export function judgeVolume(
  wanted: ProjectVolume,
  found: Pick<EngineVolume, 'name' | 'options'>,
  old: OldData,
  acceptNewPath: boolean,
): VolumeVerdict {
  const to = wanted.options.device ?? 'a directory managed by the engine';
  const from = found.options.device;
  if (from === undefined) {
    return {
      kind: 'refuse',
      message: `volume ${found.name} would move to ${to}, but it is managed by the engine and may hold data: copy the data, then remove it with docker volume rm ${found.name}`,
    };
  }
  if (acceptNewPath || old === 'gone' || old === 'empty') return { kind: 'recreate' };
  const why = old === 'present' ? 'still holds data' : 'cannot be inspected from here';
  return { kind: 'refuse', message: `volume ${found.name} would move to ${to}, but its present path ${from} ${why}` };
}

async function dataAt({ options }: EngineVolume): Promise<OldData> {
  const directory = hostDirectory({ options });
  if (directory === undefined) return 'unknown';
  try {
    return (await readdir(directory)).length === 0 ? 'empty' : 'present';
  } catch (error) {
    return errorCode(error) === 'ENOENT' || errorCode(error) === 'ENOTDIR' ? 'gone' : 'unknown';
  }
}

/**
 * The containers that mount a volume.
 * @throws LaconicError if others than this project use it, or a job runs
 */
async function usersOf(volume: EngineVolume, { project }: ProjectModel, engine: Engine): Promise<ProjectContainer[]> {
  const users = await listContainersUsing(engine, volume.name);
  const foreign = users.filter(
    (user) => user.labels[composeLabels.project] !== project || (user.oneOff && user.state === 'running'),
  );
  if (foreign.length > 0) {
    const names = foreign.map((user) => user.name).join(', ');
    throw new LaconicError(`the path of volume ${volume.name} changed, but the volume is in use: ${names}`, {
      hint: 'stop what uses it, then start again',
    });
  }
  return users;
}

/** Removes the objects of moved volumes, never the data, and the containers that mount them. */
export async function removeMoved(moved: readonly MovedVolume[], engine: Engine, { report }: Context): Promise<void> {
  for (const { volume, users } of moved) {
    report.info(
      `volume ${volume.name} moved away from ${volume.options.device ?? 'the engine'}: its containers are recreated`,
    );
    await Promise.all(users.map((user) => removeContainer(engine, user.id)));
    await removeVolume(engine, volume.name);
  }
}

/** Host directories of the project's bind volumes, from the compose files and from the engine, without duplicates. */
export function hostDirectories(...volumes: readonly (readonly Pick<EngineVolume, 'options'>[])[]): string[] {
  const found = volumes.flat().flatMap((volume) => hostDirectory(volume) ?? []);
  return [...new Set(found)].sort();
}
