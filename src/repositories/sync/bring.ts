import { join } from 'node:path';
import type { Context } from '../../system/context.js';
import type { LaconicError } from '../../system/errors.js';
import { InterruptedError } from '../../system/errors.js';
import { kindOf } from '../../system/files/files.js';
import { inParallel } from '../../system/process/parallel.js';
import { SilenceWatch } from '../../system/process/patience.js';
import { carryOut } from './carry-out.js';
import { gitEnvironment, type GitOptions } from '../git/git.js';
import { removePartialClones } from './recover-clones.js';
import { OrderedLines } from './ordered-output.js';
import { isAbsent, type ObservedCopy, observeCopy } from './observe.js';
import { checkingLine, type SyncPlan, planRepository, planText, type Wanted } from './plan.js';
import { rewriteUrl } from '../git/remote.js';
import { asLaconicError, type Outcome, outcomeText, type Result } from './result.js';
import { shownName } from '../git/spec.js';
import { checkSshHosts, hostKey, sshEnvironment } from '../git/ssh.js';
import { stallSettings } from '../git/config.js';
import { readTogether } from './batch-read.js';

/** How to clone and update repositories. */
export interface BringOptions {
  pull: boolean;
  checkOnly: boolean;
  /** How many repositories are processed concurrently. */
  jobs: number;
}

/** The progress of one repository. */
interface Task {
  wanted: Wanted;
  options: GitOptions;
  /** Its state on disk; undefined if that cannot be used, as `outcome` explains. */
  observed?: ObservedCopy;
  plan?: SyncPlan;
  /** The URL that git finally connects to. */
  remote?: string;
  outcome?: Outcome;
}

/**
 * Clones missing repositories and, with `pull`, updates the others. All of them are inspected before any is changed;
 * they are processed concurrently, while lines that scripts read are printed in list order. Failures are reported
 * immediately; after one, nothing new is started without `--continue-on-error`.
 * @param base absolute path of the base directory; it exists unless nothing is to be changed
 * @returns the results, in list order
 * @throws InterruptedError after Ctrl-C
 */
export async function bringRepositories(
  all: readonly Wanted[],
  base: string,
  options: BringOptions,
  context: Context,
): Promise<Result[]> {
  const { signal, report } = context;
  const env = gitEnvironment(context.env, base);
  const tasks = all.map((wanted): Task => {
    const patience = new SilenceWatch(`git, asked for ${shownName(wanted.spec)},`, report);
    return { wanted, options: { env, signal, patience } };
  });
  if (!options.checkOnly) await removePartialClones(base);
  await observeAll(tasks, base, options, context);
  const lines = new OrderedLines(tasks.length, (line) => report.print(line));
  if (!options.checkOnly && mayGoOn(tasks, context)) await checkHosts(tasks, base, context);
  if (!mayGoOn(tasks, context)) return resultsOf(tasks);
  const stopped = (): boolean => !mayGoOn(tasks, context);
  await inParallel(tasks, options.jobs, (task, place) => {
    const print = (line: string): void => lines.line(place, line);
    return bringOne(task, options, { print, stopped }, context).finally(() => lines.close(place));
  });
  return resultsOf(tasks);
}

function resultsOf(tasks: readonly Task[]): Result[] {
  return tasks.map(({ wanted, outcome }) => ({ wanted, outcome: outcome ?? { state: 'not started' } }));
}

function mayGoOn(tasks: readonly Task[], { options }: Context): boolean {
  return options.continueOnError || tasks.every(({ outcome }) => outcome?.state !== 'failed');
}

function fail(task: Task, error: LaconicError, { report }: Context): void {
  task.outcome = { state: 'failed', error };
  if (report.live) report.progress(shownName(task.wanted.spec), 'failed', 'failed');
  const message = `${shownName(task.wanted.spec)}: ${error.message}`;
  report.error(error.hint === undefined ? message : `${message}\n${error.hint}`);
}

/** Inspects all places concurrently, and plans what to do with each. */
async function observeAll(
  tasks: readonly Task[],
  base: string,
  { pull, jobs }: BringOptions,
  context: Context,
): Promise<void> {
  const directories = tasks.map(({ wanted }) => wanted.directory);
  const { configs, heads } = await readTogether(base, directories, tasks[0]?.options);
  await inParallel(tasks, jobs, async (task) => {
    const { spec, directory, url, ref } = task.wanted;
    try {
      const config = configs?.get(directory);
      task.observed = (await isAbsent(directory))
        ? { kind: 'absent' }
        : await observeCopy(spec, directory, { config, head: heads.get(directory) }, task.options);
      task.plan = planRepository(ref, task.observed, pull);
      const known = config ?? configs?.get(base) ?? { rules: [], set: [] };
      task.remote = rewriteUrl(task.observed.kind === 'absent' ? url : (known.origin ?? url), known.rules);
      task.options = {
        ...task.options,
        env: sshEnvironment(task.options.env, known.sshCommand),
        settings: stallSettings(known),
      };
    } catch (error) {
      if (error instanceof InterruptedError) throw error;
      fail(task, asLaconicError(error), context);
    }
  });
}

/**
 * Tries the hosts before anything starts, so that there is no hanging prompt later and no half-finished set of
 * repositories.
 */
async function checkHosts(tasks: readonly Task[], base: string, context: Context): Promise<void> {
  const remote = tasks.filter(({ plan }) => plan?.action === 'clone' || (plan?.action === 'update' && plan.fetch));
  const accesses = remote.map(({ remote: url = '', options }) => ({ url, env: options.env }));
  const patience = new SilenceWatch('a host that is reached by ssh', context.report);
  const problems = await checkSshHosts(accesses, base, { env: context.env, signal: context.signal, patience });
  const reported = new Set<LaconicError>();
  for (const task of remote) {
    const problem = problems.get(hostKey(task.remote ?? '') ?? '');
    if (problem === undefined) continue;
    if (reported.has(problem)) task.outcome = { state: 'failed', error: problem };
    else fail(task, problem, context);
    reported.add(problem);
  }
}

async function bringOne(
  task: Task,
  options: BringOptions,
  { print, stopped }: { print: (line: string) => void; stopped: () => boolean },
  context: Context,
): Promise<void> {
  const { wanted, observed, plan } = task;
  const { report, signal } = context;
  if (observed === undefined || plan === undefined || task.outcome !== undefined || stopped()) return;
  if (signal.aborted) throw new InterruptedError();
  const quiet = report.options.quiet;
  report.verbose(`Processing repo: ${wanted.spec.entry}${wanted.ref === undefined ? '' : `@${wanted.ref}`}`);
  if (!quiet) print(checkingLine(wanted, observed));
  const subject = shownName(wanted.spec);
  if (options.checkOnly) {
    if (plan.action === 'clone') print('(git clone skipped)');
    else if (options.pull) print('(git pull skipped)');
    task.outcome = {
      state: 'planned',
      text: planText(plan, wanted),
      ...(observed.kind === 'copy' ? { head: observed.head } : {}),
    };
    report.info(`${subject}: ${outcomeText(task.outcome, wanted)}`);
    return;
  }
  const events = {
    switching: (ref: string): void => {
      if (!quiet) print(`switching to branch ${ref} in repo ${subject}`);
    },
    warn: (line: string): void => report.warn(`${subject}: ${line}`),
  };
  const onProgress = report.live ? (state: string): void => report.progress(subject, state) : undefined;
  try {
    task.outcome = await carryOut(wanted, { observed, plan }, events, { ...task.options, onProgress });
  } catch (error) {
    if (error instanceof InterruptedError) throw error;
    fail(task, asLaconicError(error), context);
    return;
  }
  if (report.live) report.progress(subject, outcomeText(task.outcome, wanted), 'done');
  else report.info(`${subject}: ${outcomeText(task.outcome, wanted)}`);
  if ((await kindOf(join(wanted.directory, '.gitmodules'))) === 'file') {
    const command = `git -C ${wanted.directory} submodule update --init --recursive`;
    report.info(`${subject}: its submodules are not fetched; if they are needed: ${command}`);
  }
}
