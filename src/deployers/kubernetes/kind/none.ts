import { connectEngine } from '../../../engine/connect.js';
import type { Context } from '../../../system/context.js';
import { LaconicError } from '../../../system/errors.js';
import { listKindClusters } from './clusters.js';

/** A deployment's kind cluster is not on this host: nothing of the deployment runs. */
export class NoKindClusterError extends LaconicError {
  constructor(
    name: string,
    cause?: unknown,
    hint = 'start the deployment first: start makes the cluster, or joins the one that is here',
  ) {
    super(`there is no kind cluster ${name} on this host`, { hint, cause });
  }
}

/**
 * Why a kind cluster cannot be reached: there is none of that name, or else the error that says what the way to it
 * lacks.
 * @param error of connecting to it
 */
export async function whyNoKindCluster(name: string, error: unknown, context: Context): Promise<unknown> {
  const clusters = await connectEngine(context)
    .then((engine) => listKindClusters(engine))
    // Without an engine nobody can tell.
    .catch(() => undefined);
  const gone = clusters !== undefined && !clusters.some((one) => one.name === name);
  return gone ? new NoKindClusterError(name, error) : error;
}
