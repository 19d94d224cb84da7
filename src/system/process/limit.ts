import type { Context } from '../context.js';
import { InterruptedError, LaconicError } from '../errors.js';

/** Node fires timers with a longer delay (24 days) immediately. */
export const longestTimer = 2 ** 31 - 1;

/** The abort reason of a signal that a time limit aborted. */
export class LimitPassed extends Error {}

/**
 * Returns a signal that aborts after these milliseconds. `AbortSignal.timeout` would not do: Node collects it as
 * garbage when only a signal that `AbortSignal.any` made of it is still in use, and then nothing is ever aborted.
 */
export function abortedAfter(milliseconds: number): AbortSignal {
  const limit = new AbortController();
  setTimeout(() => limit.abort(new LimitPassed()), Math.min(milliseconds, longestTimer)).unref();
  return limit.signal;
}

/**
 * Runs work that is interrupted, as by Ctrl-C, when it exceeds a time limit.
 * @param what begins the message: `start of hooks/commands.py`
 * @param seconds `--wait-timeout`; absent: no limit
 * @param work gets the context with the signal that the limit aborts
 * @throws LaconicError that names `what` and the limit when the time is up
 */
export async function withinLimit<T>(
  what: string,
  seconds: number | undefined,
  context: Context,
  work: (inside: Context) => Promise<T>,
): Promise<T> {
  if (seconds === undefined) return work(context);
  const limit = new AbortController();
  const timer = setTimeout(() => limit.abort(new LimitPassed()), Math.min(seconds * 1000, longestTimer)).unref();
  try {
    return await work({ ...context, signal: AbortSignal.any([context.signal, limit.signal]) });
  } catch (error) {
    if (!(error instanceof InterruptedError) || context.signal.aborted || !limit.signal.aborted) throw error;
    throw new LaconicError(`${what} did not end within ${seconds} seconds and was terminated`, {
      hint: 'earlier steps are kept; --wait-timeout sets the maximum time to wait',
    });
  } finally {
    clearTimeout(timer);
  }
}
