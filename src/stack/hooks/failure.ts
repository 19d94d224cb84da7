import { LaconicError } from '../../system/errors.js';
import type { HookName, HookSource } from './contexts.js';

/** Why a hook failed, as far as it is known. */
export interface HookFailure {
  /** The reason in one sentence: `KeyError: 'volumes'`. */
  readonly reason: string;
  /** Line in the hook's own file. */
  readonly line?: number | undefined;
  /** `helper.py:3`, when the failure is in a file the hook calls. */
  readonly elsewhere?: string | undefined;
  /** The language's own traceback; shown with `--debug` only. */
  readonly traceback?: string | undefined;
  readonly hint?: string | undefined;
  readonly cause?: unknown;
}

const debugHint = 'run with --debug to see the whole traceback';

function hintOf(cause: unknown): string | undefined {
  return cause instanceof LaconicError ? cause.hint : undefined;
}

/** Creates the error for a failed hook, with its file, line, function and reason. */
export function hookError(source: HookSource, hook: HookName, failure: HookFailure, debug: boolean): LaconicError {
  const place = failure.line === undefined ? source.file : `${source.file}:${failure.line}`;
  const elsewhere = failure.elsewhere === undefined ? '' : ` (at ${failure.elsewhere})`;
  const traceback = debug && failure.traceback ? `\n${failure.traceback.trimEnd()}` : '';
  const hint = failure.hint ?? hintOf(failure.cause) ?? (failure.traceback && !debug ? debugHint : undefined);
  return new LaconicError(`the ${hook} hook failed: ${place}: ${failure.reason}${elsewhere}${traceback}`, {
    hint,
    cause: failure.cause,
  });
}
