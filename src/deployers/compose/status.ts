import type { BehindPart } from '../../deployment/behind.js';
import type { Context } from '../../system/context.js';
import { InterruptedError, LaconicError } from '../../system/errors.js';
import type { ContainerStatus, OutputFormat } from '../deployer.js';
import { isDegraded, missingServices, renderStatus, renderStatusJson } from '../status-text.js';
import { awaitedServices, didItsWork } from './completed.js';
import type { ProjectModel } from './model.js';
import type { StartedRecord } from './started.js';

/** What a status is told of: the containers, and what is known of the project beside them. */
export interface StatusInput {
  readonly containers: readonly ContainerStatus[];
  /** What Compose makes of the files; undefined for a project without any. */
  readonly model: () => Promise<ProjectModel | undefined>;
  readonly record: StartedRecord | undefined;
}

/**
 * What `status` prints of a project's containers. Services without a container are named on stderr: scripts read one
 * line per container on stdout. Files that cannot be read must not hide what runs: then they are only told to be so,
 * unless the answer depends on them.
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
    if (!(error instanceof LaconicError) || error instanceof InterruptedError) throw error;
    report.warn(`cannot tell which services have no container: ${error.message}`);
    return undefined;
  });
}
