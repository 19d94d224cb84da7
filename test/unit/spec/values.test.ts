import { describe, expect, it } from 'vitest';
import { parseSpec } from '../../../src/spec/parse.js';
import { parseCpus, parseMemory } from '../../../src/spec/units.js';

describe('sizes in a spec', () => {
  const Ki = 1024n;
  it.each<[string | number, bigint | undefined]>([
    ['128974848', 128_974_848n],
    [128_974_848, 128_974_848n],
    ['129e6', 129_000_000n],
    ['129E6', 129_000_000n],
    ['1.5e3', 1500n],
    ['1e-1', 1n],
    ['129M', 129_000_000n],
    ['100k', 100_000n],
    ['1E', 10n ** 18n],
    ['5Gi', 5n * Ki ** 3n],
    ['0.5Gi', Ki ** 3n / 2n],
    ['.5Ki', 512n],
    ['1.Mi', Ki ** 2n],
    ['0.1Ki', 103n],
    ['512m', 512n * Ki ** 2n],
    ['1g', Ki ** 3n],
    ['10b', 10n],
    ['10B', 10n],
    ['64kb', 64n * Ki],
    ['64KB', 64n * Ki],
    ['2gb', 2n * Ki ** 3n],
    ['1.5GiB', (3n * Ki ** 3n) / 2n],
    ['3 MiB', 3n * Ki ** 2n],
    ['1K', Ki],
    [0, 0n],
    ['9223372036854775807', 2n ** 63n - 1n],
    ['9223372036854775808', undefined],
    ['8Ei', undefined],
    ['1e99', undefined],
    ['1e999999999', undefined],
    ['', undefined],
    ['.', undefined],
    ['M', undefined],
    ['-1', undefined],
    ['1,5G', undefined],
    ['5Xi', undefined],
    ['5 Gi b', undefined],
    ['0x10', undefined],
    ['five', undefined],
  ])('%s is %s bytes', (text, bytes) => {
    expect(parseMemory(text)).toBe(bytes);
  });
});

describe('CPUs in billionths', () => {
  it.each<[string | number, bigint | undefined]>([
    [2, 2_000_000_000n],
    ['0.5', 500_000_000n],
    ['500m', 500_000_000n],
    ['250000u', 250_000_000n],
    ['1n', 1n],
    ['1e-3', 1_000_000n],
    ['0.0000000001', 1n],
    ['1k', undefined],
    ['-1', undefined],
    ['one', undefined],
    ['', undefined],
  ])('%s is %s', (text, nanos) => {
    expect(parseCpus(text)).toBe(nanos);
  });
});

describe('external services in a spec', () => {
  it.each([
    ['a: {host: 10.0.0.1}', 'a.host: must be a host name (write ip for an address), found "10.0.0.1"'],
    ['a: {ip: db}', 'a.ip: must be an IP address or a list of them (write host for a name), found "db"'],
    ['a: {ip: ["::1", db]}', 'a.ip: must be an IP address or a list of them (write host for a name), found a list'],
  ])('are hosts or addresses: %s', (line, message) => {
    const text = `stack: x\ndeploy-to: compose\nexternal-services: {${line}}\n`;
    expect(() => parseSpec(text, 'spec.yml')).toThrow(`spec.yml:3 external-services.${message}`);
  });
});
