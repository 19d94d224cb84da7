import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { expect, it } from 'vitest';
import { abortedAfter } from '../../../../src/system/process/limit.js';

/** Resolves when one of two signals aborts; nothing else refers to them. */
function whenAborted(limit: AbortSignal): Promise<string> {
  const either = AbortSignal.any([new AbortController().signal, limit]);
  return new Promise((resolve) => {
    either.addEventListener('abort', () => resolve('aborted'), { once: true });
  });
}

it('a time limit is kept whenever Node collects garbage', async () => {
  setFlagsFromString('--expose-gc');
  const collectGarbage = runInNewContext('gc') as () => void;
  const aborted = whenAborted(abortedAfter(200));
  const collecting = setInterval(collectGarbage, 20);
  try {
    expect(await aborted).toBe('aborted');
  } finally {
    clearInterval(collecting);
  }
});
