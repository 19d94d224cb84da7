import { askIfAny, type Engine } from './connect.js';

/** An image on this host. */
export interface EngineImage {
  id: string;
  /** `name@sha256:…` for each registry it came from or went to; empty for an image built here. */
  repoDigests: readonly string[];
  /**
   * When a name was last given to it, in the engine's time; also when it had that name before. Absent where the engine
   * does not say.
   */
  lastTagged?: string;
}

/** The image of this name or id on this host; undefined when there is none. */
export async function findImage(engine: Engine, name: string): Promise<EngineImage | undefined> {
  const found = await askIfAny(engine, `cannot inspect the image ${name}`, () =>
    engine.docker.getImage(name).inspect(),
  );
  if (found === undefined) return undefined;
  const lastTagged = (found as { Metadata?: { LastTagTime?: string } }).Metadata?.LastTagTime;
  return { id: found.Id, repoDigests: found.RepoDigests, ...(lastTagged === undefined ? {} : { lastTagged }) };
}
