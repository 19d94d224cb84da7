import {
  findDeployment,
  lockDeployment,
  openForReading,
  readDeployment,
  type Deployment,
} from '../../deployment/access/open.js';
import type { Lock } from '../../deployment/access/lock.js';
import { warnOfNew } from '../../deployment/checks/reported-warnings.js';
import { notePlace } from '../../deployment/directory/place.js';
import type { Context } from '../../system/context.js';
import { isExplained, LaconicError } from '../../system/errors.js';
import type { Deployer } from '../deployer.js';
import { deployerFor } from './choose-deployer.js';
import { checkTargetOptions, type TargetOptions } from './target-options.js';

/** The deployment that a command works on. */
export interface Target {
  /** `--dir` as typed. */
  directory: string;
  lockWaitSeconds: number;
}

/**
 * Runs `work` on the deployment while holding its lock; an interrupted update is completed first.
 * @param options see lockDeployment
 */
export async function withLockedDeployment<T>(
  target: Target,
  context: Context,
  work: (deployment: Deployment, lock: Lock, context: Context) => Promise<T>,
  options: { must?: 'stop' } = {},
): Promise<T> {
  refuseStackOption(context);
  if (context.options.dryRun) {
    const noLock = { token: '', release: async () => undefined };
    return work(await openForReading(target.directory, context), noLock, context);
  }
  const layout = await findDeployment(target.directory, context);
  const lock = await lockDeployment(layout, target.lockWaitSeconds, context, options);
  try {
    const inside = { ...context, env: { ...context.env, LACONIC_SO_LOCK: lock.token } };
    const deployment = await readDeployment(layout);
    await warnOfNew(deployment.ignored, layout, context.report);
    // Without the note a later copy cannot be recognised; on a full disk, stop must work all the same.
    await notePlace(layout).catch((error: unknown) => {
      if (!isExplained(error)) throw error;
      context.report.verbose(error.message);
    });
    return await work(deployment, lock, inside);
  } finally {
    await lock.release();
  }
}

/** Opens a deployment without its lock, to read or operate what runs. */
export async function openUnlocked(directory: string, context: Context): Promise<Deployment> {
  refuseStackOption(context);
  return openForReading(directory, context);
}

/** Returns the deployer of a deployment; see {@link openUnlocked} and {@link checkTargetOptions}. */
export async function openDeployer(
  { directory }: Target,
  context: Context,
  given: TargetOptions = {},
): Promise<Deployer> {
  const deployment = await openUnlocked(directory, context);
  checkTargetOptions(deployment.spec, given, context.report);
  return deployerFor(deployment, context);
}

/** @throws LaconicError for `--stack`: a deployment knows its stack */
export function refuseStackOption(context: Context): void {
  if (context.options.stack !== undefined)
    throw new LaconicError("--stack can't be supplied with the deployment command");
}
