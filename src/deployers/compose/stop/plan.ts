import { resolve } from 'node:path';
import type { Engine } from '../../../engine/connect.js';
import type { ProjectContainer } from '../../../engine/containers.js';
import { type EngineVolume, hostDirectory, listProjectVolumes } from '../../../engine/volumes.js';
import type { Context } from '../../../system/context.js';
import { isBelow } from '../../../system/files/path-names.js';
import type { StopOptions } from '../../deployer.js';
import type { ProjectVolume } from '../cli/project-model.js';
import type { StartedRecord } from '../project/start-record.js';
import { hostDirectories } from '../resources/volumes.js';

/** What stopping needs. */
export interface StopTools {
  context: Context;
  engine: Engine;
}

export interface StopInput {
  readonly options: StopOptions;
  readonly containers: readonly ProjectContainer[];
  /** Volumes of the project; empty unless the options concern them. */
  readonly volumes: readonly EngineVolume[];
  /** The volumes that the project's files declare, if they were read. */
  readonly declared: readonly ProjectVolume[];
  /** The services whose containers are removed; absent: those of all services and jobs. */
  readonly services?: ReadonlySet<string>;
  /** What the deployment's starts recorded, and its directory; absent for a stack that runs in place. */
  readonly deployment?: { record: StartedRecord | undefined; root: string } | undefined;
}

/** What `stop` does to a project. */
export interface StopPlan {
  readonly removed: readonly ProjectContainer[];
  /** Names of the project's volumes on the engine. */
  readonly deletedVolumes: readonly string[];
  readonly keptVolumes: readonly string[];
  /** Host directories of bind volumes, which are kept; empty unless volumes, and not the data, are to be deleted. */
  readonly directories: readonly string[];
}

/** Plans what is removed and what is kept. */
export function planStop(input: StopInput): StopPlan {
  const { options, containers, volumes, declared, services } = input;
  const removed = containers.filter(({ service }) => services === undefined || services.has(service));
  const deleted = options.deleteVolumes ? volumes.filter((volume) => isOwn(volume, input)) : [];
  const kept = options.deleteVolumes ? volumes.filter((volume) => !deleted.includes(volume)) : [];
  return {
    removed,
    deletedVolumes: deleted.map(({ name }) => name),
    keptVolumes: kept.map(({ name }) => name),
    directories: options.deleteVolumes && !options.deleteData ? hostDirectories(volumes, declared) : [],
  };
}

/** A volume belongs to the deployment if it is declared, recorded by a start, or in the deployment directory. */
function isOwn(volume: EngineVolume, { declared, deployment }: StopInput): boolean {
  const names = [...declared.map(({ name }) => name), ...(deployment?.record?.volumes ?? [])];
  const directory = hostDirectory(volume);
  const inside = deployment !== undefined && directory !== undefined && isBelow(resolve(directory), deployment.root);
  return names.includes(volume.name) || inside;
}

/** {@link planStop} for the present state of the engine. */
export async function readStopPlan(
  project: string,
  input: Omit<StopInput, 'volumes'>,
  { engine }: StopTools,
): Promise<StopPlan> {
  const asked = input.options.deleteVolumes || input.options.deleteData;
  return planStop({ ...input, volumes: asked ? await listProjectVolumes(engine, project) : [] });
}
