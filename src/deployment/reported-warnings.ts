import { formatProblem, type Problem } from '../system/errors.js';
import { readTextIfAny } from '../system/files.js';
import type { Reporter } from '../system/report.js';
import type { DeploymentLayout } from './layout.js';
import { parseOwnJson } from './own-json.js';

/**
 * What the last create or update of a deployment warned of. Later commands report only what is new: a line that comes
 * with every command hides the one that matters.
 */
export interface ReportedWarnings {
  /** By {@link idOf}. */
  problems: ReadonlySet<string>;
  /** Variables that nothing set. */
  unset: ReadonlySet<string>;
}

const none: ReportedWarnings = { problems: new Set(), unset: new Set() };

/**
 * A warning whatever file it is about: the stack's own, or its copy in the deployment directory, where lines may
 * differ.
 */
export function idOf({ key = '', message }: Problem): string {
  return `${key}: ${message}`;
}

/** The text of the file that holds what was reported. */
export function renderReported(problems: readonly Problem[], unset: readonly string[]): string {
  return `${JSON.stringify({ problems: [...new Set(problems.map(idOf))].sort(), unset: [...unset].sort() }, undefined, 1)}\n`;
}

/** @returns nothing reported when a directory has no such file, or one that holds something else */
export async function readReported({ reportedWarnings: path }: DeploymentLayout): Promise<ReportedWarnings> {
  const text = await readTextIfAny(path);
  if (text === undefined) return none;
  const { problems, unset } = parseOwnJson(text, path, 'delete it: warnings are reported again then') as Partial<
    Record<string, unknown>
  >;
  if (!Array.isArray(problems) || !Array.isArray(unset)) return none;
  return { problems: new Set(problems as string[]), unset: new Set(unset as string[]) };
}

/** Reports warnings about a deployment; those that its last create or update reported only with `--verbose`. */
export async function warnOfNew(
  problems: readonly Problem[],
  layout: DeploymentLayout,
  report: Reporter,
): Promise<void> {
  const reported = problems.length === 0 ? none : await readReported(layout);
  for (const problem of problems) {
    if (reported.problems.has(idOf(problem))) report.verbose(`as reported before: ${formatProblem(problem)}`);
    else report.warn(formatProblem(problem));
  }
}
