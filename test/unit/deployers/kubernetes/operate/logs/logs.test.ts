import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { LogsOptions } from '../../../../../../src/deployers/deployer.js';
import type { PodFacts } from '../../../../../../src/deployers/kubernetes/ready/api-types.js';
import { LogLines } from '../../../../../../src/deployers/kubernetes/operate/logs/log-lines.js';
import { labelOf } from '../../../../../../src/deployers/kubernetes/operate/logs/log-source.js';
import { logQuery, parseTime } from '../../../../../../src/deployers/kubernetes/operate/logs/log-query.js';

import { pod, podWith } from '../../ready/objects.js';

const options: LogsOptions = { services: [], follow: false, timestamps: false };
const now = Date.UTC(2026, 0, 2, 12);

async function through(chunks: readonly Buffer[], query: { until?: number; timestamps: boolean }): Promise<string> {
  return (await buffer(Readable.from(chunks).pipe(new LogLines(() => 'web', query)))).toString('latin1');
}

describe('the options of logs as query parameters of the API server', () => {
  it.each([
    ['42m', now - 42 * 60_000],
    ['1h30m', now - 90 * 60_000],
    ['1.5s', now - 1_500],
    ['2026-01-02T11:00:00Z', now - 3_600_000],
    ['1767355200', 1_767_355_200_000],
  ])('accept the time %s', (text, time) => {
    expect(parseTime(text, '--since', now)).toBe(time);
  });

  it.each(['', 'yesterday', '5', '10x', '2026-13-45'])('reject the time %j', (text) => {
    expect(() => parseTime(text, '--since', now)).toThrow(/^--since: /);
  });

  it('ask for timestamps, since the API server has no end time', () => {
    const query = logQuery({ ...options, tail: 3, until: '1m' }, now);
    expect(query).toEqual({
      parameters: { tailLines: '3', timestamps: 'true' },
      until: now - 60_000,
      timestamps: false,
    });
  });

  it('cannot follow what has ended', () => {
    expect(() => logQuery({ ...options, kubernetes: { previous: true }, follow: true }, now)).toThrow('--previous');
  });
});

describe('lines of a log', () => {
  it('are prefixed with the container’s name and otherwise unchanged, however the chunks arrive', async () => {
    const cut = fc.array(fc.integer({ min: 1, max: 7 }), { minLength: 1 });
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 60 }), cut, async (bytes, sizes) => {
        const whole = Buffer.from(bytes);
        const chunks: Buffer[] = [];
        for (let at = 0, turn = 0; at < whole.length; turn += 1) {
          const size = sizes[turn % sizes.length] ?? 1;
          chunks.push(whole.subarray(at, at + size));
          at += size;
        }
        const text = whole.toString('latin1');
        const lines = text === '' ? [] : text.replace(/\n$/, '').split('\n');
        expect(await through(chunks, { timestamps: false })).toBe(lines.map((line) => `web: ${line}\n`).join(''));
      }),
    );
  });

  it('are left out after the end time, and so are the timestamps used to find it', async () => {
    const log = '2026-01-02T11:00:00.5Z one\n2026-01-02T11:59:59.999999999Z two\n2026-01-02T12:00:00Z three\n';
    expect(await through([Buffer.from(log)], { until: now, timestamps: false })).toBe('web: one\nweb: two\n');
    expect(await through([Buffer.from(log)], { until: now - 1_000, timestamps: true })).toBe(
      'web: 2026-01-02T11:00:00.5Z one\n',
    );
  });

  it('do not include the notice that the log is lost', async () => {
    const lines = new LogLines(() => 'web', { timestamps: false });
    const text = `unable to retrieve container logs for containerd://${'ab'.repeat(32)}`;
    expect((await buffer(Readable.from([Buffer.from(text)]).pipe(lines))).toString()).toBe('');
    expect(lines.lost).toBe(true);
  });
});

describe('the prefix of log lines', () => {
  const label = (one: PodFacts, ...others: PodFacts[]) => labelOf({ pod: one, container: 'web' }, [one, ...others]);
  const first = pod({ name: 'web-r-aaaaa' });

  it('is the container name for one pod, and has the end of the pod’s name for several', () => {
    expect(label(first)).toBe('web');
    expect(label(first, pod({ name: 'web-r-bbbbb' }))).toBe('web-aaaaa');
  });

  it('ignores pods that are being replaced, were evicted, or belong to another try of a job', () => {
    expect(label(first, pod({ name: 'web-s-bbbbb', owner: { kind: 'ReplicaSet', uid: 's' } }))).toBe('web');
    expect(label(first, pod({ name: 'web-r-bbbbb', deleted: true }))).toBe('web');
    expect(label(first, pod({ name: 'web-r-bbbbb', status: { phase: 'Failed' } }))).toBe('web');
    const tries = ['seed-aaaaa', 'seed-bbbbb'].map((name) => podWith({}, { name, owner: { kind: 'Job', uid: 'j' } }));
    expect(labelOf({ pod: tries[0] ?? first, container: 'seed' }, tries)).toBe('seed');
  });
});
