import type { Engine } from '../../../engine/connect.js';
import { inspectContainer, listProjectContainers, type ProjectContainer } from '../../../engine/containers.js';
import type { Context } from '../../../system/context.js';
import { LaconicError } from '../../../system/errors.js';
import type { ComposeProject } from '../cli/project.js';
import { listServices, unknownServices } from '../cli/services.js';

/**
 * Finds the running container of a service with Compose's number `index`, never that of a job.
 * @throws LaconicError that distinguishes: no such service, no such container, not running (with its exit code)
 */
export async function runningContainer(
  project: ComposeProject,
  { service, index }: { service: string; index: number },
  engine: Engine,
  context: Context,
): Promise<ProjectContainer> {
  const all = await listProjectContainers(engine, project.name);
  const own = all.filter((container) => container.service === service && !container.oneOff);
  const found = own.find(({ number }) => number === index);
  if (found === undefined) {
    if (own.length > 0) {
      const numbers = own.map(({ number }) => number).sort((a, b) => a - b);
      throw new LaconicError(`service "${service}" has no container ${index}, only ${numbers.join(', ')}`);
    }
    const services = await listServices(project, context);
    if (!services.includes(service)) throw unknownServices([service], services, jobNote(service, project));
    throw new LaconicError(`service "${service}" is not running: it has no container`, { hint: 'start it first' });
  }
  if (found.state === 'running') return found;
  const details = await inspectContainer(engine, found.id);
  const code = details && found.state !== 'created' ? ` with code ${details.State.ExitCode}` : '';
  throw new LaconicError(
    `service "${service}" is not running: its container ${found.name} is ${found.state === 'exited' ? `exited${code}` : found.state}`,
    { hint: `its output: logs ${service}` },
  );
}

function jobNote(name: string, project: ComposeProject): string {
  return project.jobFiles.has(name) ? ' (it is a job: see run-job)' : '';
}
