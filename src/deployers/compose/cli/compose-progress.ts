import { stripVTControlCharacters } from 'node:util';
import type { Context } from '../../../system/context.js';

/** A line that `docker compose` writes to stderr. */
export type ComposeLine =
  | { kind: 'step'; subject: 'Container' | 'Network' | 'Volume' | 'Image'; name: string; state: string }
  | { kind: 'warning'; text: string }
  | { kind: 'other'; text: string };

// ` Container demo-web-1  Started`: two spaces up to 2.40, one later.
const step = /^ *(Container|Network|Volume|Image) (\S.*?) +(\S+)\s*$/;
// ` web Pulling`, ` web Pulled`, before Compose printed `Image x Pulling`.
const pull = /^ *(\S+) (Pulling|Pulled|Building|Built)\s*$/;
const warning = /^time="[^"]*" level=warning msg="((?:[^"\\]|\\.)*)"/;

/** Parses a line of Compose's plain progress (2.26 to 2.40), including warnings. */
export function parseComposeLine(raw: string): ComposeLine {
  const line = stripVTControlCharacters(raw);
  const text = warning.exec(line)?.[1];
  if (text !== undefined) return { kind: 'warning', text: text.replace(/\\(["\\])/g, '$1') };
  const [, subject, name, state] = step.exec(line) ?? [];
  if (subject !== undefined && name !== undefined && state !== undefined) {
    return { kind: 'step', subject: subject as 'Container', name, state };
  }
  const [, image, pulling] = pull.exec(line) ?? [];
  if (image !== undefined && pulling !== undefined)
    return { kind: 'step', subject: 'Image', name: image, state: pulling };
  return { kind: 'other', text: line };
}

/** Warnings shown so far: each call of Compose repeats them. */
const shown = new WeakMap<Context['report'], Set<string>>();

/**
 * Shows a warning of Compose, once per run of this program.
 * @param reportedUnset variables without a value that were reported when the deployment was created or updated
 */
export function warnOnce(context: Context, text: string, reportedUnset?: ReadonlySet<string>): void {
  const before = shown.get(context.report) ?? new Set();
  shown.set(context.report, before);
  if (before.has(text)) return;
  before.add(text);
  const unset = /^The "?([^\s"]+)"? variable is not set/.exec(text)?.[1];
  const known = unset !== undefined && reportedUnset?.has(unset) === true;
  if (known || isIrrelevantWarning(text)) context.report.verbose(text);
  else context.report.warn(text);
}

/**
 * Warnings that the operator of a deployment can do nothing about: a line of the compose file without effect, and the
 * variable that is only set with `--debug`.
 */
function isIrrelevantWarning(text: string): boolean {
  return text.includes('the attribute `version` is obsolete') || /"?CERC_SCRIPT_DEBUG"? variable is not set/.test(text);
}
