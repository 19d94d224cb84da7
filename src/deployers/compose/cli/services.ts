import type { Context } from '../../../system/context.js';
import { CommandFailedError, LaconicError } from '../../../system/errors.js';
import { didYouMean } from '../../../system/suggest.js';
import { composeOrFail } from './compose-cli.js';
import type { ComposeProject } from './project.js';

/**
 * The names of all services in the project's compose files, including those of profiles, in alphabetical order. Empty
 * if the project has no files: Compose would look for one in the current directory.
 * @throws CommandFailedError with Compose's message if it cannot use the files
 */
export async function listServices(project: ComposeProject, context: Context): Promise<string[]> {
  if (project.files.length === 0) return [];
  const args = ['--profile', '*', 'config', '--services'];
  const { stdout } = await composeOrFail('cannot read the compose files', project, args, context);
  return stdout
    .split('\n')
    .filter((name) => name !== '')
    .sort();
}

/** The error for unknown services: all of them, near misses, and the valid names. */
export function unknownServices(names: readonly string[], services: readonly string[], also = ''): LaconicError {
  const lines = names.map((name) => `no such service: ${name}${didYouMean(name, services)}${also}`);
  return new LaconicError(lines.join('\n'), {
    hint: services.length === 0 ? 'this deployment has no services' : `services: ${services.join(', ')}`,
  });
}

/**
 * Explains a failed call of Compose with service names: {@link unknownServices} if a name is unknown, else the same
 * error.
 */
export async function explainUnknownService(
  error: unknown,
  names: readonly string[],
  project: ComposeProject,
  context: Context,
): Promise<unknown> {
  if (!(error instanceof CommandFailedError) || !error.stderr.includes('no such service: ')) return error;
  const services = await listServices(project, context);
  const unknown = names.filter((name) => !services.includes(name));
  if (unknown.length === 0) return error;
  const job = unknown.every((name) => project.jobFiles.has(name)) ? ' (it is a job: see run-job)' : '';
  return unknownServices(unknown, services, job);
}
