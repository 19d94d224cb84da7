import { repositoryScope } from '../stack/scope.js';
import { reportSelection } from '../stack/select.js';
import type { Context } from '../system/context.js';
import { formatProblem } from '../system/errors.js';
import { kindOf, makeDirectory } from '../system/files/files.js';
import { bringRepositories } from './sync/bring.js';
import { planWithoutGit } from './sync/dry-run.js';
import type { Wanted } from './sync/plan.js';
import type { Result, SyncOutcome } from './sync/result.js';
import { shownName } from './git/spec.js';
import { parseBranches, parseSpecs, selectRepositories, wantedOf } from './sync/targets.js';

/** The options of both `setup-repositories` and `fetch-stack`. */
export interface RepositoryOptions {
  gitSsh: boolean;
  pull: boolean;
  checkOnly: boolean;
  jobs: number;
}

export interface SetupOptions extends RepositoryOptions {
  include?: string | undefined;
  exclude?: string | undefined;
  branches?: string | undefined;
}

/**
 * `setup-repositories`: clones or updates the repositories of a stack in the base directory; without a stack those of
 * all bundled stacks. All input is validated before anything is changed.
 * @throws LaconicError if the call or the stack is not valid
 */
export async function setupRepositories(options: SetupOptions, context: Context): Promise<SyncOutcome> {
  const { report } = context;
  const branches = parseBranches(options.branches);
  const { stacks, repositoryBase: base } = await repositoryScope(context);
  const specs = stacks.flatMap(({ stack, file }) => {
    for (const warning of stack.warnings) report.verbose(formatProblem(warning));
    return parseSpecs(stack.repos, (index) => {
      const line = stack.yaml.lineOf(['repos', index]);
      return line === undefined ? file : `${file}:${line} repos[${index}]`;
    });
  });
  const selection = selectRepositories(specs, options);
  const wanted = wantedOf(selection.selected, { base, gitSsh: options.gitSsh, branches });
  await announceBase(base, options, context);
  reportSelection(selection, report);
  return bringAll(wanted, base, options, context);
}

/** Prints `Dev Root is: …`, and creates that directory unless nothing is to be changed. */
export async function announceBase(base: string, options: RepositoryOptions, context: Context): Promise<void> {
  const { report } = context;
  const print = (line: string): void => {
    if (!report.options.quiet) report.print(line);
  };
  print(`Dev Root is: ${base}`);
  if ((await kindOf(base)) === 'directory' || options.checkOnly || context.options.dryRun) return;
  print(`Dev root directory doesn't exist, creating`);
  await makeDirectory(base);
}

/** Clones and updates, or reports what would be done; summarises failures, each of which was reported before. */
export async function bringAll(
  wanted: readonly Wanted[],
  base: string,
  options: RepositoryOptions,
  context: Context,
): Promise<SyncOutcome> {
  const { report } = context;
  const results = context.options.dryRun
    ? await planWithoutGit(wanted, options.pull, context)
    : await bringRepositories(wanted, base, options, context);
  report.endProgress();
  const namesOf = (state: Result['outcome']['state']): string[] =>
    results.filter(({ outcome }) => outcome.state === state).map(({ wanted: { spec } }) => shownName(spec));
  const failed = namesOf('failed');
  const left = namesOf('not started');
  if (failed.length > 0 && results.length > 1) {
    report.info(`${failed.length} of ${results.length} repositories failed: ${failed.join(', ')}`);
  }
  if (left.length > 0) report.info(`not started: ${left.join(', ')} (--continue-on-error continues)`);
  return { base, results, complete: failed.length === 0 };
}
