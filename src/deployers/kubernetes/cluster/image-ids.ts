import { imageIdPrefix } from '../objects/annotations.js';
import type { KubernetesObject } from '../objects/object.js';
import type { LiveObject } from './api.js';
import { mapOf } from '../../../system/plain-map.js';

/**
 * A workload with the image ids that its live object has, where this host has none: a start from a host without the image must not
 * roll out anything (decision 25). Only while the container's image is the same `:local` one.
 */
export function withKnownImageIds(object: KubernetesObject, live: LiveObject | undefined): KubernetesObject {
  if (object.kind !== 'Deployment' || live === undefined) return object;
  const spec = mapOf(object.spec);
  const template = mapOf(spec.template);
  const metadata = mapOf(template.metadata);
  const wanted = mapOf(metadata.annotations);
  const images = imagesOf(object);
  const before = imagesOf(live);
  const known = Object.entries(mapOf(mapOf(mapOf(mapOf(live.spec).template).metadata).annotations)).filter(([key]) => {
    const container = key.startsWith(imageIdPrefix) ? key.slice(imageIdPrefix.length) : undefined;
    if (container === undefined || key in wanted) return false;
    const image = images.get(container);
    return image?.endsWith(':local') === true && image === before.get(container);
  });
  if (known.length === 0) return object;
  const annotations = { ...wanted, ...Object.fromEntries(known) };
  return { ...object, spec: { ...spec, template: { ...template, metadata: { ...metadata, annotations } } } };
}

function imagesOf(object: KubernetesObject): Map<string, string> {
  const pod = mapOf(mapOf(mapOf(object.spec).template).spec);
  return new Map(
    [pod.initContainers, pod.containers]
      .flatMap((containers): unknown[] => (Array.isArray(containers) ? containers : []))
      .map((container) => mapOf(container))
      .map(({ name, image }) => [String(name), String(image)]),
  );
}
