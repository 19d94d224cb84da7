import { rm } from 'node:fs/promises';
import type { Context } from '../../system/context.js';
import type { DeploymentLayout } from '../directory/layout.js';
import { pruneGenerations } from '../directory/manifest.js';
import { LaconicError } from '../../system/errors.js';
import { applySteps, clearJournal, type Journal, lostStaged, readJournal, writeJournal } from './journal.js';

/**
 * Completes an update that was killed. One that stopped in a hook cannot be completed here: it is reported, and left to
 * the next update. The caller holds the lock.
 * @param updates whether the caller replaces all files itself, so that it can do without the staged ones
 * @throws LaconicError with the path that could not be updated, or whose new content is lost; the journal stays
 */
export async function recoverUpdate(layout: DeploymentLayout, updates: boolean, context: Context): Promise<void> {
  const journal = await readJournal(layout);
  if (journal === undefined) return;
  if (journal.phase === 'files') {
    const lost = await lostStaged(layout, journal.steps);
    if (lost !== undefined) {
      const what = `an interrupted update of this deployment cannot be completed: ${lost} is missing or was changed`;
      if (!updates) {
        throw new LaconicError(what, { hint: 'run deploy create --update again: it replaces all files' });
      }
      context.report.warn(`${what}; this update replaces all files`);
      return;
    }
    await completeJournal(layout, journal);
    context.report.warn(
      journal.hook === undefined
        ? 'an interrupted update of this deployment was completed'
        : 'an interrupted update of this deployment was completed; its create hooks did not run: run deploy create --update again',
    );
    return;
  }
  context.report.warn(
    `the last update stopped in the hook ${journal.hook ?? '(unknown)'}: its files are in place, but the work of the hook may be incomplete; run deploy create --update again`,
  );
}

/** Reports an update that {@link recoverUpdate} would complete, for a dry run, which must not. */
export async function reportInterruptedUpdate(layout: DeploymentLayout, context: Context): Promise<void> {
  if ((await readJournal(layout))?.phase !== 'files') return;
  context.report.warn(
    'an update of this deployment was interrupted, and only some of its files are replaced: the plan is made from the files as they are now, and the next command without --dry-run completes it first',
  );
}

/**
 * Completes an update that stopped in phase `files`. Its hooks have not run: the journal keeps saying so.
 * @throws LaconicError
 */
export async function completeJournal(layout: DeploymentLayout, { steps, hook }: Journal): Promise<void> {
  await applySteps(layout, steps);
  await pruneGenerations(layout);
  if (hook === undefined) {
    await clearJournal(layout);
    return;
  }
  await writeJournal(layout, { phase: 'hooks', steps: [], hook });
  await rm(layout.next, { recursive: true, force: true });
}
