import { isAbsolute, relative, resolve } from 'node:path';
import { expandHome } from '../system/path-names.js';

/** Where a volume of the spec lives. */
export interface VolumePlace {
  /** Absolute path on the host, normalised. */
  path: string;
  /** True when the spec gives a path relative to the deployment directory. */
  relative: boolean;
  /** What the compose file says: relative to its own directory, or absolute. */
  device: string;
}

/**
 * Resolves a volume path of the spec: `~` is the home directory, everything not absolute is relative to the deployment
 * directory — `./data/x`, `data/x` and `../x` alike.
 * @param deploymentDirectory absolute
 */
export function placeVolume(value: string, deploymentDirectory: string, home: string): VolumePlace {
  const expanded = expandHome(value, home);
  if (isAbsolute(expanded)) return { path: resolve(expanded), relative: false, device: expanded };
  const path = resolve(deploymentDirectory, expanded);
  const below = relative(deploymentDirectory, path);
  return { path, relative: true, device: below === '' ? '..' : `../${below}` };
}
