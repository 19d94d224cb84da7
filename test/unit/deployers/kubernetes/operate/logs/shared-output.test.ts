import { Readable, Writable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, it, onTestFinished } from 'vitest';
import { SharedOutput } from '../../../../../../src/deployers/kubernetes/operate/logs/shared-output.js';

it('a reader that goes away while writers wait causes an error for the next writer, and nothing else', async () => {
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

it('many logs are written completely, one after another and side by side, without leaking listeners', async () => {
  const warnings: Error[] = [];
  const note = (warning: Error): void => void warnings.push(warning);
  process.on('warning', note);
  onTestFinished(() => void process.off('warning', note));
  let written = '';
  const stream = new Writable({
    highWaterMark: 1,
    write: (chunk: Buffer, _encoding, done) => {
      written += chunk.toString();
      setImmediate(done);
    },
  });
  const output = new SharedOutput(stream);
  const log = (): Promise<void> => output.take(Readable.from([Buffer.from('a\n'), Buffer.from('b\n')]));

  for (let count = 0; count < 20; count += 1) await log();
  await Promise.all(Array.from({ length: 20 }, log));
  await new Promise<void>((resolve) => stream.end(resolve));

  expect(written.split('\n').sort().join('')).toBe('a'.repeat(40) + 'b'.repeat(40));
  expect(warnings).toEqual([]);
});
