import { rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { LaconicError } from '../../system/errors.js';
import { makeDirectory, readTextIfAny, writeFileAtomically } from '../../system/files/files.js';
import type { Reporter } from '../../system/report.js';
import { didYouMean } from '../../system/suggest.js';
import { parseYaml } from '../../system/yaml/yaml.js';

/** Reads the images of `restart --image` that are active, by service; empty if the file does not exist. */
export async function activeImages(file: string): Promise<Map<string, string>> {
  const text = await readTextIfAny(file);
  if (text === undefined) return new Map();
  const { services = {} } = (parseYaml(text, file).value ?? {}) as { services?: Record<string, { image?: unknown }> };
  return new Map(
    Object.entries(services).flatMap(([name, { image }]) => (typeof image === 'string' ? [[name, image]] : [])),
  );
}

/**
 * Makes images active: writes a compose file (JSON, which is YAML) that replaces the images of services. If there are
 * none, the file is removed.
 */
export async function setActiveImages(file: string, images: ReadonlyMap<string, string>): Promise<void> {
  if (images.size === 0) {
    await rm(file, { force: true });
    return;
  }
  const services = Object.fromEntries([...images].map(([service, image]) => [service, { image }]));
  await makeDirectory(dirname(file));
  await writeFileAtomically(file, `${JSON.stringify({ services }, undefined, 2)}\n`);
}

/**
 * Drops images of services that have left the stack: Compose would create services for them.
 * @param services the present services of the deployment
 */
export async function dropImagesOfOthers(
  file: string,
  services: ReadonlySet<string>,
  report: Pick<Reporter, 'info'>,
): Promise<void> {
  const before = await activeImages(file);
  const kept = new Map([...before].filter(([service]) => services.has(service)));
  if (kept.size === before.size) return;
  for (const [service, image] of before) {
    if (!kept.has(service)) report.info(`${service} has left the stack: its image ${image} no longer applies`);
  }
  await setActiveImages(file, kept);
}

/**
 * Refuses images for unknown services: Compose would create services for them.
 * @throws LaconicError
 */
export function checkImageServices(images: ReadonlyMap<string, string>, services: readonly string[]): void {
  const unknown = [...images.keys()].filter((service) => !services.includes(service));
  if (unknown.length === 0) return;
  throw new LaconicError(
    unknown.map((service) => `--image: no such service: ${service}${didYouMean(service, services)}`).join('\n'),
    { hint: `services: ${services.join(', ')}` },
  );
}
