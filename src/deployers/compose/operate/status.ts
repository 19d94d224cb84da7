import type { BehindPart } from '../../../deployment/directory/changed-sources.js';
import type { Context } from '../../../system/context.js';
import { isExplained } from '../../../system/errors.js';
import type { ContainerStatus, OutputFormat } from '../../deployer.js';
import { isDegraded, missingServices, renderStatus, renderStatusJson } from '../../status-output.js';
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
 * Renders `status` of a project's containers. Services without a container are reported on stderr: scripts read one
 * line per container on stdout. Unreadable files must not hide what runs: they only cause a warning, unless the result
 * depends on them.
 * @returns the output, and whether the deployment is degraded
 */
export async function projectStatus(
  input: StatusInput,
  { format, judged, behind }: { format: OutputFormat; judged: boolean; behind: readonly BehindPart[] },
  context: Context,
): Promise<{ output: string; degraded: boolean }> {
  const needed = judged || format === 'json';
  const model = await (needed ? input.model() : ifReadable(input.model, context));
  const expected = [...(model?.services.values() ?? [])].filter(({ replicas }) => replicas > 0).map(({ name }) => name);
  const work = { awaited: model === undefined ? new Set<string>() : awaitedServices(model), record: input.record };
  const containers = input.containers.map((one) => {
    const endedWell = one.state === 'exited' && one.exitCode === 0 && !one.keptRunning;
    const { id, service, finishedAt } = one;
    return endedWell && didItsWork({ id, service, finishedAt }, work) ? { ...one, completed: true } : one;
  });
  const missing = missingServices(containers, expected);
  if (format === 'text' && missing.length > 0) context.report.info(`no container: ${missing.join(', ')}`);
  const output = format === 'json' ? renderStatusJson(containers, expected, behind) : renderStatus(containers);
  return { output, degraded: isDegraded(containers, expected) };
}

async function ifReadable(model: StatusInput['model'], { report }: Context): Promise<ProjectModel | undefined> {
  return model().catch((error: unknown) => {
    if (!isExplained(error)) throw error;
    report.warn(`cannot tell which services have no container: ${error.message}`);
    return undefined;
  });
}
