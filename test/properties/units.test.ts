import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseCpus, parseMemory } from '../../src/spec/units.js';

const whole = fc.bigInt({ min: 0n, max: 10n ** 9n });

describe('sizes and CPUs', () => {
  it('multiply by exactly the factor of the unit', () => {
    const factors = {
      '': 1n,
      Ki: 2n ** 10n,
      Mi: 2n ** 20n,
      Gi: 2n ** 30n,
      k: 10n ** 3n,
      M: 10n ** 6n,
      G: 10n ** 9n,
      m: 2n ** 20n,
      kb: 2n ** 10n,
    };
    fc.assert(
      fc.property(whole, fc.constantFrom(...Object.entries(factors)), (number, [unit, factor]) => {
        expect(parseMemory(`${number}${unit}`)).toBe(number * factor);
      }),
    );
  });

  it('are exact for decimal fractions, and rounded up to a byte', () => {
    fc.assert(
      fc.property(whole, fc.nat(999), (number, thousandths) => {
        const text = `${number}.${String(thousandths).padStart(3, '0')}`;
        expect(parseMemory(`${text}k`)).toBe(number * 1000n + BigInt(thousandths));
        const inMi = (number * 1000n + BigInt(thousandths)) * 2n ** 20n;
        expect(parseMemory(`${text}Mi`)).toBe((inMi + 999n) / 1000n);
        expect(parseCpus(text)).toBe((number * 1000n + BigInt(thousandths)) * 1_000_000n);
      }),
    );
  });

  it('are never negative, whatever the text', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.stringMatching(/^[0-9.eE+-]{0,12}[a-zA-Z]{0,3}$/)), (text) => {
        for (const value of [parseMemory(text), parseCpus(text)]) expect(value === undefined || value >= 0n).toBe(true);
      }),
    );
  });
});
