import { formatProblem, type Problem } from '../../system/errors.js';
import { readTextIfAny } from '../../system/files/files.js';
import type { Reporter } from '../../system/report.js';
import type { DeploymentLayout } from '../directory/layout.js';
import { parseOwnJson } from '../directory/state-file.js';

/**
 * Warnings of the last create or update of a deployment. Later commands report only new ones: a line that every command
 * prints hides the important one.
 */
export interface ReportedWarnings {
  /** Ids from {@link idOf}. */
  problems: ReadonlySet<string>;
  /** Variables that were not set. */
  unset: ReadonlySet<string>;
}

const none: ReportedWarnings = { problems: new Set(), unset: new Set() };

/**
 * Identifies a warning independently of its file and line: the stack's own file, or its copy in the deployment
 * directory.
 */
export function idOf({ key = '', message }: Problem): string {
  return `${key}: ${message}`;
}

/** Renders the file of reported warnings. */
export function renderReported(problems: readonly Problem[], unset: readonly string[]): string {
  return `${JSON.stringify({ problems: [...new Set(problems.map(idOf))].sort(), unset: [...unset].sort() }, undefined, 1)}\n`;
}

/** @returns nothing reported if the file does not exist or has other content */
export async function readReported({ reportedWarnings: path }: DeploymentLayout): Promise<ReportedWarnings> {
  const text = await readTextIfAny(path);
  if (text === undefined) return none;
  const { problems, unset } = parseOwnJson(text, path, 'delete it: warnings are then reported again') as Partial<
    Record<string, unknown>
  >;
  if (!Array.isArray(problems) || !Array.isArray(unset)) return none;
  return { problems: new Set(problems as string[]), unset: new Set(unset as string[]) };
}

/**
 * Reports warnings about a deployment; those that its last create or update reported are shown only with `--verbose`.
 */
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
