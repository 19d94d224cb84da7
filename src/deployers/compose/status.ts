import type { Context } from '../../system/context.js';
import { InterruptedError, LaconicError } from '../../system/errors.js';
import type { ContainerStatus, OutputFormat } from '../deployer.js';
import { isDegraded, missingServices, renderStatus, renderStatusJson } from '../status-text.js';

/**
 * What `status` prints of a project's containers (02 §7.5, decision 32). Services without a container are named on stderr: scripts read one
 * line per container on stdout (decision 31). Files that cannot be read must not hide what runs: then they are only told to be so,
 * unless the answer depends on them.
 * @param services the services that should have a container
 */
export async function projectStatus(
  containers: readonly ContainerStatus[],
  services: () => Promise<string[]>,
  { format, judged }: { format: OutputFormat; judged: boolean },
  context: Context,
): Promise<{ output: string; degraded: boolean }> {
  const needed = judged || format === 'json';
  const expected = await (needed ? services() : ifReadable(services, context));
  const missing = missingServices(containers, expected);
  if (format === 'text' && missing.length > 0) context.report.info(`no container: ${missing.join(', ')}`);
  const output = format === 'json' ? renderStatusJson(containers, expected) : renderStatus(containers);
  return { output, degraded: isDegraded(containers, expected) };
}

async function ifReadable(services: () => Promise<string[]>, { report }: Context): Promise<string[]> {
  return services().catch((error: unknown) => {
    if (!(error instanceof LaconicError) || error instanceof InterruptedError) throw error;
    report.warn(`cannot tell which services have no container: ${error.message}`);
    return [];
  });
}
