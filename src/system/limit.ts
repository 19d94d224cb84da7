import type { Context } from './context.js';
import { InterruptedError, LaconicError } from './errors.js';

/** Node fires longer timers at once: 24 days. */
export const longestTimer = 2 ** 31 - 1;

/** Why a signal is aborted that nobody but a limit of time has aborted. */
export class LimitPassed extends Error {}

/**
 * Carries out something that is ended, as Ctrl-C ends it, when it takes too long.
 * @param what begins the message: `start of hooks/commands.py`
 * @param seconds `--wait-timeout`; absent: no limit
 * @param work gets the context whose signal is aborted then
 * @throws LaconicError that names both when the time is over
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
    throw new LaconicError(`${what} had not ended after ${seconds} seconds and was told to end`, {
      hint: 'what was done before stays; --wait-timeout sets how long anything is awaited',
    });
  } finally {
    clearTimeout(timer);
  }
}
