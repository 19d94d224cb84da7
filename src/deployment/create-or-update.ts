import type { Context } from '../system/context.js';
import { LaconicError, UsageError } from '../system/errors.js';
import { kindOf } from '../system/files/files.js';
import { resolve } from 'node:path';
import { createDeployment, warnAboutUnused } from './create/create.js';
import type { CreateArguments } from './hooks/run-hooks.js';
import { refuseRecursion } from './access/recursion-guard.js';
import type { UpdateOutcome } from './update/outcome.js';
import { findDeployment, lockDeployment } from './access/open.js';
import { reportInterruptedUpdate } from './access/recover-update.js';
import { loadSpec, type Prepared } from './create/prepare.js';
import type { DeployTarget } from '../spec/schema.js';
import type { TargetGenerators } from './access/target.js';
import { updateDeployment } from './update/update.js';

/** The options of `deploy create`. */
export interface CreateOrUpdateOptions {
  specFile: string;
  deploymentDir: string;
  update: boolean;
  /** As given: only compared with the spec's. */
  deployTo?: DeployTarget | undefined;
  helmChart: boolean;
  networkDir?: string;
  initialPeers?: string;
  extraArgs: string[];
  lockWaitSeconds: number;
  rotateSecret: string[];
  generateSecrets: boolean;
  acceptLiteralValues: boolean;
  acceptOtherStack: boolean;
}

/**
 * `deploy create`, with or without `--update`.
 * @returns what was created, or with `--update` what changed; undefined in a dry run of a creation, which prints it
 */
export async function createOrUpdate(
  options: CreateOrUpdateOptions,
  targets: TargetGenerators,
  context: Context,
): Promise<Prepared | UpdateOutcome | undefined> {
  if (options.helmChart) {
    throw new LaconicError('--helm-chart is not supported by this version', {
      hint: 'leave it out: deploy-to k8s runs the stack on the cluster itself, without Helm',
    });
  }
  const given: CreateArguments = {
    networkDir: options.networkDir ?? null,
    initialPeers: options.initialPeers ?? null,
    extraArgs: options.extraArgs,
  };
  const { specFile, deploymentDir, lockWaitSeconds, deployTo } = options;
  const { stack } = context.options;
  if (!options.update) {
    const updateOnly = [
      ...(options.rotateSecret.length > 0 ? ['--rotate-secret'] : []),
      ...(options.generateSecrets ? ['--generate-secrets'] : []),
      ...(options.acceptLiteralValues ? ['--accept-literal-values'] : []),
      ...(options.acceptOtherStack ? ['--accept-other-stack'] : []),
    ];
    if (updateOnly.length > 0) throw new UsageError(`${updateOnly.join(', ')}: only with --update`);
    const made = {
      specFile,
      deploymentDirectory: deploymentDir,
      arguments: given,
      stack,
      deployTo,
      lockWaitSeconds,
      targets,
    };
    return createDeployment(made, context);
  }

  if ((await kindOf(resolve(context.cwd, deploymentDir))) === undefined) {
    throw new LaconicError(`--update requires that ${deploymentDir} already exists`);
  }
  const layout = await findDeployment(deploymentDir, context);
  await refuseRecursion(['update'], layout.root, context);
  const parsed = await loadSpec(specFile, context.cwd, true);
  warnAboutUnused({ stack, deployTo }, parsed.spec, context);
  const anyGiven = given.networkDir !== null || given.initialPeers !== null || given.extraArgs.length > 0;
  const changes = {
    parsed,
    secrets: { rotate: new Set(options.rotateSecret), generate: options.generateSecrets },
    acceptLiteralValues: options.acceptLiteralValues,
    acceptOtherStack: options.acceptOtherStack,
    ...(anyGiven ? { arguments: given } : {}),
    cwd: context.cwd,
    targets,
  };
  if (context.options.dryRun) {
    await reportInterruptedUpdate(layout, context);
    return updateDeployment(layout, changes, context);
  }
  const lock = await lockDeployment(layout, lockWaitSeconds, context, { must: 'update' });
  try {
    const env = { ...context.env, LACONIC_SO_LOCK: lock.token };
    return await updateDeployment(layout, changes, { ...context, env });
  } finally {
    await lock.release();
  }
}
