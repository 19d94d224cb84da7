import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { SilenceWatch } from '../../../../src/system/process/patience.js';

let warned: string[];
let patience: SilenceWatch;

beforeEach(() => {
  vi.useFakeTimers();
  warned = [];
  patience = new SilenceWatch('the server', { warn: (line) => void warned.push(line) });
});
afterEach(() => {
  vi.useRealTimers();
});

it('an overdue answer is reported after ten seconds, then once a minute', () => {
  const answered = patience.ask();
  vi.advanceTimersByTime(9_999);
  expect(warned).toEqual([]);
  vi.advanceTimersByTime(1);
  vi.advanceTimersByTime(60_000);
  answered();
  vi.advanceTimersByTime(600_000);
  expect(warned).toEqual([
    'the server has not answered for 10 s; still waiting (Ctrl-C ends it)',
    'the server has not answered for 70 s; still waiting (Ctrl-C ends it)',
  ]);
});

it('several pending questions are reported as one wait, and any answer ends it', async () => {
  const slow = patience.ask();
  const quick = patience.ask();
  vi.advanceTimersByTime(8_000);
  quick();
  vi.advanceTimersByTime(8_000);
  patience.heard();
  vi.advanceTimersByTime(8_000);
  expect(warned).toEqual([]);
  vi.advanceTimersByTime(2_000);
  expect(warned).toHaveLength(1);
  slow();
  await expect(patience.while(Promise.reject(new Error('refused')))).rejects.toThrow('refused');
  vi.advanceTimersByTime(600_000);
  expect(warned).toHaveLength(1);
});
