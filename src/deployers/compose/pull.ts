import { type Engine } from '../../engine/connect.js';
import { type EngineImage, findImage } from '../../engine/images.js';
import type { Context } from '../../system/context.js';
import { LaconicError } from '../../system/errors.js';
import { run } from '../../system/process.js';
import type { ProjectModel, ServiceModel } from './model.js';

/** Pulls at one time: as Compose and the engine do by default for layers. */
const concurrency = 3;

/** The images of these services that are on this host, by name. */
export async function localImages(
  model: ProjectModel,
  services: ReadonlySet<string>,
  engine: Engine,
): Promise<Map<string, EngineImage>> {
  const names = new Set([...services].flatMap((name) => model.services.get(name)?.image ?? []));
  const found = await Promise.all([...names].map(async (name) => [name, await findImage(engine, name)] as const));
  return new Map(found.flatMap(([name, image]) => (image === undefined ? [] : [[name, image] as const])));
}

/** Whether a registry can have a newer image of this name: not for what was built on this host, or is pinned. Pure. */
export function isPullable(service: ServiceModel, local: EngineImage | undefined): boolean {
  if (service.built || service.pullPolicy === 'never' || isLocalName(service.image)) return false;
  if (local === undefined) return true;
  return local.repoDigests.length > 0 && !service.image.includes('@sha256:');
}

function isLocalName(image: string): boolean {
  return image.endsWith(':local');
}

/**
 * Pulls the newest images of these services (`restart`). An image that is on this host and cannot be pulled now is used as it
 * is, with a warning; one that is nowhere is an error.
 */
export async function pullImages(
  model: ProjectModel,
  services: ReadonlySet<string>,
  engine: Engine,
  context: Context,
): Promise<void> {
  const local = await localImages(model, services, engine);
  const wanted = new Map<string, ServiceModel>();
  for (const name of services) {
    const service = model.services.get(name);
    if (service !== undefined && isPullable(service, local.get(service.image))) wanted.set(service.image, service);
  }
  const queue = [...wanted.values()];
  const worker = async (): Promise<void> => {
    for (let next = queue.shift(); next !== undefined; next = queue.shift()) {
      await pullImage(next, local.has(next.image), context);
    }
  };
  await Promise.all(Array.from({ length: concurrency }, worker));
}

async function pullImage(
  { image, platform }: ServiceModel,
  present: boolean,
  { report, signal, env }: Context,
): Promise<void> {
  report.progress(image, 'pulling');
  const args = ['pull', '--quiet', ...(platform === undefined ? [] : ['--platform', platform]), image];
  const result = await run('docker', args, { env, signal });
  if (result.code === 0) {
    report.progress(image, 'pulled', 'done');
    return;
  }
  report.progress(image, 'not pulled', present ? 'done' : 'failed');
  const words = result.stderr.trim();
  if (!present) throw new LaconicError(`cannot pull the image ${image}: ${words}`);
  report.warn(`could not pull ${image}, the one on this host is used: ${words}`);
}

/** Refuses to start services whose `:local` image was not built: the engine would ask a registry that never has it. */
export function checkLocalImages(
  model: ProjectModel,
  services: Iterable<string>,
  imageIds: ReadonlyMap<string, unknown>,
): void {
  const missing = [...services].flatMap((name) => {
    const service = model.services.get(name);
    if (service === undefined || service.built || !isLocalName(service.image) || imageIds.has(service.image)) return [];
    return [`service ${name}: the image ${service.image} is not on this host`];
  });
  if (missing.length === 0) return;
  throw new LaconicError(missing.join('\n'), { hint: 'build it first: laconic-so --stack <stack> build-containers' });
}
