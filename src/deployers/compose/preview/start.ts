import type { ServiceChanges } from '../../../compose/fingerprint.js';
import type { Context } from '../../../system/context.js';
import { isExplained } from '../../../system/errors.js';
import type { PlannedChanges, StartOptions } from '../../deployer.js';
import { callArguments } from '../cli/compose-cli.js';
import { findHalfRecreated } from '../start/recover-containers.js';
import { loadModel, withDependencies } from '../cli/project-model.js';
import { listedContainers, type ObservedContainer } from '../resources/observe.js';
import { noService, orphansOf } from '../start/orphans.js';
import { callsOf, type StartPlan, type Step } from '../start/plan-recreation.js';
import { type ComposeProject, composeArguments } from '../cli/project.js';
import { missingImages, pullableImages, pullArguments } from '../start/pull.js';
import { decideStart, type ReadingDeps, readStart } from '../start/start-reading.js';
import { upArguments } from '../start/up.js';
import { type MovedVolume, planVolumes } from '../resources/volumes.js';

export interface PreviewDeps extends ReadingDeps {
  removeOrphans: boolean;
  /** Why the engine could not be asked; absent: it answers. */
  silence?: string | undefined;
  /** Changes of services by files that the command writes before it starts them. */
  pending: readonly PendingChanges[];
}

/** Changes of services that a start finds but its dry run does not, because the files are not written. */
export interface PendingChanges extends Omit<ServiceChanges, 'recreated'> {
  readonly recreated: readonly string[] | 'all';
  readonly why: Step['why'];
}

/** The changes before a start, each with its reason. */
export function pendingOf(planned: PlannedChanges | undefined): PendingChanges[] {
  if (planned === undefined) return [];
  const { variables, recreated } = planned;
  if (variables === undefined) return [{ ...planned, why: { kind: 'update' } }];
  return recreated.map((name) => {
    const why = { kind: 'variables', names: variables.get(name) ?? [] } as const;
    return { recreated: [name], added: [], removed: [], why };
  });
}

/** What a start of a project would do. */
export interface StartPreview {
  readonly project: ComposeProject;
  /** Services the operator named. */
  readonly named: readonly string[];
  /** Absent if the engine was not queried, and for an attached start, which is left to Compose. */
  readonly plan?: StartPlan;
  /** The services to start according to the files; absent if Compose cannot read them. */
  readonly services?: readonly string[];
  readonly silence?: string | undefined;
  readonly moved: readonly MovedVolume[];
  /** Names of containers to be removed, and why. */
  readonly removed: readonly { name: string; why: string }[];
  /** Arguments of `docker` for each call. */
  readonly commands: readonly (readonly string[])[];
}

/**
 * Determines what {@link startProject} would do now, with the same code. Read-only.
 * @throws LaconicError for what the start would refuse as well
 */
export async function previewStart(
  project: ComposeProject,
  options: StartOptions,
  deps: PreviewDeps,
): Promise<StartPreview> {
  const bare = { project, named: options.services, silence: deps.silence, moved: [], removed: [], commands: [] };
  if (project.files.length === 0) return bare;
  if (deps.silence !== undefined) {
    const model = await ifReadable(loadModel(project, options.services, deps.context), deps.context);
    const services = model && [...withDependencies(model, options.services)].sort();
    return { ...bare, ...(services && { services }), commands: [upCommand(project, options)] };
  }
  const { subject, containers } = await readStart(project, options, deps);
  const halfRecreated = findHalfRecreated(containers).filter(({ name }) => name === undefined);
  const gone = new Set(halfRecreated.map(({ container }) => container.container.id));
  const moved = await planVolumes(subject.model, deps.engine, options.acceptNewPath, deps.context);
  for (const { users } of moved) for (const { id } of users) gone.add(id);
  const left = containers.filter(({ container }) => !gone.has(container.id));
  const whole = options.services.length === 0 && deps.removeOrphans;
  const orphans = whole ? await orphansOf(subject.project, subject.model, left, deps.context) : [];
  const removed = [
    ...halfRecreated.map(({ container }) => removal(container, 'an interrupted start left it behind')),
    ...orphans.map((one) => removal(one, noService(one.container.service))),
  ];
  if (options.compose?.attached) {
    return { ...bare, moved, removed, services: [...subject.selected].sort(), commands: [upCommand(project, options)] };
  }
  const decided = await decideStart(subject, left, moved, deps);
  const plan = deps.pending.reduce(withPending, decided.plan);
  for (const name of deps.pending.flatMap((changes) => changes.removed)) {
    for (const one of listedContainers(name, left)) removed.push(removal(one, noService(name)));
  }
  const { model, selected } = subject;
  const pulls = new Map([
    ...(options.compose?.pull ? pullableImages(model, selected, decided.images) : []),
    ...missingImages(model, plan.steps.keys(), decided.images),
  ]);
  const commands = [
    ...[...pulls].map(([image, users]) => pullArguments(image, users[0]?.platform)),
    ...callsOf(plan).map(({ names, recreate }) => callArguments(subject.project, upArguments(names, { recreate }))),
  ];
  return { ...bare, project: subject.project, plan, moved, removed, commands };
}

function removal({ container }: ObservedContainer, why: string): StartPreview['removed'][number] {
  return { name: container.name, why };
}

function upCommand(project: ComposeProject, { compose, services }: StartOptions): string[] {
  return compose?.attached
    ? [...composeArguments(project), 'up', ...services]
    : callArguments(project, upArguments(services, { recreate: false }));
}

/** Undefined if the files cannot be read. A plan from the files alone refuses nothing; the command itself will. */
export async function ifReadable<T>(reading: Promise<T>, { report }: Context): Promise<T | undefined> {
  return reading.catch((error: unknown) => {
    if (!isExplained(error)) throw error;
    report.verbose(error.message);
    return undefined;
  });
}

/** Adds services that are recreated, added and removed because of files not written yet to a plan. */
export function withPending({ steps, kept }: StartPlan, { recreated, added, removed, why }: PendingChanges): StartPlan {
  const touched = new Map(steps);
  for (const name of recreated === 'all' ? kept.keys() : recreated) {
    const runs = kept.has(name) && kept.get(name) !== 'none';
    if (runs || steps.get(name)?.action === 'check') touched.set(name, { action: 'recreate', why, by: 'up' });
  }
  for (const name of added) touched.set(name, { action: 'create', why: { kind: 'absent' }, by: 'up' });
  for (const name of removed) touched.delete(name);
  const left = [...kept].filter(([name]) => !touched.has(name) && !removed.includes(name));
  return { steps: touched, kept: new Map(left) };
}
