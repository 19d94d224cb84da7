import { relative } from 'node:path';
import { homedir } from 'node:os';
import type { Spec } from '../../spec/parse.js';
import type { Problem } from '../../system/errors.js';
import { kindOf } from '../../system/files/files.js';
import { placeVolume } from '../directory/volume-paths.js';
import { isBelow } from '../../system/files/path-names.js';

/** laconic-so's own paths in a deployment directory. `config/` is not included: a volume may replace a folder there. */
const ours = new Set([
  ...['.laconic', 'ca-certificates', 'compose', 'compose-jobs', 'hooks', 'pods'],
  ...['spec.yml', 'stack.yml', 'deployment.yml', 'config.env', 'secrets.env'],
]);

const oursOnKubernetes = new Set([...ours, 'configmaps', 'binds', 'kubeconfig.yml', 'kind-config.yml']);

/**
 * Finds volume paths that would mix data of containers with files of this program: the deployment directory itself, and
 * its own files and folders. Relative paths that lead to a parent folder are included; an absolute one (`/`) is the
 * operator's decision.
 * @param root absolute path of the deployment directory
 */
export function volumesOverOurs(spec: Spec, root: string): Problem[] {
  return [...spec.volumes].flatMap(([volume, value]) => {
    if (value === undefined) return [];
    const place = placeVolume(value, root, homedir());
    const at = ['volumes', volume];
    if (place.path === root || (place.relative && isBelow(root, place.path))) {
      return [
        spec.yaml.problem(
          at,
          `${value} contains the deployment directory itself: use a separate folder, such as ./data/${volume}`,
        ),
      ];
    }
    const [first = ''] = isBelow(place.path, root) ? relative(root, place.path).split('/') : [];
    if (!(spec.deployTo === 'compose' ? ours : oursOnKubernetes).has(first)) return [];
    return [
      spec.yaml.problem(
        at,
        `${value} is where the deployment keeps its own ${first}: use another folder, such as ./data/${volume}`,
      ),
    ];
  });
}

/**
 * Finds volume paths that contain what looks like a variable, and absolute paths that do not exist, since the engine
 * will not create them, or are files.
 */
export async function unfitVolumePaths(spec: Spec, root: string, volumes: ReadonlySet<string>): Promise<Problem[]> {
  const found: Problem[] = [];
  for (const [volume, value] of spec.volumes) {
    if (value === undefined || !volumes.has(volume)) continue;
    const place = placeVolume(value, root, homedir());
    const at = ['volumes', volume];
    const [variable] = /\$\{\w+[^}]*\}/.exec(value) ?? [];
    if (variable !== undefined) {
      found.push(spec.yaml.problem(at, `${variable} is not a variable here: the directory is ${place.path}`));
    }
    if (place.relative) continue;
    const kind = await kindOf(place.path);
    if (kind === undefined) {
      found.push(spec.yaml.problem(at, `mount path for volume ${volume} does not exist: ${place.path}`));
    } else if (kind === 'file') {
      found.push(spec.yaml.problem(at, `mount path for volume ${volume} is a file, not a directory: ${place.path}`));
    }
  }
  return found;
}
