import { describe, expect, it } from 'vitest';
import { parseBytes, parseDuration } from '../../../../src/compose/syntax/amounts.js';

describe('durations in compose files', () => {
  it.each([
    ['1m30s', 90_000],
    ['1.5s', 1500],
    ['.5s', 500],
    ['5.s', 5000],
    ['100us', 0.1],
    ['1h2m3s4ms', 3_723_004],
    ['-1h', -3_600_000],
    ['+5s', 5000],
    ['0', 0],
    ['0s', 0],
    ['1d', 86_400_000],
    ['2w', 1_209_600_000],
    ['1s1s', 2000],
  ])('%s is %d ms', (text, milliseconds) => {
    expect(parseDuration(text)).toBeCloseTo(milliseconds, 6);
  });

  it.each(['', '10', '5 s', 's', '.s', '1x', '1m30', '1s ', '--1s', '1e3s', '300000w', '٣s'])('reject %j', (text) => {
    expect(parseDuration(text)).toBeUndefined();
  });
});

describe('sizes in compose files', () => {
  it.each([
    ['0', 0],
    ['64', 64],
    ['64b', 64],
    ['64k', 65_536],
    ['64KB', 65_536],
    ['64KiB', 65_536],
    ['1 MB', 1_048_576],
    ['1.5g', 1_610_612_736],
    ['.5k', 512],
    ['1t', 1_099_511_627_776],
    ['1p', 1_125_899_906_842_624],
    ['1.9', 1],
    ['1e3', 1000],
  ])('%s is %d', (text, bytes) => {
    expect(parseBytes(text)).toBe(bytes);
  });

  it.each(['', 'm', '64q', '64bb', '64kk', '64kbi', '-1', '1  m', '0x10', '1,5g', ' 64m'])('reject %j', (text) => {
    expect(parseBytes(text)).toBeUndefined();
  });
});
