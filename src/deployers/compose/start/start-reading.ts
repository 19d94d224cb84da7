import { checkImageServices, setActiveImages } from '../../../deployment/images/image-overrides.js';
import type { Engine } from '../../../engine/connect.js';
import type { ProjectContainer } from '../../../engine/containers.js';
import type { EngineImage } from '../../../engine/images.js';
import type { Context } from '../../../system/context.js';
import type { StartOptions } from '../../deployer.js';
import { checksumsOf } from './bind-files.js';
import type { Checksums } from '../project/start-record.js';
import { composeHashes, loadModel, type ProjectModel, withDependencies } from '../cli/project-model.js';
import { type ObservedContainer, observeContainers, observeListed } from '../resources/observe.js';
import { planStart, type StartPlan, unrecorded } from './plan-recreation.js';
import type { ComposeProject } from '../cli/project.js';
import { checkLocalImages, localImages } from './pull.js';
import { readStarted, type StartedRecord } from '../project/start-record.js';
import { type MovedVolume, movedServices } from '../resources/volumes.js';

/** What is needed to read a project before it is started. */
export interface ReadingDeps {
  context: Context;
  engine: Engine;
  /** `.laconic/started.json`, or a temporary file for a project without a deployment directory. */
  startedFile: string;
  /** Path of the compose file for `options.images`; a dry run does not write it. */
  imagesFile: string;
  /** The project's containers, when they were listed just before. */
  listed?: readonly ProjectContainer[];
}

/** What a start is planned from, besides the containers and images. */
export interface StartSubject {
  project: ComposeProject;
  model: ProjectModel;
  /** The services to start, including dependencies. */
  selected: ReadonlySet<string>;
  options: StartOptions;
  record: StartedRecord | undefined;
}

/**
 * Reads a project and its containers for a start. Writes the file for `options.images`, if there are any, but nothing
 * in a dry run.
 * @throws LaconicError
 */
export async function readStart(
  project: ComposeProject,
  options: StartOptions,
  deps: ReadingDeps,
): Promise<{ subject: StartSubject; containers: ObservedContainer[] }> {
  const { engine, listed } = deps;
  const [loaded, containers, record] = await Promise.all([
    loadWithImages(project, options, deps),
    listed === undefined ? observeContainers(engine, project.name) : observeListed(engine, listed),
    readStarted(deps.startedFile),
  ]);
  const selected = withDependencies(loaded.model, options.services);
  return { subject: { ...loaded, options, record, selected }, containers };
}

async function loadWithImages(
  project: ComposeProject,
  { images, services, restart }: StartOptions,
  { context, imagesFile }: ReadingDeps,
): Promise<{ project: ComposeProject; model: ProjectModel }> {
  const own = { ...project, files: project.files.filter((file) => file !== imagesFile) };
  // A restart drops images of earlier restarts that are not given again. Its dry run leaves them in the file.
  const asked = restart === true ? own : project;
  const model = await loadModel(asked, services, context);
  if (images.size === 0) return { project: asked, model };
  checkImageServices(images, [...model.services.keys()]);
  const overridden = { ...project, files: [...own.files, imagesFile] };
  if (context.options.dryRun) return { project: overridden, model: await loadModel(asked, services, context, images) };
  await setActiveImages(imagesFile, images);
  return { project: overridden, model: await loadModel(overridden, services, context) };
}

/** Checksums of the content that containers keep, by selected service. */
async function contentsOf({ model, selected }: StartSubject): Promise<Map<string, Checksums>> {
  const services = [...selected].flatMap((name) => model.services.get(name) ?? []);
  return new Map(await Promise.all(services.map(async (one) => [one.name, await checksumsOf(one)] as const)));
}

/**
 * Plans a start from the present containers and images; used by a start and by its dry run.
 * @param moved volumes whose objects are removed before; their containers are not in `containers`
 * @throws LaconicError if an image that is built on this host does not exist
 */
export async function decideStart(
  subject: StartSubject,
  containers: readonly ObservedContainer[],
  moved: readonly MovedVolume[],
  { engine, context }: Pick<ReadingDeps, 'engine' | 'context'>,
): Promise<{ plan: StartPlan; images: Map<string, EngineImage>; contents: Map<string, Checksums> }> {
  const { project, model, selected, options, record } = subject;
  const [images, contents] = await Promise.all([localImages(model, selected, engine), contentsOf(subject)]);
  const known = { model, selected, named: new Set(options.services), containers, record };
  const hashes = unrecorded(known) ? await composeHashes(project, context) : new Map<string, string>();
  const imageIds = new Map([...images].map(([name, image]) => [name, image.id]));
  const plan = planStart({ ...known, moved: movedServices(moved), imageIds, hashes, contents });
  checkLocalImages(project, model, plan.steps.keys(), images);
  return { plan, images, contents };
}
