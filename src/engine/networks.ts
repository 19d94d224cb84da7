import { ask, askIfAny, type Engine } from './connect.js';
import { composeLabels } from './containers.js';

/** Removes the networks that Compose made for a project. One that a container still uses is an error of the engine. */
export async function removeProjectNetworks(engine: Engine, project: string): Promise<void> {
  const found = await ask(engine, `cannot list the networks of ${project}`, () =>
    engine.docker.listNetworks({ filters: { label: [`${composeLabels.project}=${project}`] } }),
  );
  for (const { Id, Name } of found) {
    await askIfAny(engine, `cannot remove the network ${Name}`, () => engine.docker.getNetwork(Id).remove());
  }
}
