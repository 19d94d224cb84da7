/**
 * Sizes and CPU counts of a spec, exactly, whichever notation they are in. What Kubernetes reads as a
 * quantity keeps its meaning there (`512M` = 512·10⁶, `5Gi` = 5·2³⁰); everything else Compose reads has Compose's
 * (`512mb` = 512·2²⁰).
 */

const quantity = /^\+?(\d{1,40})?(?:\.(\d{0,40}))?(?:[eE]([+-]?\d{1,2})|\s?([A-Za-z]{1,3}))?$/;

/** The most bytes Kubernetes can name. */
const maxBytes = 2n ** 63n - 1n;

const binary = (exponent: bigint): bigint => 1024n ** exponent;
const decimal = (exponent: bigint): bigint => 1000n ** exponent;

/** Suffixes of Kubernetes, case as written. `m` is not among them: nobody means thousandths of a byte. */
const kubernetesBytes = new Map([
  ...['Ki', 'Mi', 'Gi', 'Ti', 'Pi', 'Ei'].map((suffix, index) => [suffix, binary(BigInt(index + 1))] as const),
  ...['k', 'M', 'G', 'T', 'P', 'E'].map((suffix, index) => [suffix, decimal(BigInt(index + 1))] as const),
]);

/** Suffixes of Compose (always powers of 1024, in any case), with the ones Kubernetes takes first left over. */
const composeBytes = new Map([
  ['b', 1n],
  ...['k', 'm', 'g', 't', 'p'].flatMap((letter, index) =>
    [letter, `${letter}b`, `${letter}ib`].map((suffix) => [suffix, binary(BigInt(index + 1))] as const),
  ),
]);

const cpuNanos = new Map([
  ['n', 1n],
  ['u', 1000n],
  ['m', 1_000_000n],
]);

/**
 * A number of bytes: a Kubernetes quantity (`128974848`, `129e6`, `129M`, `123Mi`, `0.5Gi`), else a Compose size
 * (`512m`, `64kb`, `1.5GiB`). `m` is Compose's mebibyte; `k` alone is Kubernetes' 1000. A part of a byte counts as a
 * whole one, as in Kubernetes.
 * @returns undefined when the text is no size, negative, or more than 2⁶³−1 bytes
 */
export function parseMemory(value: string | number): bigint | undefined {
  const bytes = scaled(value, (suffix) => kubernetesBytes.get(suffix) ?? composeBytes.get(suffix.toLowerCase()), 1n);
  return bytes === undefined || bytes > maxBytes ? undefined : bytes;
}

/**
 * A number of CPUs in billionths: `2`, `0.5`, `500m`, `250000u`. Finer parts are rounded up.
 * @returns undefined when the text is no number of CPUs, or negative
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
  const match = quantity.exec(String(value).trim());
  if (!match) return undefined;
  const [, whole = '', fraction = '', exponent = '0', suffix] = match;
  if (whole === '' && fraction === '') return undefined;
  const factor = suffix === undefined ? unit : factorOf(suffix);
  if (factor === undefined) return undefined;
  const shift = Number(exponent) - fraction.length;
  const digits = BigInt(whole + fraction) * factor;
  if (shift >= 0) return digits * 10n ** BigInt(shift);
  const divisor = 10n ** BigInt(-shift);
  return (digits + divisor - 1n) / divisor;
}
