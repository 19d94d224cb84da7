import type { Engine } from '../../../engine/connect.js';
import {
  type ContainerDetails,
  inspectContainer,
  listProjectContainers,
  type ProjectContainer,
} from '../../../engine/containers.js';
import { inParallel } from '../../../system/process/parallel.js';

/** A container of the project with the engine's details. */
export interface ObservedContainer {
  readonly container: ProjectContainer;
  readonly details: ContainerDetails;
}

/** Concurrent inspections: enough to hide the engine's latency, few enough for its socket backlog. */
const concurrency = 16;

/**
 * All containers of a project, including those of jobs, ordered by name; one that disappears in between is left out.
 */
export async function observeAll(engine: Engine, project: string): Promise<ObservedContainer[]> {
  return inspectAll(engine, await listProjectContainers(engine, project));
}

/** The project's containers without those of jobs. */
export async function observeContainers(engine: Engine, project: string): Promise<ObservedContainer[]> {
  return observeListed(engine, await listProjectContainers(engine, project));
}

/** Like {@link observeContainers}, for an existing list. */
export async function observeListed(engine: Engine, listed: readonly ProjectContainer[]): Promise<ObservedContainer[]> {
  return inspectAll(
    engine,
    listed.filter((container) => !container.oneOff),
  );
}

async function inspectAll(engine: Engine, containers: readonly ProjectContainer[]): Promise<ObservedContainer[]> {
  const inspected = await inParallel(containers, concurrency, async (container) => {
    const details = await inspectContainer(engine, container.id);
    return details && { container, details };
  });
  return inspected.filter((one) => one !== undefined);
}

/** The containers of one service. */
export function listedContainers(service: string, containers: readonly ObservedContainer[]): ObservedContainer[] {
  return containers.filter((one) => one.container.service === service);
}
