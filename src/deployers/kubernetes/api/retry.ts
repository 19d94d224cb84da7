import { errorCode } from '../../../system/errors.js';

/** The result of one attempt: an answer, or none. */
export type Attempt = { status: number; retryAfter?: string | undefined } | { error: unknown };

/** Waits before the attempts after the first, in milliseconds: 5 s in all. */
const waits = [200, 400, 800, 1_600, 2_000];
/** Upper limit for the server's Retry-After. */
const longestWait = 10_000;

/** The request did not leave this host, or nothing accepted it. */
const neverSent: ReadonlySet<string> = new Set(['ECONNREFUSED', 'EAI_AGAIN', 'ENETUNREACH', 'EHOSTUNREACH']);
/** The connection broke: the request may have been executed. */
const broken: ReadonlySet<string> = new Set(['ECONNRESET', 'EPIPE']);

/**
 * How long to wait before a request is sent again; undefined if it must not be, or if it is not worth it.
 * @param repeatable sending it twice has the same effect as once (reads, applies, deletes)
 * @param attempt 0 after the first attempt
 */
export function retryDelay(outcome: Attempt, repeatable: boolean, attempt: number): number | undefined {
  const wait = waits[attempt];
  if (wait === undefined) return undefined;
  if ('error' in outcome) {
    const code = errorCode(outcome.error) ?? '';
    return neverSent.has(code) || (repeatable && broken.has(code)) ? wait : undefined;
  }
  // 429: the server has not processed it.
  const again = outcome.status === 429 || (repeatable && [500, 502, 503, 504].includes(outcome.status));
  if (!again) return undefined;
  const asked = Number(outcome.retryAfter) * 1_000;
  return asked > 0 ? Math.min(asked, longestWait) : wait;
}
