import { requireGeneratedFiles } from '../../deployment/checks/lost-files.js';
import type { Context } from '../../system/context.js';
import { InterruptedError, LaconicError } from '../../system/errors.js';
import type { JobOptions } from '../deployer.js';
import { abortedAfter } from '../../system/process/limit.js';
import { deployerFor } from './choose-deployer.js';
import { openUnlocked, type Target } from './open.js';
import { requireSecretsToRun } from './start.js';

/**
 * `run-job`: resolves to the job's exit code. Jobs may run alongside any other command, so the lock is not held. A job
 * that still runs after `timeoutSeconds` is stopped.
 * @throws LaconicError for a job that was stopped
 */
export async function runJob(
  target: Target,
  job: string,
  options: JobOptions & { timeoutSeconds?: number },
  context: Context,
): Promise<number> {
  const { timeoutSeconds, ...how } = options;
  const run = async (inner: Context): Promise<number> => {
    const deployment = await openUnlocked(target.directory, inner);
    await requireGeneratedFiles(deployment.layout);
    await requireSecretsToRun(deployment, inner);
    return (await deployerFor(deployment, inner)).runJob(job, how);
  };
  if (timeoutSeconds === undefined) return run(context);
  const timer = abortedAfter(timeoutSeconds * 1000);
  const inner = { ...context, signal: AbortSignal.any([context.signal, timer]) };
  try {
    return await run(inner);
  } catch (error) {
    if (!(error instanceof InterruptedError) || context.signal.aborted) throw error;
    throw new LaconicError(`job ${job} did not finish within ${timeoutSeconds} s and was stopped`, { cause: error });
  }
}
