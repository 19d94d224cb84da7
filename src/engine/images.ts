import { askIfAny, type Engine } from './connect.js';

/** An image on this host. */
export interface EngineImage {
  id: string;
  /** `name@sha256:…` for each registry it was pulled from or pushed to; empty for an image built here. */
  repoDigests: readonly string[];
  /**
   * When it was last tagged, by the engine's clock, even with a name it had already. Absent if the engine does not
   * report it.
   */
  lastTagged?: string;
}

/** Finds the image with this name or id on this host; undefined if there is none. */
export async function findImage(engine: Engine, name: string): Promise<EngineImage | undefined> {
  const found = await askIfAny(engine, `cannot inspect the image ${name}`, () =>
    engine.docker.getImage(name).inspect(),
  );
  if (found === undefined) return undefined;
  const lastTagged = (found as { Metadata?: { LastTagTime?: string } }).Metadata?.LastTagTime;
  return { id: found.Id, repoDigests: found.RepoDigests, lastTagged };
}
