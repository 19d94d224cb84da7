import { dirname } from 'node:path';
import { realpath } from 'node:fs/promises';
import type { ContainerWiring } from '../../../engine/labelled.js';
import { errorCode } from '../../../system/errors.js';
import type { KindConfig } from './config.js';
import { isMemlockSpec } from './memlock.js';
import { nodeRoot } from '../objects/storage/volume-places.js';

/** Mounts that the Python program created for single files; it never required them of a running cluster. */
const fileMounts = `${nodeRoot}/host-path-`;

/**
 * Returns what a running cluster lacks for a deployment, one explained line each; empty if it fits.
 * @param live what the containers of its nodes were created with
 * @param canonical returns the same path for all spellings of a directory
 */
export function misfits(
  wanted: KindConfig,
  live: ContainerWiring,
  canonical: (path: string) => string,
): { lines: string[]; mounts: boolean } {
  const mounts = wanted.mounts.flatMap(({ hostPath, containerPath }) => {
    if (containerPath.startsWith(fileMounts) || isMemlockSpec(containerPath)) return [];
    const found = live.binds.filter((bind) => bind.containerPath === containerPath);
    if (found.some((bind) => canonical(bind.hostPath) === canonical(hostPath))) return [];
    const actual = found[0] === undefined ? 'nothing is mounted there' : `${found[0].hostPath} is mounted there`;
    return [`${containerPath} must be ${hostPath} of this host: ${actual}`];
  });
  const ports = wanted.ports.flatMap(({ hostPort, containerPort, protocol, listenAddress }) => {
    const found = live.ports.filter(
      (port) =>
        port.containerPort === containerPort && port.hostPort === hostPort && port.protocol === protocol.toLowerCase(),
    );
    if (found[0] === undefined) {
      return [`port ${hostPort}/${protocol} of this host does not lead to port ${containerPort} of a node`];
    }
    if (listenAddress === undefined || found.some(({ hostAddress }) => sameAddress(hostAddress, listenAddress)))
      return [];
    const actual = found.map(({ hostAddress }) => hostAddress).join(', ');
    return [`port ${hostPort}/${protocol} must listen on ${listenAddress} of this host: it listens on ${actual}`];
  });
  return { lines: [...mounts, ...ports], mounts: mounts.length > 0 };
}

function sameAddress(a: string, b: string): boolean {
  const everywhere = ['0.0.0.0', '::'];
  return a === b || (everywhere.includes(a) && everywhere.includes(b));
}

/** Returns the advice: use the directory that is already mounted as a whole, or a new cluster with one. */
export function misfitAdvice(cluster: string, live: ContainerWiring, mounts: boolean): string {
  const umbrella = live.binds.find(({ containerPath }) => containerPath === nodeRoot);
  if (mounts && umbrella !== undefined) {
    return `set kind-mount-root: ${umbrella.hostPath} in the spec, put the volumes below it, and run deploy create --update; or give the deployment its own cluster with kind-cluster-name`;
  }
  const root = mounts ? ', best with a kind-mount-root, below which later deployments can have volumes too' : '';
  return `a running cluster cannot be extended: give the deployment its own cluster with kind-cluster-name in the spec, or recreate ${cluster} (stop its deployments, kind delete cluster --name ${cluster}, start this one first)${root}`;
}

/**
 * Returns the real paths of these; for a path that does not exist, based on the real path of its closest existing
 * parent.
 */
export async function canonicalPaths(paths: Iterable<string>): Promise<(path: string) => string> {
  const known = new Map<string, string>();
  for (const path of paths) known.set(path, await canonicalPath(path));
  return (path) => known.get(path) ?? path;
}

async function canonicalPath(path: string): Promise<string> {
  try {
    return await realpath(path);
  } catch (error) {
    if (errorCode(error) !== 'ENOENT' || dirname(path) === path) return path;
    return `${(await canonicalPath(dirname(path))).replace(/\/$/, '')}/${path.slice(path.lastIndexOf('/') + 1)}`;
  }
}
