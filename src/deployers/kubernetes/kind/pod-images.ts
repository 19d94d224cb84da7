import type { Engine } from '../../../engine/connect.js';
import { findImage } from '../../../engine/images.js';
import { requestEach } from '../api/request-each.js';
import type { WantedImage } from './node-images.js';
import { type KubernetesObject, podContainers } from '../objects/common/object.js';

/** Returns the ids of those images that are on this host. */
export async function imageIdsOf(engine: Engine, references: readonly string[]): Promise<Map<string, string>> {
  const found = await requestEach(
    references,
    async (reference) => [reference, await findImage(engine, reference)] as const,
  );
  return new Map(found.flatMap(([reference, image]) => (image === undefined ? [] : [[reference, image.id]])));
}

/**
 * Returns the images of a deployment's pods, for a kind node, where those built on this host replace older ones. Pure.
 * @param containers what the stack builds: `containers` of stack.yml
 * @param overrides images that the operator chose
 */
export function wantedImages(
  objects: readonly KubernetesObject[],
  containers: readonly string[],
  overrides: ReadonlySet<string>,
): WantedImage[] {
  const images = new Set(objects.flatMap(imagesOfPods));
  return [...images].map((image) => ({
    image,
    built: image.endsWith(':local') || overrides.has(image) || containers.some((name) => image.includes(name)),
  }));
}

function imagesOfPods(object: KubernetesObject): string[] {
  if (object.kind !== 'Deployment' && object.kind !== 'Job') return [];
  return podContainers(object)
    .map(({ image }) => image)
    .filter((image) => typeof image === 'string');
}
