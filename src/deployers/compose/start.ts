import type { Engine } from '../../engine/connect.js';
import type { ProjectContainer } from '../../engine/containers.js';
import type { Spec } from '../../spec/model.js';
import type { Context } from '../../system/context.js';
import { ExitError, InterruptedError } from '../../system/errors.js';
import type { StartOptions } from '../deployer.js';
import { steadyTime } from '../steady.js';
import { type Checksums, checksumsOf } from './bind-files.js';
import { Deadline } from './deadline.js';
import { checkImageServices, putImagesInForce } from '../../deployment/image-overrides.js';
import { type Watch, watchProject } from './inbox.js';
import { mendLeftovers } from './interrupted.js';
import { composeHashes, loadModel, type ProjectModel, withDependencies } from './model.js';
import { containersOf, type ObservedContainer, observeContainers, observeListed } from './observe.js';
import { removeOrphans } from './orphans.js';
import { planStart, type PlanInput, type StartPlan, unrecorded } from './plan.js';
import type { ComposeProject } from './project.js';
import { checkLocalImages, localImages, pullImages, pullMissingImages } from './pull.js';
import { readStarted, recordEnded, type StartedRecord, type StartedService, writeStarted } from './started.js';
import { portProblem, upAttached, upDetached } from './up.js';
import { fitVolumes } from './volumes.js';
import { waitForServices } from './wait.js';

export interface StartDeps {
  context: Context;
  engine: Engine;
  /** `.laconic/started.json`, or a temporary file for a project without a deployment directory. */
  startedFile: string;
  /** Where the compose file for `options.images` is written. */
  imagesFile: string;
  /** The project's containers, when they were listed just before. */
  listed?: readonly ProjectContainer[];
  /** What the compose files were made from; absent for a stack that runs in place. */
  spec?: Spec;
  /** Containers of services that left the compose files are removed. False where the files are a selection. */
  removeOrphans: boolean;
  /**
   * Called once, when all containers were started and before the wait for their readiness; attached, while their output
   * runs (weakness 25 of 02 §13).
   */
  afterUp: () => Promise<void>;
}

/**
 * Makes the services of a Compose project run as its files say, and waits until they are ready (02 §7.1, decisions 13–16). Does
 * nothing, and does not call `up`, where nothing is to be done. One-shots that completed are not run again, except as a
 * dependency of a service that is started or made anew: Compose runs them before it, as their order asks.
 * @throws LaconicError; InterruptedError
 */
export async function startProject(project: ComposeProject, options: StartOptions, deps: StartDeps): Promise<void> {
  // Only jobs: nothing runs between them.
  if (project.files.length === 0) {
    await deps.afterUp();
    return;
  }
  const { context, engine } = deps;
  const [loaded, present, record] = await Promise.all([
    loadWithImages(project, options, deps),
    deps.listed === undefined ? observeContainers(engine, project.name) : observeListed(engine, deps.listed),
    readStarted(deps.startedFile),
  ]);
  const start: Start = { ...loaded, options, deps, record, selected: withDependencies(loaded.model, options.services) };
  let containers = present;
  if (await mendLeftovers(containers, engine, context)) containers = await observeContainers(engine, project.name);
  if (await fitVolumes(start.model, engine, options.acceptNewPath, context)) {
    containers = await observeContainers(engine, project.name);
  }
  if (options.services.length === 0 && deps.removeOrphans) {
    await removeOrphans(start.project, start.model, containers, engine, context);
  }
  if (options.pull) await pullImages(start.model, start.selected, engine, start.project, context);
  await (options.attached ? runAttachedStart(start) : runDetachedStart(start, containers));
}

/** One start under way. */
interface Start {
  project: ComposeProject;
  model: ProjectModel;
  /** The services to start, dependencies included. */
  selected: ReadonlySet<string>;
  options: StartOptions;
  deps: StartDeps;
  record: StartedRecord | undefined;
}

async function loadWithImages(
  project: ComposeProject,
  { images, services }: StartOptions,
  { context, imagesFile }: StartDeps,
): Promise<{ project: ComposeProject; model: ProjectModel }> {
  const model = await loadModel(project, services, context);
  if (images.size === 0) return { project, model };
  checkImageServices(images, [...model.services.keys()]);
  await putImagesInForce(imagesFile, images);
  const overridden = { ...project, files: [...project.files.filter((file) => file !== imagesFile), imagesFile] };
  return { project: overridden, model: await loadModel(overridden, services, context) };
}

async function runDetachedStart(start: Start, containers: readonly ObservedContainer[]): Promise<void> {
  const { project, options, deps } = start;
  const { context, engine } = deps;
  const deadline = new Deadline(options.waitTimeout);
  const contents = await checksums(start);
  const plan = await makePlan(start, containers, contents);
  const watch = options.wait ? await watchProject(engine, project.name, context.signal) : undefined;
  try {
    const acted = await carryOut(start, plan, deadline);
    await remember(start, acted ? await observeContainers(engine, project.name) : containers, contents);
    await deps.afterUp();
    if (watch !== undefined) {
      deadline.begin();
      await awaitReadiness(start, { before: containers, unchanged: !acted }, watch, deadline);
    }
  } finally {
    watch?.end();
  }
  context.report.endProgress();
}

/**
 * Waits until the services are ready, and records which of the containers that this start started ended by themselves.
 */
async function awaitReadiness(
  start: Start,
  { before, unchanged }: { before: readonly ObservedContainer[]; unchanged: boolean },
  watch: Watch,
  deadline: Deadline,
): Promise<void> {
  const { engine, context, startedFile } = start.deps;
  const run = ({ Id: id, State: state }: ObservedContainer['details']): string => `${id} ${state.StartedAt}`;
  const earlier = new Set(before.map(({ details }) => run(details)));
  const ended = new Map<string, string>();
  const onEnded = ({ details }: ObservedContainer): void => {
    // What ran before this start may have been told to stop before anybody watched.
    if (!earlier.has(run(details))) ended.set(details.Id, details.State.FinishedAt);
  };
  const services = expectedContainers(start);
  const steadyMs = steadyTime(start.options.steadySeconds, context.env);
  const wait = { services, deadline, steadyMs, unchanged, engine, context, watch, onEnded };
  try {
    await waitForServices({ project: start.project.name, until: 'ready', ...wait });
  } finally {
    await recordEnded(startedFile, ended);
  }
}

async function checksums({ model, selected }: Start): Promise<Map<string, Checksums>> {
  const services = [...selected].flatMap((name) => model.services.get(name) ?? []);
  return new Map(await Promise.all(services.map(async (one) => [one.name, await checksumsOf(one)] as const)));
}

async function makePlan(
  start: Start,
  containers: readonly ObservedContainer[],
  contents: ReadonlyMap<string, Checksums>,
): Promise<StartPlan> {
  const { project, model, selected, record, options, deps } = start;
  const images = await localImages(model, selected, deps.engine);
  const known: Omit<PlanInput, 'hashes' | 'contents'> = {
    model,
    selected,
    named: new Set(options.services),
    containers,
    imageIds: new Map([...images].map(([name, image]) => [name, image.id])),
    record,
  };
  const hashes = unrecorded(known) ? await composeHashes(project, deps.context) : new Map<string, string>();
  const plan = planStart({ ...known, hashes, contents });
  const changing = [...plan.up.keys(), ...plan.stale.keys()];
  checkLocalImages(model, changing, images);
  await pullMissingImages(model, changing, images, project, deps.context);
  return plan;
}

/** Calls `up` for what the plan names. @returns false when there was nothing to do */
async function carryOut(start: Start, plan: StartPlan, deadline: Deadline): Promise<boolean> {
  const { project, model, deps } = start;
  const { report } = deps.context;
  const { engine, context, spec } = deps;
  const request = { project, model, services: expectedContainers(start), spec, engine, context };
  for (const [service, reason] of plan.up) report.verbose(`plan: ${service} is touched: ${reason}`);
  for (const [service, reason] of plan.kept) report.verbose(`plan: ${service} is left alone: ${reason}`);
  if (plan.stale.size > 0) {
    for (const [service, changed] of plan.stale) {
      report.info(`${service} is made anew: ${changed.join(', ')} changed since it was created`);
    }
    await upDetached(request, [...plan.stale.keys()], deadline, { recreate: true });
  }
  const rest = [...plan.up.keys()].filter((service) => !plan.stale.has(service));
  if (rest.length > 0) await upDetached(request, rest, deadline, { recreate: false });
  return plan.stale.size + rest.length > 0;
}

function expectedContainers({ model, selected }: Start): Map<string, number> {
  return new Map([...selected].map((name) => [name, model.services.get(name)?.replicas ?? 0]));
}

/** Records what the containers were made from; what was recorded of other services stays. */
async function remember(
  { model, selected, options, record, deps }: Start,
  containers: readonly ObservedContainer[],
  contents: ReadonlyMap<string, Checksums>,
): Promise<void> {
  const services = Object.fromEntries(
    [...selected].flatMap((name) => {
      const service = model.services.get(name);
      const ids = containersOf(name, containers)
        .map((one) => one.container.id)
        .sort();
      if (service === undefined) return [];
      const { fingerprint } = service;
      return [
        [name, { containers: ids, fingerprint, contents: contents.get(name) ?? {}, ...endedOf(record, name, ids) }],
      ];
    }),
  );
  const whole = options.services.length === 0;
  await writeStarted(deps.startedFile, {
    networksAndVolumes: whole ? model.fingerprint : record?.networksAndVolumes,
    services: whole ? services : { ...record?.services, ...services },
    volumes: [...new Set([...(record?.volumes ?? []), ...model.volumes.map(({ name }) => name)])].sort(),
  });
}

/** What was recorded before of the end of these containers of a service. */
function endedOf(
  record: StartedRecord | undefined,
  service: string,
  ids: readonly string[],
): Pick<StartedService, 'ended'> {
  const ended = Object.entries(record?.services[service]?.ended ?? {}).filter(([id]) => ids.includes(id));
  return ended.length === 0 ? {} : { ended: Object.fromEntries(ended) };
}

async function runAttachedStart(start: Start): Promise<void> {
  const { project, model, selected, options, deps } = start;
  const { context, engine } = deps;
  // Ends the wait for the containers when Compose ends before they all started.
  const ended = new AbortController();
  const inner: Context = { ...context, signal: AbortSignal.any([context.signal, ended.signal]) };
  const images = await localImages(model, selected, engine);
  checkLocalImages(model, selected, images);
  await pullMissingImages(model, selected, images, project, context);
  const services = expectedContainers(start);
  const deadline = new Deadline(undefined);
  const request = {
    project: project.name,
    services,
    until: 'started' as const,
    deadline,
    steadyMs: 0,
    engine,
    context: inner,
  };
  const watching = waitForServices(request)
    .then(deps.afterUp)
    .catch((error: unknown) => {
      if (!(error instanceof InterruptedError)) throw error;
    });
  // Told when Compose has ended: the output goes on until then.
  watching.catch(() => undefined);
  const code = await upAttached(project, options.services, context);
  ended.abort();
  await watching;
  if (context.signal.aborted) throw new InterruptedError();
  if (code !== 0) throw (await portProblem({ project, spec: deps.spec, engine }, undefined)) ?? new ExitError(code);
}
