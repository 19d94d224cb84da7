import { askIfAny, type Engine } from './connect.js';

/** An image on this host. */
export interface EngineImage {
  id: string;
  /** `name@sha256:…` for each registry it came from or went to; empty for an image built here. */
  repoDigests: readonly string[];
}

/** The image of this name or id on this host; undefined when there is none. */
export async function findImage(engine: Engine, name: string): Promise<EngineImage | undefined> {
  const found = await askIfAny(engine, `cannot inspect the image ${name}`, () =>
    engine.docker.getImage(name).inspect(),
  );
  return found && { id: found.Id, repoDigests: found.RepoDigests };
}
