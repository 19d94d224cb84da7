import { errorMessage, LaconicError } from '../../system/errors.js';
import type { Head } from '../git/heads.js';
import { refOf, tagOf } from './observe.js';
import type { Wanted } from './plan.js';

/** The outcome for a repository. */
export type Outcome =
  | { state: 'cloned' | 'updated' | 'switched' | 'unchanged'; head: Head }
  /** With `--check-only` and `--dry-run`. */
  | { state: 'planned'; text: string; head?: Head }
  | { state: 'failed'; error: LaconicError }
  /** Not reached because of an earlier failure. */
  | { state: 'not started' };

/** One repository and its outcome. */
export interface Result {
  wanted: Wanted;
  outcome: Outcome;
}

/** What was done for all of them. */
export interface SyncOutcome {
  /** The base directory. */
  base: string;
  results: readonly Result[];
  /** Whether none of them failed. */
  complete: boolean;
}

/** Describes where a repository is in the end: `cloned, main at 1a2b3c4d5e6f`. */
export function outcomeText(outcome: Outcome, wanted: Pick<Wanted, 'ref'>): string {
  switch (outcome.state) {
    case 'failed':
      return 'failed';
    case 'not started':
      return 'not started';
    case 'planned':
      return outcome.text;
    case 'cloned':
    case 'updated':
    case 'switched':
    case 'unchanged':
      return `${outcome.state}, ${headText(outcome.head, wanted.ref)}`;
  }
}

/** `main at 1a2b3c4d5e6f`, or `commit 1a2b3c4d5e6f`; of several tags preferably the requested one. */
export function headText(head: Head, wanted?: string): string {
  if (head.commit === undefined) return `${refOf(head)}, without commits`;
  const short = head.commit.slice(0, 12);
  const name = head.branch ?? tagOf(head, wanted);
  return name === undefined ? `commit ${short}` : `${name} at ${short}`;
}

/** Returns a LaconicError as it is; rethrows anything else, which is a bug. */
export function asLaconicError(error: unknown): LaconicError {
  if (error instanceof LaconicError) return error;
  throw error instanceof Error ? error : new Error(errorMessage(error));
}
