import type { Engine } from '../../engine/connect.js';
import { removeContainer, renameContainer } from '../../engine/containers.js';
import type { Context } from '../../system/context.js';
import type { ObservedContainer } from './observe.js';

/** What a killed `docker compose up` left of a container it was making anew. */
export interface Leftover {
  container: ObservedContainer;
  /** Absent: its forerunner still exists, and this one goes. Else the name it was about to get. */
  name?: string;
}

/**
 * Compose makes a container anew under the name `<id of the old one>_<name>`, removes the old one, and renames. A kill
 * between these leaves the odd name behind, over which the next `up` stumbles. Pure.
 */
export function findLeftovers(containers: readonly ObservedContainer[]): Leftover[] {
  return containers.flatMap((one) => {
    const [, forerunner, name] = /^([0-9a-f]{12})_(.+)$/.exec(one.container.name) ?? [];
    if (forerunner === undefined || name === undefined || one.details.State.Status !== 'created') return [];
    if (containers.some((other) => other.container.id.startsWith(forerunner))) return [{ container: one }];
    // Without its forerunner it is the only one that still knows the anonymous volumes.
    return containers.some((other) => other.container.name === name) ? [] : [{ container: one, name }];
  });
}

/** Mends what {@link findLeftovers} finds, and says so. @returns true when anything was changed */
export async function mendLeftovers(
  containers: readonly ObservedContainer[],
  engine: Engine,
  context: Context,
): Promise<boolean> {
  const leftovers = findLeftovers(containers);
  for (const { container, name } of leftovers) {
    context.report.verbose(`${container.container.name}: left behind by an interrupted start`);
    if (name === undefined) await removeContainer(engine, container.container.id);
    else await renameContainer(engine, container.container.id, name);
  }
  return leftovers.length > 0;
}
