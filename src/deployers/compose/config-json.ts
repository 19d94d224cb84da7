import { LaconicError } from '../../system/errors.js';

/**
 * What `docker compose config --format json` printed, as a map.
 * @throws LaconicError for anything else: a broken or foreign `docker` on the PATH
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
