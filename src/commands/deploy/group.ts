import type { Command } from 'commander';
import type { QuickOptions } from '../../deployers/deployer.js';
import type { DeployTarget } from '../../spec/schema.js';
import type { Context } from '../../system/context.js';
import { LaconicError, UsageError } from '../../system/errors.js';

/** The group's options for this call. */
export function groupOptions(command: Command): QuickOptions {
  return command.optsWithGlobals<QuickOptions>();
}

/**
 * Returns `--stack`, which every command of the group except `create` and `k8s` needs.
 * @throws LaconicError without it
 */
export function requireStack(context: Context): string {
  if (context.options.stack === undefined) throw new LaconicError('--stack option is required');
  return context.options.stack;
}

/**
 * Refuses options of the quick workflow with other commands, rather than ignoring them.
 * @throws UsageError
 */
export function refuseQuickOptions(options: QuickOptions, command: string): void {
  const given = (['include', 'exclude', 'envFile', 'cluster'] as const).filter((name) => options[name] !== undefined);
  const flags = given.map((name) => (name === 'envFile' ? '--env-file' : `--${name}`));
  if (flags.length > 0) throw new UsageError(`${flags.join(', ')} cannot be used with ${command}`);
}

/**
 * Parses `--deploy-to`.
 * @throws LaconicError unless it is one of the three
 */
export function parseTarget(text: string): DeployTarget {
  if (text === 'compose' || text === 'k8s-kind' || text === 'k8s') return text;
  throw new LaconicError(`deploy-to ${text} is not valid`, { hint: 'it is one of compose, k8s-kind, k8s' });
}
