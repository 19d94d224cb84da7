import { posix } from 'node:path';
import { placeVolume } from '../../../../deployment/directory/volume-paths.js';
import type { Spec } from '../../../../spec/model.js';
import type { Problem } from '../../../../system/errors.js';
import { isBelow } from '../../../../system/files/path-names.js';

/** Mount point of the host's directories in a kind node. */
export const nodeRoot = '/mnt';

/** Where a volume with a path is, on the host and in the node: for both the PersistentVolume and kind's mount. */
export interface NodePlace {
  /** Absolute, normalised. */
  hostPath: string;
  /** The `hostPath` of its PersistentVolume. */
  nodePath: string;
  /** False if it is already in the node, below the mount root. */
  ownMount: boolean;
}

/**
 * Returns the place of a volume of the spec on kind; undefined for one without a path, which the storage class
 * provisions.
 * @param root the absolute path of the deployment directory
 * @param home for `~`
 */
export function placeOnKind(
  volume: string,
  spec: Pick<Spec, 'volumes' | 'kindMountRoot'>,
  root: string,
  home: string,
): NodePlace | undefined {
  const value = spec.volumes.get(volume);
  if (value === undefined) return undefined;
  const hostPath = placeVolume(value, root, home).path;
  const mountRoot = spec.kindMountRoot === undefined ? undefined : posix.resolve(spec.kindMountRoot);
  if (mountRoot !== undefined && isBelow(hostPath, mountRoot)) {
    return { hostPath, nodePath: posix.join(nodeRoot, posix.relative(mountRoot, hostPath)), ownMount: false };
  }
  return { hostPath, nodePath: posix.join(nodeRoot, volume), ownMount: true };
}

/**
 * Reports volumes that a mount of another volume would hide in the node, at the same path or below it, although they
 * are elsewhere on the host: one would show the other's data.
 */
export function clashingPlaces(
  volumes: Iterable<string>,
  spec: Pick<Spec, 'volumes' | 'kindMountRoot' | 'yaml'>,
  root: string,
  home: string,
): Problem[] {
  const places = [...volumes].flatMap((volume) => {
    const place = placeOnKind(volume, spec, root, home);
    return place === undefined ? [] : [{ volume, ...place }];
  });
  return places.flatMap((place) => {
    const hiding = places.find((other) => other !== place && hides(other, place));
    if (hiding === undefined) return [];
    const message = `${place.hostPath} would be ${place.nodePath} in the kind node, which volume ${hiding.volume} (${hiding.hostPath}) hides: use another path below ${spec.kindMountRoot ?? 'kind-mount-root'}`;
    return [spec.yaml.problem(['volumes', place.volume], message)];
  });
}

function hides(mount: NodePlace, place: NodePlace): boolean {
  if (!mount.ownMount || place.ownMount || !isBelow(place.nodePath, mount.nodePath)) return false;
  return posix.relative(mount.nodePath, place.nodePath) !== posix.relative(mount.hostPath, place.hostPath);
}
