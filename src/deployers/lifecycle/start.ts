import type { Lock } from '../../deployment/access/lock.js';
import type { Deployment } from '../../deployment/access/open.js';
import { insideOperation } from '../../deployment/access/recursion-guard.js';
import { warnAboutUnset } from '../../deployment/create/prepare.js';
import { requireGeneratedFiles } from '../../deployment/checks/lost-files.js';
import { behindParts, behindText } from '../../deployment/directory/changed-sources.js';
import { runStartHooks } from '../../deployment/hooks/run-hooks.js';
import { requireSecrets } from '../../deployment/secrets/require-secrets.js';
import type { Context } from '../../system/context.js';
import type { StartOptions } from '../deployer.js';
import { deployerFor, targetGenerator } from './choose-deployer.js';
import { type Target, withLockedDeployment } from './open.js';
import { checkStartOptions, checkTargetOptions, type TargetOptions } from './target-options.js';

/**
 * `start` and `up`: starts the containers, then (with the lock released) waits for readiness, then runs the start
 * hooks.
 * @param given options whose effect is in `options`; they are checked
 */
export async function startDeployment(
  target: Target,
  options: StartOptions,
  context: Context,
  given: TargetOptions,
): Promise<void> {
  await withLockedDeployment(target, context, async (deployment, lock, inside) => {
    checkTargetOptions(deployment.spec, given, inside.report);
    checkStartOptions(deployment.spec, options, inside.report);
    await requireGeneratedFiles(deployment.layout);
    for (const part of await behindParts(deployment.layout)) inside.report.info(behindText(part));
    await startWithHooks(deployment, options, lock, inside);
  });
}

/** Refuses to run with a lost generated secret; warns of one that a directory of the Python program never had. */
export async function requireSecretsToRun(deployment: Deployment, context: Context): Promise<void> {
  const { config } = deployment.spec;
  const absent = await requireSecrets(deployment, { config, rotate: new Set() }, targetGenerator, context);
  if (!deployment.ours) warnAboutUnset(absent, context);
}

/**
 * The part of `start` that `restart` shares. The lock is released before the wait for readiness.
 * @returns see Deployer.start
 */
export async function startWithHooks(
  deployment: Deployment,
  options: StartOptions,
  lock: Lock,
  context: Context,
): Promise<boolean> {
  await requireSecretsToRun(deployment, context);
  const inside = await insideOperation('start', deployment.layout.root, context);
  const deployer = await deployerFor(deployment, inside);
  const changed = await deployer.start(options, () => lock.release());
  await runStartHooks(deployment, targetGenerator, inside, options.waitTimeout);
  return changed;
}
