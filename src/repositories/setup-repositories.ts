import { repositoryScope } from '../stack/scope.js';
import { tellSelection } from '../stack/select.js';
import type { Context } from '../system/context.js';
import { ExitError, formatProblem } from '../system/errors.js';
import { kindOf, makeDirectory } from '../system/files/files.js';
import { bringRepositories } from './sync/bring.js';
import { planWithoutGit } from './sync/dry-run.js';
import type { Wanted } from './sync/plan.js';
import { type Result, resultsDocument } from './sync/result.js';
import { shownName } from './git/spec.js';
import { parseBranches, parseSpecs, selectRepositories, wantedOf } from './sync/targets.js';

/** The options of both `setup-repositories` and `fetch-stack`. */
export interface RepositoryOptions {
  gitSsh: boolean;
  pull: boolean;
  checkOnly: boolean;
  jobs: number;
  format: 'text' | 'json';
}

export interface SetupOptions extends RepositoryOptions {
  include?: string | undefined;
  exclude?: string | undefined;
  branches?: string | undefined;
}

/**
 * `setup-repositories`: clones or updates the repositories of a stack in the base directory; without a stack those of
 * all bundled stacks. All input is validated before anything is changed.
 * @throws LaconicError if the call or the stack is not valid; ExitError with 1 if a repository failed
 */
export async function setupRepositories(options: SetupOptions, caller: Context): Promise<void> {
  const context = answeringIn(options.format, caller);
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
  tellSelection(selection, report);
  await bringAll(wanted, base, options, context);
}

/** With JSON output, the lines for scripts are not printed: the document must be alone on stdout. */
export function answeringIn(format: 'text' | 'json', context: Context): Context {
  return format === 'text' ? context : { ...context, report: { ...context.report, print: () => undefined } };
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

/**
 * Clones and updates, or reports what would be done, and prints the result.
 * @param more adds keys to the document once all repositories are in place
 * @throws ExitError with 1 if a repository failed
 */
export async function bringAll(
  wanted: readonly Wanted[],
  base: string,
  options: RepositoryOptions,
  context: Context,
  more: () => Promise<Record<string, unknown>> = async () => ({}),
): Promise<void> {
  const { report } = context;
  const results = context.options.dryRun
    ? await planWithoutGit(wanted, options.pull, context)
    : await bringRepositories(wanted, base, options, context);
  report.endProgress();
  const failed = results.filter(({ outcome }) => outcome.state === 'failed');
  const further = failed.length === 0 ? await more() : {};
  if (options.format === 'json') report.write(resultsDocument(base, results, further));
  if (failed.length > 0) throw concluded(failed, results, context);
}

/** Summarises which repositories failed and which were not started; the failures themselves were reported before. */
function concluded(failed: readonly Result[], results: readonly Result[], { report }: Context): ExitError {
  const names = (some: readonly Result[]): string => some.map(({ wanted }) => shownName(wanted.spec)).join(', ');
  if (results.length > 1) report.info(`${failed.length} of ${results.length} repositories failed: ${names(failed)}`);
  const left = results.filter(({ outcome }) => outcome.state === 'not started');
  if (left.length > 0) report.info(`not started: ${names(left)} (--continue-on-error continues)`);
  return new ExitError(1);
}
