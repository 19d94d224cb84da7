import { bytesPerUnit, splitAmount } from '../compose/syntax/amounts.js';

/**
 * Exact sizes and CPU counts of a spec in any notation. Text that is a Kubernetes quantity is read as one (`512M` =
 * 512·10⁶, `5Gi` = 5·2³⁰); everything else as Compose reads it (`512mb` = 512·2²⁰).
 */

/** The largest number of bytes in Kubernetes. */
const maxBytes = 2n ** 63n - 1n;

/** Kubernetes suffixes, case-sensitive. `m` is left out: thousandths of a byte make no sense. */
const kubernetesBytes = new Map([
  ...['Ki', 'Mi', 'Gi', 'Ti', 'Pi', 'Ei'].map((suffix, index) => [suffix, 1024n ** BigInt(index + 1)] as const),
  ...['k', 'M', 'G', 'T', 'P', 'E'].map((suffix, index) => [suffix, 1000n ** BigInt(index + 1)] as const),
]);

const cpuNanos = new Map([
  ['n', 1n],
  ['u', 1000n],
  ['m', 1_000_000n],
]);

/**
 * Parses a number of bytes: a Kubernetes quantity (`128974848`, `129e6`, `129M`, `123Mi`, `0.5Gi`), else a Compose size
 * (`512m`, `64kb`, `1.5GiB`). `m` is Compose's mebibyte; `k` alone is Kubernetes' 1000. A fraction of a byte is rounded
 * up, as in Kubernetes.
 * @returns undefined if the text is not a size, is negative, or exceeds 2⁶³−1 bytes
 */
export function parseMemory(value: string | number): bigint | undefined {
  const bytes = scaled(value, memoryUnit, 1n);
  return bytes === undefined || bytes > maxBytes ? undefined : bytes;
}

/** Bytes by suffix; those of Kubernetes take precedence. */
function memoryUnit(suffix: string): bigint | undefined {
  const compose = bytesPerUnit(suffix);
  return kubernetesBytes.get(suffix) ?? (compose === undefined ? undefined : BigInt(compose));
}

/**
 * Parses a number of CPUs into billionths: `2`, `0.5`, `500m`, `250000u`. Finer fractions are rounded up.
 * @returns undefined if the text is not a number of CPUs, or is negative
 */
export function parseCpus(value: string | number): bigint | undefined {
  return scaled(value, (suffix) => cpuNanos.get(suffix), 1_000_000_000n);
}

/** Number times suffix, rounded up; without a suffix, times `unit`. */
function scaled(
  value: string | number,
  factorOf: (suffix: string) => bigint | undefined,
  unit: bigint,
): bigint | undefined {
  const amount = splitAmount(String(value).trim());
  if (amount === undefined) return undefined;
  const { sign, whole, fraction, exponent, unit: suffix } = amount;
  if (sign === '-' || (exponent !== '' && suffix !== '')) return undefined;
  if (Math.max(whole.length, fraction.length) > 40 || Math.abs(Number(exponent)) > 99) return undefined;
  const factor = suffix === '' ? unit : factorOf(suffix);
  if (factor === undefined) return undefined;
  const shift = Number(exponent) - fraction.length;
  const digits = BigInt(whole + fraction) * factor;
  if (shift >= 0) return digits * 10n ** BigInt(shift);
  const divisor = 10n ** BigInt(-shift);
  return (digits + divisor - 1n) / divisor;
}
