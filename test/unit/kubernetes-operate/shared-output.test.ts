import { Writable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, it, onTestFinished } from 'vitest';
import { SharedOutput } from '../../../src/deployers/kubernetes/operate/shared-output.js';

it('a reader that goes away while there is no room for more: whoever writes next is told, and nothing else happens (04 §5.7)', async () => {
  const unhandled: unknown[] = [];
  const note = (reason: unknown): void => void unhandled.push(reason);
  process.on('unhandledRejection', note);
  onTestFinished(() => void process.off('unhandledRejection', note));
  const stream = new Writable({
    highWaterMark: 1,
    write: (_chunk, _encoding, done) => {
      setTimeout(() => done(Object.assign(new Error('write EPIPE'), { code: 'EPIPE' })), 10);
    },
  });
  stream.on('error', () => undefined);
  const output = new SharedOutput(stream);

  await output.write(Buffer.from('a line\n'));
  await sleep(50);

  expect(unhandled).toEqual([]);
  await expect(output.write(Buffer.from('another\n'))).rejects.toMatchObject({ code: 'EPIPE' });
});
