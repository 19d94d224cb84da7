import { mapOf } from '../system/plain-map.js';
import type { ComposeFile } from './file.js';

/**
 * How a compose file itself says where a volume is, in its own words: `external`, `driver_opts` (NFS, CIFS, a
 * directory), a driver that is not Docker's own. Undefined for a volume that may be anywhere: any directory can take
 * its place.
 */
export function ownDefinition(file: ComposeFile, volume: string): string | undefined {
  const definition = mapOf(mapOf(mapOf(file.yaml.value).volumes)[volume]);
  const { external, driver, driver_opts: options } = definition;
  // Before Compose v2 it could be a map with the name.
  if (external !== undefined && external !== null && external !== false) return 'external';
  if (Object.keys(mapOf(options)).length > 0) return 'driver_opts';
  return typeof driver === 'string' && driver !== 'local' ? `driver: ${driver}` : undefined;
}
