import { repositoryBaseOf } from '../stack/load.js';
import type { Context } from '../system/context.js';
import { LaconicError } from '../system/errors.js';
import { shownCommand } from '../system/shown-command.js';
import { announceBase, bringAll, type RepositoryOptions } from './setup-repositories.js';
import { findStacks } from './stacks-found.js';
import { parseRepositorySpec } from './git/spec.js';
import type { SyncOutcome } from './sync/result.js';
import { wantedOf } from './sync/targets.js';

/**
 * `fetch-stack`: clones or updates a repository with stack definitions. `--local-stack` has no effect here.
 * @returns also the paths of its stacks for `--stack`, once it is in place
 * @throws LaconicError for a locator that is not valid
 */
export async function fetchStack(
  locator: string,
  options: RepositoryOptions,
  context: Context,
): Promise<SyncOutcome & { stacks?: string[] }> {
  const spec = parseRepositorySpec(locator);
  const base = repositoryBaseOf({ ...context, options: { ...context.options, localStack: false } });
  const wanted = wantedOf([spec], { base, gitSsh: options.gitSsh, branches: [] });
  await announceBase(base, options, context);
  const outcome = await bringAll(wanted, base, options, context);
  if (options.checkOnly || context.options.dryRun || !outcome.complete) return outcome;
  return { ...outcome, stacks: await findStacks(wanted[0]?.directory ?? base) };
}

/**
 * Lists the stacks that were found.
 * @throws LaconicError without any
 */
export function listStacks({ results, base }: SyncOutcome, stacks: readonly string[], { report }: Context): void {
  if (stacks.length === 0) {
    throw new LaconicError(`there is no stacks/<name>/stack.yml in ${results[0]?.wanted.directory ?? base}`, {
      hint: 'is this the right repository and branch? The fetched files are kept',
    });
  }
  report.info(['stacks in it:', ...stacks.map((path) => `  ${shownCommand(['--stack', path])}`)].join('\n'));
}
