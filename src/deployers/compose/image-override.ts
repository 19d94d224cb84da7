import { LaconicError } from '../../system/errors.js';
import { didYouMean } from '../../system/suggest.js';
import type { ProjectModel } from './model.js';

/** A compose file that replaces the images of these services (weakness 13 of 02 §13). JSON, which is YAML. Pure. */
export function renderImageOverride(images: ReadonlyMap<string, string>): string {
  const services = Object.fromEntries([...images].map(([service, image]) => [service, { image }]));
  return `${JSON.stringify({ services }, undefined, 2)}\n`;
}

/** Refuses images for services the project does not have: Compose would make new services of them. */
export function checkImageServices(images: ReadonlyMap<string, string>, model: ProjectModel): void {
  const known = [...model.services.keys()];
  const unknown = [...images.keys()].filter((service) => !model.services.has(service));
  if (unknown.length === 0) return;
  throw new LaconicError(
    unknown.map((service) => `--image: no such service: ${service}${didYouMean(service, known)}`).join('\n'),
    { hint: `services: ${known.join(', ')}` },
  );
}
