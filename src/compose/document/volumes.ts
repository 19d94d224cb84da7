import { mapOf } from '../../system/plain-map.js';
import type { ComposeFile } from './file.js';

/**
 * How the compose file itself defines the location of a volume: `external`, `driver_opts` (NFS, CIFS, a directory), or
 * a driver other than Docker's own. Undefined for a volume without a location, which can be replaced by any directory.
 */
export function ownDefinition(file: ComposeFile, volume: string): string | undefined {
  const definition = mapOf(mapOf(mapOf(file.yaml.value).volumes)[volume]);
  const { external, driver, driver_opts: options } = definition;
  // Before Compose v2, `external` could be a map with the name.
  if (external !== undefined && external !== null && external !== false) return 'external';
  if (Object.keys(mapOf(options)).length > 0) return 'driver_opts';
  return typeof driver === 'string' && driver !== 'local' ? `driver: ${driver}` : undefined;
}
