import type { Engine } from '../engine/connect.js';
import { type EngineImage, findImage } from '../engine/images.js';
import { LaconicError } from '../system/errors.js';
import { imageOf } from './names.js';

/** The image that a build left, and whether it was this build that gave it its name. */
export interface VerifiedImage {
  id: string;
  /** False: the image has been there before, and nothing shows that the build touched it. */
  confirmed: boolean;
}

/** The image a build has to produce, as it is now. */
export function lookAtImage(engine: Engine, container: string): Promise<EngineImage | undefined> {
  return findImage(engine, imageOf(container));
}

/**
 * What a successful build left: a script may succeed without producing the image it was run for. A build whose steps
 * were all in the cache gives the same image its name anew, and the engine keeps that time.
 * @param before the image before the build
 * @throws LaconicError when there is no such image
 */
export async function verifyImage(
  engine: Engine,
  container: string,
  before: EngineImage | undefined,
): Promise<VerifiedImage> {
  const after = await lookAtImage(engine, container);
  if (after === undefined) {
    throw new LaconicError(`the build succeeded but made no image ${imageOf(container)}`, {
      hint: "the script must give what it builds this name; a builder of one's own (BUILDX_BUILDER) also needs --load",
    });
  }
  const confirmed = after.id !== before?.id || (after.lastTagged ?? '') !== (before.lastTagged ?? '');
  return { id: after.id, confirmed };
}
