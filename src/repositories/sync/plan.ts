import { looksLikeCommit } from '../git/ref.js';
import type { Head } from '../git/heads.js';
import { type ObservedCopy, refOf } from './observe.js';
import type { RepositorySpec } from '../git/spec.js';

/** A repository to be cloned or updated. */
export interface Wanted {
  spec: RepositorySpec;
  /** Absolute path of the working copy. */
  directory: string;
  url: string;
  /** Branch, tag or commit; undefined: the remote's default, or what the working copy has. */
  ref?: string;
}

/** What to do with a repository. */
export type SyncPlan =
  | { action: 'clone' }
  /** Fetch if requested, then switch, then fast-forward a branch. */
  | { action: 'update'; fetch: boolean; switchTo?: string }
  | { action: 'keep' };

/** Whether HEAD is already at this ref. */
export function isAt(head: Head, ref: string): boolean {
  if (head.branch !== undefined) return head.branch === ref;
  if (head.tags.includes(ref)) return true;
  return looksLikeCommit(ref) && head.commit?.startsWith(ref.toLowerCase()) === true;
}

/** Plans what to do with a repository, from its state and the wanted ref. */
export function planRepository(ref: string | undefined, observed: ObservedCopy, pull: boolean): SyncPlan {
  if (observed.kind === 'absent') return { action: 'clone' };
  const switches = ref !== undefined && !isAt(observed.head, ref);
  if (!pull && !switches) return { action: 'keep' };
  return { action: 'update', fetch: pull, ...(switches ? { switchTo: ref } : {}) };
}

/** The line `Checking: …`, which scripts read. */
export function checkingLine({ directory, ref }: Wanted, observed: ObservedCopy): string {
  if (observed.kind === 'absent') return `Checking: ${directory}: Needs to be fetched`;
  const kind = observed.head.branch === undefined ? 'ref' : 'branch';
  return `Checking: ${directory}: already exists active ${kind}: ${refOf(observed.head, ref)}`;
}

/** Describes a plan for `--check-only`. */
export function planText(plan: SyncPlan, { url, ref }: Wanted): string {
  if (plan.action === 'clone') return `would be cloned from ${url}${ref === undefined ? '' : `, at ${ref}`}`;
  if (plan.action === 'keep') return 'nothing to do';
  const steps = [plan.fetch ? 'fetched' : '', plan.switchTo === undefined ? '' : `switched to ${plan.switchTo}`];
  return `would be ${steps.filter((step) => step !== '').join(' and ')}`;
}
