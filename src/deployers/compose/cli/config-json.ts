import type { Context } from '../../../system/context.js';
import { LaconicError } from '../../../system/errors.js';
import { composeOrFail } from './compose-cli.js';
import type { ComposeProject } from './project.js';

/**
 * Reads a project as Docker Compose does, with the services of every profile.
 * @param what the start of the error message, such as `cannot read the job`
 * @throws LaconicError for files that Compose cannot use
 */
export async function readWholeConfig(
  what: string,
  project: ComposeProject,
  context: Context,
): Promise<Readonly<Record<string, unknown>>> {
  const args = ['--profile', '*', 'config', '--format', 'json'];
  return parseConfigJson((await composeOrFail(what, project, args, context)).stdout);
}

/**
 * Parses the output of `docker compose config --format json`.
 * @throws LaconicError if it is not a JSON object: another program called `docker` on the PATH
 */
export function parseConfigJson(text: string): Readonly<Record<string, unknown>> {
  const hint = 'is another program called docker on the PATH? docker compose version must answer';
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw new LaconicError('docker compose config printed no JSON', { hint, cause: error });
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new LaconicError('docker compose config printed no map of services', { hint });
  }
  return { ...value };
}
