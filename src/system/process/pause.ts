import { setTimeout as sleep } from 'node:timers/promises';
import { InterruptedError } from '../errors.js';

/** Waits so many milliseconds. @throws InterruptedError as soon as `signal` is aborted */
export async function pause(milliseconds: number, signal: AbortSignal): Promise<void> {
  await sleep(milliseconds, undefined, { signal }).catch(() => {
    throw new InterruptedError();
  });
}
