import { repositoryBaseOf } from '../stack/load.js';
import type { Context } from '../system/context.js';
import { LaconicError } from '../system/errors.js';
import { shownCommand } from '../system/shown-command.js';
import { announceBase, answeringIn, bringAll, type RepositoryOptions } from './setup-repositories.js';
import { findStacks } from './stacks-found.js';
import { parseRepositorySpec } from './git/spec.js';
import { wantedOf } from './sync/targets.js';

/**
 * `fetch-stack`: clones or updates a repository with stack definitions, and lists its stacks with the path for
 * `--stack`. `--local-stack` has no effect here.
 * @throws LaconicError for a locator that is not valid, and a repository without stacks; ExitError with 1 if it failed
 */
export async function fetchStack(locator: string, options: RepositoryOptions, caller: Context): Promise<void> {
  const context = answeringIn(options.format, caller);
  const { report } = context;
  const spec = parseRepositorySpec(locator);
  const base = repositoryBaseOf({ ...context, options: { ...context.options, localStack: false } });
  const wanted = wantedOf([spec], { base, gitSsh: options.gitSsh, branches: [] });
  await announceBase(base, options, context);
  const changes = !options.checkOnly && !context.options.dryRun;
  const directory = wanted[0]?.directory ?? base;
  let stacks: string[] = [];
  await bringAll(wanted, base, options, context, async () => {
    if (!changes) return {};
    stacks = await findStacks(directory);
    return { stacks };
  });
  if (!changes) return;
  if (stacks.length === 0) {
    throw new LaconicError(`there is no stacks/<name>/stack.yml in ${directory}`, {
      hint: 'is this the right repository and branch? The fetched files are kept',
    });
  }
  report.info(['stacks in it:', ...stacks.map((path) => `  ${shownCommand(['--stack', path])}`)].join('\n'));
}
