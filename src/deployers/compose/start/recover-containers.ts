import type { Engine } from '../../../engine/connect.js';
import { removeContainer, renameContainer } from '../../../engine/containers.js';
import type { Context } from '../../../system/context.js';
import type { ObservedContainer } from '../resources/observe.js';

/** A container that a killed `docker compose up` left while recreating another one. */
export interface HalfRecreated {
  container: ObservedContainer;
  /** The final name of this container; absent: the old one still exists, and this one is removed. */
  name?: string;
}

/**
 * Finds containers of an interrupted recreation. Compose creates the new container as `<id of the old one>_<name>`,
 * removes the old one, and renames. A kill in between leaves the temporary name, on which the next `up` fails.
 */
export function findHalfRecreated(containers: readonly ObservedContainer[]): HalfRecreated[] {
  return containers.flatMap((one) => {
    const [, forerunner, name] = /^([0-9a-f]{12})_(.+)$/.exec(one.container.name) ?? [];
    if (forerunner === undefined || name === undefined || one.details.State.Status !== 'created') return [];
    if (containers.some((other) => other.container.id.startsWith(forerunner))) return [{ container: one }];
    // Without the old container, it is the only one that still refers to the anonymous volumes.
    return containers.some((other) => other.container.name === name) ? [] : [{ container: one, name }];
  });
}

/**
 * Repairs what {@link findHalfRecreated} finds.
 * @returns whether anything was changed
 */
export async function recoverContainers(
  containers: readonly ObservedContainer[],
  engine: Engine,
  context: Context,
): Promise<boolean> {
  const halfRecreated = findHalfRecreated(containers);
  for (const { container, name } of halfRecreated) {
    context.report.verbose(`${container.container.name}: left behind by an interrupted start`);
    if (name === undefined) await removeContainer(engine, container.container.id);
    else await renameContainer(engine, container.container.id, name);
  }
  return halfRecreated.length > 0;
}
