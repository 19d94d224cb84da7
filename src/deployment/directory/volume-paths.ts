import { isAbsolute, relative, resolve } from 'node:path';
import { expandHome } from '../../system/files/path-names.js';

/** The location of a volume in the spec. */
export interface VolumePlace {
  /** Absolute path on the host, normalised. */
  path: string;
  /** Whether the spec has a path relative to the deployment directory. */
  relative: boolean;
  /** The path for the compose file: relative to its own directory, or absolute. */
  device: string;
}

/**
 * Resolves a volume path of the spec: `~` is the home directory; any path that is not absolute (`./data/x`, `data/x`,
 * `../x`) is relative to the deployment directory.
 * @param deploymentDirectory absolute
 */
export function placeVolume(value: string, deploymentDirectory: string, home: string): VolumePlace {
  const expanded = expandHome(value, home);
  if (isAbsolute(expanded)) return { path: resolve(expanded), relative: false, device: expanded };
  const path = resolve(deploymentDirectory, expanded);
  const below = relative(deploymentDirectory, path);
  return { path, relative: true, device: below === '' ? '..' : `../${below}` };
}
