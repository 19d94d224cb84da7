import type { Command } from 'commander';
import type { Deployer, Project } from '../../deployers/deployer.js';
import type { TargetOptions } from '../../deployers/lifecycle/target-options.js';
import type { Context } from '../../system/context.js';
import { isExplained } from '../../system/errors.js';
import { targetOf } from './arguments.js';

/** Opens what a command of `deploy` or `deployment` works on. */
export type OpenProject = (self: Command, context: Context) => Promise<Project>;

/** Opens the deployment of `deployment --dir`. */
export async function openTarget(self: Command, context: Context, given?: TargetOptions): Promise<Deployer> {
  const target = targetOf(self);
  const { openDeployer } = await import('../../deployers/lifecycle/open.js');
  return openDeployer(target, context, given);
}

/**
 * Returns what `read` returns. In a dry run a failure is reported instead of thrown, with what would have been done;
 * the result is then undefined.
 */
export async function readOrReport<T>(
  read: () => Promise<T>,
  instead: string,
  { options, report }: Context,
): Promise<T | undefined> {
  try {
    return await read();
  } catch (error) {
    if (!options.dryRun || !isExplained(error)) throw error;
    report.info(error.message);
    report.print(instead);
    return undefined;
  }
}
