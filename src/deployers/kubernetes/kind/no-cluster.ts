import { connectEngine } from '../../../engine/connect.js';
import type { Context } from '../../../system/context.js';
import { LaconicError } from '../../../system/errors.js';
import { listKindClusters } from './clusters.js';

/** Says that a kind cluster does not exist. */
export function noKindCluster(name: string): string {
  return `there is no kind cluster ${name} on this host`;
}

/** A deployment's kind cluster does not exist on this host: nothing of the deployment runs. */
export class NoKindClusterError extends LaconicError {
  constructor(
    name: string,
    cause?: unknown,
    hint = 'start the deployment first: start creates the cluster, or uses the existing one',
  ) {
    super(noKindCluster(name), { hint, cause });
  }
}

/**
 * Returns why a kind cluster cannot be reached: there is none of that name, else the original error.
 * @param error from the connection to it
 */
export async function whyNoKindCluster(name: string, error: unknown, context: Context): Promise<unknown> {
  const clusters = await connectEngine(context)
    .then((engine) => listKindClusters(engine))
    // Without an engine this is unknown.
    .catch(() => undefined);
  const gone = clusters !== undefined && !clusters.some((one) => one.name === name);
  return gone ? new NoKindClusterError(name, error) : error;
}
