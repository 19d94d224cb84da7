import { parseBytes } from '../../../../compose/syntax/amounts.js';
import { parseCpus, parseMemory } from '../../../../spec/units.js';

/**
 * Amounts as the API server normalizes them: the same value with the largest suffix that needs no fraction (`0.5` CPU
 * is `500m`, `1.5Gi` is `1536Mi`, `2000M` is `2G`), so that what is sent equals what is stored.
 */

const binarySuffixes = ['', 'Ki', 'Mi', 'Gi', 'Ti', 'Pi', 'Ei'];
const decimalSuffixes = ['m', '', 'k', 'M', 'G', 'T', 'P', 'E'];

/**
 * Parses a number of CPUs: `2`, `0.5`, `500m`.
 * @returns undefined if it is invalid
 */
export function cpuQuantity(text: string): string | undefined {
  const nanos = parseCpus(text);
  // The API rounds up to thousandths.
  return nanos === undefined ? undefined : withSuffix((nanos + 999_999n) / 1_000_000n, 1000n, decimalSuffixes);
}

/**
 * Parses a size of a spec: a Kubernetes quantity keeps its value, everything else is a Compose size.
 * @returns undefined if it is invalid
 */
export function sizeQuantity(text: string): string | undefined {
  const bytes = parseMemory(text);
  if (bytes === undefined) return undefined;
  const decimal = /(?:[kMGTPE]|\d|[eE][+-]?\d+)$/.test(text.trim());
  return decimal ? withSuffix(bytes, 1000n, decimalSuffixes.slice(1)) : bytesQuantity(bytes);
}

/**
 * Parses a size of a compose file, where every unit is a power of 1024: `256M` is `256Mi`.
 * @returns undefined if it is invalid
 */
export function composeSizeQuantity(text: string): string | undefined {
  const bytes = parseBytes(text);
  return bytes === undefined ? undefined : bytesQuantity(BigInt(bytes));
}

/** Formats bytes with a suffix of powers of 1024, or decimally if not divisible: `1k` for 1000. */
export function bytesQuantity(bytes: bigint): string {
  if (bytes % 1024n !== 0n) return withSuffix(bytes, 1000n, decimalSuffixes.slice(1));
  return withSuffix(bytes, 1024n, binarySuffixes);
}

function withSuffix(amount: bigint, step: bigint, suffixes: readonly string[]): string {
  if (amount === 0n) return '0';
  let [number, index] = [amount, 0];
  while (number % step === 0n && index < suffixes.length - 1) {
    number /= step;
    index += 1;
  }
  return `${number}${suffixes[index] ?? ''}`;
}
