import { setTimeout as sleep } from 'node:timers/promises';
import { errorMessage, InterruptedError } from '../system/errors.js';
import { type Engine, pingEngine } from './connect.js';

/** How long a plan waits for an answer before it is made from the files alone. */
const patienceMs = 8_000;

const unknown = 'it is not known what is running';

/**
 * Why the engine cannot be queried, for a command that can do without: it does not answer, or not in time.
 * @returns undefined if it answers
 * @throws InterruptedError
 */
export async function whySilent(engine: Engine, signal: AbortSignal): Promise<string | undefined> {
  const done = new AbortController();
  const answer = pingEngine(engine, unknown).then(() => undefined, errorMessage);
  const late = sleep(
    patienceMs,
    `${unknown}: the Docker engine at ${engine.name} did not answer within ${patienceMs / 1000} s`,
    {
      signal: AbortSignal.any([signal, done.signal]),
    },
  );
  try {
    return await Promise.race([answer, late]);
  } catch (error) {
    if (signal.aborted) throw new InterruptedError();
    throw error;
  } finally {
    done.abort();
    late.catch(() => undefined);
  }
}
