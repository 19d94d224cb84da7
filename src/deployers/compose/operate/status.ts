import type { Context } from '../../../system/context.js';
import { isExplained } from '../../../system/errors.js';
import type { ContainerStatus, DeploymentStatus } from '../../status.js';
import { awaitedServices, didItsWork } from '../ready/completed.js';
import type { ProjectModel } from '../cli/project-model.js';
import type { StartedRecord } from '../project/start-record.js';

/** What a status is based on: the containers, and facts about the project. */
export interface StatusInput {
  readonly containers: readonly ContainerStatus[];
  /** Loads the model; undefined for a project without files. */
  readonly model: () => Promise<ProjectModel | undefined>;
  readonly record: StartedRecord | undefined;
}

/**
 * Returns the status of a project, without what it is behind. Unreadable files must not hide what runs: they only cause
 * a warning, unless the result depends on them.
 * @param judged whether `degraded` is used
 */
export async function projectStatus(
  input: StatusInput,
  judged: boolean,
  context: Context,
): Promise<Omit<DeploymentStatus, 'behind'>> {
  const model = await (judged ? input.model() : ifReadable(input.model, context));
  const expected = [...(model?.services.values() ?? [])].filter(({ replicas }) => replicas > 0).map(({ name }) => name);
  const work = { awaited: model === undefined ? new Set<string>() : awaitedServices(model), record: input.record };
  const containers = input.containers.map((one) => {
    const endedWell = one.state === 'exited' && one.exitCode === 0 && !one.keptRunning;
    const { id, service, finishedAt } = one;
    return endedWell && didItsWork({ id, service, finishedAt }, work) ? { ...one, completed: true } : one;
  });
  const missing = missingServices(containers, expected);
  return { degraded: missing.length > 0 || containers.some(isDegraded), missing, warnings: [], containers };
}

/** Returns the expected services without a container. Containers of jobs do not count. */
export function missingServices(containers: readonly ContainerStatus[], expected: readonly string[]): string[] {
  const present = new Set(containers.filter(({ job }) => !job).map(({ service }) => service));
  return expected.filter((service) => !present.has(service));
}

/**
 * Whether a container degrades its deployment: it is neither running nor a completed one-shot, or is unhealthy. One
 * whose healthcheck is still starting does not, nor does a job.
 */
export function isDegraded({ job, state, health, completed }: ContainerStatus): boolean {
  if (job) return false;
  return state === 'running' ? health === 'unhealthy' : !completed;
}

async function ifReadable(model: StatusInput['model'], { report }: Context): Promise<ProjectModel | undefined> {
  return model().catch((error: unknown) => {
    if (!isExplained(error)) throw error;
    report.warn(`cannot tell which services have no container: ${error.message}`);
    return undefined;
  });
}
