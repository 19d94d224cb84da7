import { type Engine } from '../../../engine/connect.js';
import { type EngineImage, findImage } from '../../../engine/images.js';
import { buildHint } from '../../../images/build-hint.js';
import { explainPull } from '../../../images/refusals.js';
import type { Context } from '../../../system/context.js';
import { LaconicError } from '../../../system/errors.js';
import { inParallel } from '../../../system/process/parallel.js';
import { SilenceWatch } from '../../../system/process/patience.js';
import { commandLine, run } from '../../../system/process/process.js';
import type { ProjectModel, ProjectService } from '../cli/project-model.js';
import { placeOfImage } from '../project/setting-place.js';
import type { ComposeProject } from '../cli/project.js';

/** Number of concurrent pulls: the default of Compose, and of the engine for layers. */
const concurrency = 3;

/** Finds the images of these services on this host, by name. */
export async function localImages(
  model: ProjectModel,
  services: ReadonlySet<string>,
  engine: Engine,
): Promise<Map<string, EngineImage>> {
  const names = new Set([...services].flatMap((name) => model.services.get(name)?.image ?? []));
  const found = await Promise.all([...names].map(async (name) => [name, await findImage(engine, name)] as const));
  return new Map(found.flatMap(([name, image]) => (image === undefined ? [] : [[name, image] as const])));
}

/** Whether a registry may have a newer image of this name: not if it was built on this host or is pinned. */
export function isPullable(service: ProjectService, local: EngineImage | undefined): boolean {
  if (service.built || service.pullPolicy === 'never' || isLocalName(service.image)) return false;
  if (local === undefined) return true;
  return local.repoDigests.length > 0 && !service.image.includes('@sha256:');
}

/** Whether an image is one that is built on this host. */
function isLocalName(image: string): boolean {
  return image.endsWith(':local');
}

/**
 * Pulls the newest images of these services (`restart`). If an image on this host cannot be pulled, it is used as it
 * is, with a warning.
 * @throws LaconicError with all images that could not be pulled and are not on this host
 */
export async function pullImages(
  model: ProjectModel,
  services: ReadonlySet<string>,
  engine: Engine,
  project: ComposeProject,
  context: Context,
): Promise<void> {
  const local = await localImages(model, services, engine);
  const wanted = pullableImages(model, services, local);
  const failed = await pullAll(wanted, new Set(local.keys()), context);
  const nowhere: FailedPull[] = [];
  for (const one of failed) {
    if (!local.has(one.image)) nowhere.push(one);
    else context.report.warn(`could not pull ${one.image}, the local image is used: ${one.words}`);
  }
  if (nowhere.length > 0) throw await pullError(nowhere, project, context);
}

/**
 * Pulls what `up` would pull for these services, so that all failures are reported together, with explanations: images
 * that are not on this host, and those whose `pull_policy` requires it.
 * @param local see localImages
 * @throws LaconicError with all images that could not be pulled
 */
export async function pullMissingImages(
  model: ProjectModel,
  services: Iterable<string>,
  local: ReadonlyMap<string, unknown>,
  project: ComposeProject,
  context: Context,
): Promise<void> {
  await pullOrFail(missingImages(model, services, local), project, context);
}

/** The images to pull, with the services that need them. */
type WantedImages = ReadonlyMap<string, readonly Pick<ProjectService, 'name' | 'platform'>[]>;

/** Pulls the image of a job that is not on this host. @throws LaconicError if that fails */
export async function pullJobImage(job: ProjectService, project: ComposeProject, context: Context): Promise<void> {
  await pullOrFail(new Map([[job.image, [job]]]), project, context);
}

async function pullOrFail(wanted: WantedImages, project: ComposeProject, context: Context): Promise<void> {
  const failed = await pullAll(wanted, new Set(), context);
  if (failed.length > 0) throw await pullError(failed, project, context);
}

/** Whether `up` and `run` pull an image for this service if it is not on this host. */
export function isPulledIfMissing({
  image,
  built,
  pullPolicy,
}: Pick<ProjectService, 'image' | 'built' | 'pullPolicy'>): boolean {
  return !(built || isLocalName(image) || pullPolicy === 'never' || pullPolicy === 'build');
}

/** What `restart --pull` pulls, and for which services. */
export function pullableImages(
  model: ProjectModel,
  services: Iterable<string>,
  local: ReadonlyMap<string, EngineImage>,
): Map<string, ProjectService[]> {
  return usersByImage(model, services, (service) => isPullable(service, local.get(service.image)));
}

/** What is pulled before these services are started, and for which of them. */
export function missingImages(
  model: ProjectModel,
  services: Iterable<string>,
  local: ReadonlyMap<string, unknown>,
): Map<string, ProjectService[]> {
  return usersByImage(model, services, (service) => {
    if (service.replicas === 0 || !isPulledIfMissing(service)) return false;
    return service.pullPolicy === 'always' || !local.has(service.image);
  });
}

/** The services that need an image pulled, by image name. */
function usersByImage(
  model: ProjectModel,
  services: Iterable<string>,
  wants: (service: ProjectService) => boolean,
): Map<string, ProjectService[]> {
  const users = new Map<string, ProjectService[]>();
  for (const name of services) {
    const service = model.services.get(name);
    if (service !== undefined && wants(service))
      users.set(service.image, [...(users.get(service.image) ?? []), service]);
  }
  return users;
}

interface FailedPull {
  image: string;
  services: readonly string[];
  /** The error output of `docker pull`. */
  words: string;
}

/** @param optional images that are not marked as failed, since the one on this host can be used */
async function pullAll(wanted: WantedImages, optional: ReadonlySet<string>, context: Context): Promise<FailedPull[]> {
  const outcomes = await inParallel([...wanted], concurrency, async ([image, users]) => {
    const words = await pullImage(image, users[0]?.platform, optional.has(image), context);
    return words === undefined ? undefined : { image, services: users.map(({ name }) => name), words };
  });
  return outcomes.filter((one) => one !== undefined).sort((a, b) => (a.image < b.image ? -1 : 1));
}

/** Arguments of `docker` that pull an image. */
export function pullArguments(image: string, platform: string | undefined): string[] {
  return ['pull', ...(platform === undefined ? [] : ['--platform', platform]), image];
}

/** @returns the error output of `docker pull` if it failed */
async function pullImage(
  image: string,
  platform: string | undefined,
  optional: boolean,
  { report, signal, env }: Context,
): Promise<string | undefined> {
  report.progress(image, 'pulling');
  const args = pullArguments(image, platform);
  report.verbose(commandLine('docker', args));
  let answered: (line: string) => void = () => undefined;
  const answer = new Promise((resolve) => (answered = resolve));
  const pull = run('docker', args, { env, signal, onStdoutLine: answered });
  // The first line shows that the registry has the image; the layers may take any time.
  await new SilenceWatch(`the registry of ${image}`, report).while(Promise.race([answer, pull]));
  const result = await pull;
  if (result.code === 0) {
    report.progress(image, 'pulled', 'done');
    return undefined;
  }
  report.progress(image, 'not pulled', optional ? 'done' : 'failed');
  return result.stderr.trim();
}

async function pullError(
  failed: readonly FailedPull[],
  project: ComposeProject,
  context: Context,
): Promise<LaconicError> {
  const lines: string[] = [];
  const hints = new Set<string>();
  for (const { image, services, words } of failed) {
    const { why, hint } = explainPull(image, words);
    lines.push(`service ${services.join(', ')}: cannot pull the image ${image}: ${why}`);
    for (const service of services) {
      const place = await placeOfImage(project, service);
      if (place !== undefined) lines.push(`  set at ${place}`);
    }
    if (hint === undefined) lines.push(`  docker pull reported: ${words}`);
    else context.report.verbose(`docker pull ${image}: ${words}`);
    hints.add(hint ?? `try it by hand: docker pull ${image}`);
  }
  return new LaconicError(lines.join('\n'), { hint: [...hints].join('\n') });
}

/**
 * Refuses to start services whose `:local` image was not built: the engine would ask a registry that never has it.
 * @throws LaconicError
 */
export function checkLocalImages(
  { stack }: Pick<ComposeProject, 'stack'>,
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
  throw new LaconicError(missing.join('\n'), { hint: buildHint(stack) });
}
