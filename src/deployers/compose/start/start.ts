import type { Spec } from '../../../spec/model.js';
import { ExitError, InterruptedError } from '../../../system/errors.js';
import type { Context } from '../../../system/context.js';
import type { StartOptions } from '../../deployer.js';
import { steadyTime } from '../../readiness/steady.js';
import type { Checksums } from '../project/start-record.js';
import { Deadline } from '../../readiness/wait-timeout.js';
import { type Watch, watchProject } from '../ready/watch-project.js';
import { recoverContainers } from './recover-containers.js';
import { listedContainers, type ObservedContainer, observeContainers } from '../resources/observe.js';
import { orphansOf, removeOrphans } from './orphans.js';
import { callsOf, type StartPlan } from './plan-recreation.js';
import { keptTexts, reasonText } from './plan-text.js';
import type { ComposeProject } from '../cli/project.js';
import { checkLocalImages, localImages, pullImages, pullMissingImages } from './pull.js';
import { decideStart, type ReadingDeps, readStart, type StartSubject } from './start-reading.js';
import { recordEnded, type StartedRecord, type StartedService, writeStarted } from '../project/start-record.js';
import { portFailure, upAttached, upDetached } from './up.js';
import { type MovedVolume, planVolumes, removeMoved } from '../resources/volumes.js';
import { waitForServices } from '../ready/wait.js';

export interface StartDeps extends ReadingDeps {
  /** The spec of the compose files; absent for a stack that runs in place. */
  spec?: Spec;
  /** Whether to remove containers of services that left the compose files. False if the files are a selection. */
  removeOrphans: boolean;
  /**
   * Called once when all containers have been started, before the wait for readiness; for an attached start while their
   * output is shown.
   */
  afterUp: () => Promise<void>;
}

/**
 * Starts the services of a Compose project as its files define, and waits until they are ready. If nothing has to be
 * done, `up` is not called. Completed one-shots are not run again, except as a dependency of a service that is started
 * or recreated: Compose then runs them first.
 * @returns whether a container was created, started or removed
 * @throws LaconicError; InterruptedError
 */
export async function startProject(project: ComposeProject, options: StartOptions, deps: StartDeps): Promise<boolean> {
  // Only jobs: nothing runs permanently.
  if (project.files.length === 0) {
    deps.context.report.info('the stack has no services: there is nothing to start');
    await deps.afterUp();
    return false;
  }
  const { context, engine } = deps;
  const read = await readStart(project, options, deps);
  const start: Start = { ...read.subject, deps };
  let { containers } = read;
  const mended = await recoverContainers(containers, engine, context);
  if (mended) containers = await observeContainers(engine, project.name);
  const moved = await planVolumes(start.model, engine, options.acceptNewPath, context);
  if (moved.length > 0) {
    await removeMoved(moved, engine, context);
    containers = await observeContainers(engine, project.name);
  }
  const whole = options.services.length === 0 && deps.removeOrphans;
  const orphans = whole ? await orphansOf(start.project, start.model, containers, context) : [];
  await removeOrphans(orphans, engine, context);
  if (options.compose?.pull) await pullImages(start.model, start.selected, engine, start.project, context);
  if (options.compose?.attached) {
    await runAttachedStart(start);
    return true;
  }
  const acted = await runDetachedStart(start, containers, moved);
  return acted || mended || moved.length + orphans.length > 0;
}

interface Start extends StartSubject {
  deps: StartDeps;
}

/** @returns whether there was anything to do for Compose */
async function runDetachedStart(
  start: Start,
  containers: readonly ObservedContainer[],
  moved: readonly MovedVolume[],
): Promise<boolean> {
  const { project, model, options, deps } = start;
  const { context, engine } = deps;
  const deadline = new Deadline(options.waitTimeout);
  const { plan, images, contents } = await decideStart(start, containers, moved, deps);
  await pullMissingImages(model, plan.steps.keys(), images, project, context);
  const watch = options.wait ? await watchProject(engine, project.name, context.signal) : undefined;
  const acted = plan.steps.size > 0;
  try {
    await carryOut(start, plan, deadline);
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
  return acted;
}

/**
 * Waits until the services are ready, and records which containers started by this start have completed on their own.
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
    // A container that ran before this start may have received a signal before the watch began.
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

/** Calls `up` for the services in the plan. */
async function carryOut(start: Start, plan: StartPlan, deadline: Deadline): Promise<void> {
  const { project, model, deps } = start;
  const { engine, context, spec } = deps;
  const { report } = context;
  const request = { project, model, services: expectedContainers(start), spec, engine, context };
  for (const [service, { why }] of plan.steps) {
    report.verbose(`plan: ${service} is touched: ${reasonText(why)}`);
    // Reasons that the compose files do not show.
    if (why.kind === 'contents' || why.kind === 'image') report.info(`${service} is recreated: ${reasonText(why)}`);
  }
  for (const [service, why] of plan.kept) report.verbose(`plan: ${service} is left alone: ${keptTexts[why]}`);
  for (const { names, recreate } of callsOf(plan)) await upDetached(request, names, deadline, { recreate });
}

function expectedContainers({ model, selected }: Start): Map<string, number> {
  return new Map([...selected].map((name) => [name, model.services.get(name)?.replicas ?? 0]));
}

/** Records what the containers were created from; records of other services are kept. */
async function remember(
  { model, selected, options, record, deps }: Start,
  containers: readonly ObservedContainer[],
  contents: ReadonlyMap<string, Checksums>,
): Promise<void> {
  const services = Object.fromEntries(
    [...selected].flatMap((name) => {
      const service = model.services.get(name);
      const ids = listedContainers(name, containers)
        .map((one) => one.container.id)
        .sort();
      if (service === undefined) return [];
      const { fingerprint, parts } = service;
      const made = { containers: ids, fingerprint, parts, contents: contents.get(name) ?? {} };
      return [[name, { ...made, ...endedOf(record, name, ids) }]];
    }),
  );
  const whole = options.services.length === 0;
  await writeStarted(deps.startedFile, {
    networksAndVolumes: whole ? model.fingerprint : record?.networksAndVolumes,
    shared: whole ? model.shared : record?.shared,
    services: whole ? services : { ...record?.services, ...services },
    volumes: [...new Set([...(record?.volumes ?? []), ...model.volumes.map(({ name }) => name)])].sort(),
  });
}

/** The recorded completion of these containers of a service. */
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
  // Ends the wait for containers if Compose ends before all of them have started.
  const ended = new AbortController();
  const inner: Context = { ...context, signal: AbortSignal.any([context.signal, ended.signal]) };
  const images = await localImages(model, selected, engine);
  checkLocalImages(project, model, selected, images);
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
  // Reported when Compose has ended: its output continues until then.
  watching.catch(() => undefined);
  const code = await upAttached(project, options.services, context);
  ended.abort();
  await watching;
  if (context.signal.aborted) throw new InterruptedError();
  if (code !== 0) throw (await portFailure({ project, spec: deps.spec, engine }, undefined)) ?? new ExitError(code);
}
