import { ask, askIfAny, type Engine } from './connect.js';
import { composeLabels } from './containers.js';

/** Lists the networks that Compose created for a project, ordered by name. */
export async function listProjectNetworks(engine: Engine, project: string): Promise<{ id: string; name: string }[]> {
  const found = await ask(engine, `cannot list the networks of ${project}`, () =>
    engine.docker.listNetworks({ filters: { label: [`${composeLabels.project}=${project}`] } }),
  );
  return found.map(({ Id: id, Name: name }) => ({ id, name })).sort((a, b) => (a.name < b.name ? -1 : 1));
}

/**
 * Removes the networks that Compose created for a project.
 * @throws LaconicError if a container still uses one
 */
export async function removeProjectNetworks(engine: Engine, project: string): Promise<void> {
  for (const { id, name } of await listProjectNetworks(engine, project)) {
    await askIfAny(engine, `cannot remove the network ${name}`, () => engine.docker.getNetwork(id).remove());
  }
}
