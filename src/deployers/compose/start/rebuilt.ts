import type { Engine } from '../../../engine/connect.js';
import { findImage } from '../../../engine/images.js';
import type { ObservedContainer } from '../resources/observe.js';
import { isRebuilt } from './plan-recreation.js';

/** The services whose image was rebuilt after these containers were created, in alphabetical order. */
export async function rebuiltServices(containers: readonly ObservedContainer[], engine: Engine): Promise<string[]> {
  // The engine's list shows an id instead of a name that now refers to another image.
  const names = new Set(containers.map(({ details }) => details.Config.Image));
  const found = await Promise.all([...names].map(async (name) => [name, (await findImage(engine, name))?.id] as const));
  const ids = new Map(found.flatMap(([name, id]) => (id === undefined ? [] : [[name, id] as const])));
  const rebuilt = containers.filter(({ container, details }) => isRebuilt(details.Config.Image, container, ids));
  return [...new Set(rebuilt.map(({ container }) => container.service))].sort();
}
