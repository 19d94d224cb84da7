import { imageIdPrefix } from '../objects/workloads/annotations.js';
import { type KubernetesObject, podContainers } from '../objects/common/object.js';
import type { LiveObject } from '../api/api.js';
import { mapOf } from '../../../system/plain-map.js';

/**
 * Keeps the image ids of the live workload where this host has none: a start from a host without the image must not
 * roll out anything. Only while the container's image is the same `:local` one.
 */
export function withKnownImageIds(object: KubernetesObject, live: LiveObject | undefined): KubernetesObject {
  if (object.kind !== 'Deployment' || live === undefined) return object;
  const spec = mapOf(object.spec);
  const template = mapOf(spec.template);
  const metadata = mapOf(template.metadata);
  const wanted = mapOf(metadata.annotations);
  const images = imagesOf(object);
  const before = imagesOf(live);
  const known = Object.entries(annotationsOf(live)).filter(([key]) => {
    const container = key.startsWith(imageIdPrefix) ? key.slice(imageIdPrefix.length) : undefined;
    if (container === undefined || key in wanted) return false;
    const image = images.get(container);
    return image?.endsWith(':local') === true && image === before.get(container);
  });
  if (known.length === 0) return object;
  const annotations = { ...wanted, ...Object.fromEntries(known) };
  return { ...object, spec: { ...spec, template: { ...template, metadata: { ...metadata, annotations } } } };
}

/**
 * Returns the services, sorted, whose image has been rebuilt since their pods were created: a start recreates these
 * pods.
 * @param objects what a start would apply
 * @param live the Deployments of the cluster
 */
export function servicesWithNewImages(objects: readonly KubernetesObject[], live: readonly Templated[]): string[] {
  const found = objects.flatMap((object) => {
    const before = live.find(({ metadata }) => object.kind === 'Deployment' && metadata.name === object.metadata.name);
    if (before === undefined) return [];
    const [wanted, known] = [annotationsOf(object), annotationsOf(before)];
    const [images, former] = [imagesOf(object), imagesOf(before)];
    return [...images].flatMap(([name, image]) => {
      const [id, knownId] = [wanted[imageIdPrefix + name], known[imageIdPrefix + name]];
      const both = id !== undefined && knownId !== undefined && image === former.get(name);
      return both && id !== knownId ? [name] : [];
    });
  });
  return [...new Set(found)].sort();
}

/** An object with a pod template. */
interface Templated {
  metadata: { name: string };
  spec?: unknown;
}

/** The annotations of a workload's pods. */
function annotationsOf({ spec }: Templated): Readonly<Record<string, unknown>> {
  return mapOf(mapOf(mapOf(mapOf(spec).template).metadata).annotations);
}

function imagesOf(object: Templated): Map<string, string> {
  return new Map(podContainers(object).map(({ name, image }) => [String(name), String(image)]));
}
