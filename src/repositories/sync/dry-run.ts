import type { Context } from '../../system/context.js';
import { isAbsent } from './observe.js';
import { checkingLine, planText, type Wanted } from './plan.js';
import { asLaconicError, type Outcome, outcomeText, type Result } from './result.js';
import { shownName } from '../git/spec.js';

/** `--dry-run`: reports what would be done, as far as possible without calling git or changing anything. */
export async function planWithoutGit(all: readonly Wanted[], pull: boolean, { report }: Context): Promise<Result[]> {
  const results: Result[] = [];
  for (const wanted of all) {
    const { spec, directory, ref } = wanted;
    let outcome: Outcome;
    try {
      if (await isAbsent(directory)) {
        if (!report.options.quiet) report.print(checkingLine(wanted, { kind: 'absent' }));
        report.print('(git clone skipped)');
        outcome = { state: 'planned', text: planText({ action: 'clone' }, wanted) };
      } else {
        if (!report.options.quiet) report.print(`Checking: ${directory}: already exists`);
        if (pull) report.print('(git pull skipped)');
        outcome = { state: 'planned', text: presentText(pull, ref) };
      }
      report.info(`${shownName(spec)}: ${outcomeText(outcome, wanted)}`);
    } catch (error) {
      outcome = { state: 'failed', error: asLaconicError(error) };
      report.error(`${shownName(spec)}: ${outcome.error.message}`);
    }
    results.push({ wanted, outcome });
  }
  return results;
}

function presentText(pull: boolean, ref: string | undefined): string {
  const steps = [pull ? 'fetched' : '', ref === undefined ? '' : `switched to ${ref} unless it is there already`];
  const text = steps.filter((step) => step !== '').join(' and ');
  return text === '' ? 'nothing to do' : `would be ${text} (--check-only asks git)`;
}
