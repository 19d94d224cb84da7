import { cloneRepository } from './clone.js';
import { explainGit } from '../git/explain.js';
import { GitFailedError, type GitOptions } from '../git/git.js';
import { isAbsent, type ObservedCopy, observeCopy } from './observe.js';
import { type SyncPlan, planRepository, type Wanted } from './plan.js';
import type { Outcome } from './result.js';
import { type UpdateEvents, updateCopy } from './update.js';

/**
 * Carries out the plan for one repository.
 * @throws LaconicError with what was tried, git's message and what to do; InterruptedError
 */
export async function carryOut(
  wanted: Wanted,
  { observed, plan }: { observed: ObservedCopy; plan: SyncPlan },
  events: UpdateEvents,
  options: GitOptions,
): Promise<Outcome> {
  const { spec, directory, url, ref } = wanted;
  const what = plan.action === 'clone' ? `cannot clone ${url}` : `cannot update ${directory}`;
  try {
    if (plan.action === 'clone') {
      const head = await cloneRepository(wanted, events.switching, options);
      if (head !== undefined) return { state: 'cloned', head };
      // Another laconic-so process was faster: its clone is treated like any existing one.
      const there: ObservedCopy = (await isAbsent(directory))
        ? { kind: 'absent' }
        : await observeCopy(spec, directory, {}, options);
      return await carryOut(wanted, { observed: there, plan: planRepository(ref, there, false) }, events, options);
    }
    if (observed.kind === 'absent') throw new Error(`${directory} has to be cloned before anything else`);
    if (plan.action === 'keep') return { state: 'unchanged', head: observed.head };
    const head = await updateCopy(directory, plan, ref, events, options);
    if (plan.switchTo !== undefined) return { state: 'switched', head };
    return { state: head.commit === observed.head.commit ? 'unchanged' : 'updated', head };
  } catch (error) {
    throw error instanceof GitFailedError ? explainGit(what, error, { url, directory }) : error;
  }
}
