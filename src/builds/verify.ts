import type { Engine } from '../engine/connect.js';
import { type EngineImage, findImage } from '../engine/images.js';
import { LaconicError } from '../system/errors.js';
import { imageOf } from './recipe/image-name.js';

/** The image after a build, and whether this build tagged it. */
export interface VerifiedImage {
  id: string;
  /** False: the image existed before, and nothing shows that the build touched it. */
  confirmed: boolean;
}

/** Returns the image that the build of a container creates, in its present state. */
export function lookAtImage(engine: Engine, container: string): Promise<EngineImage | undefined> {
  return findImage(engine, imageOf(container));
}

/**
 * Checks the image after a successful build: a script may succeed without creating it. A build entirely from the cache
 * tags the same image again, and the engine records that time.
 * @param before the image before the build
 * @throws LaconicError if there is no such image
 */
export async function verifyImage(
  engine: Engine,
  container: string,
  before: EngineImage | undefined,
): Promise<VerifiedImage> {
  const after = await lookAtImage(engine, container);
  if (after === undefined) {
    throw new LaconicError(`the build succeeded but did not create the image ${imageOf(container)}`, {
      hint: 'the script must tag its image with this name; a custom builder (BUILDX_BUILDER) also needs --load',
    });
  }
  const confirmed = after.id !== before?.id || (after.lastTagged ?? '') !== (before.lastTagged ?? '');
  return { id: after.id, confirmed };
}
