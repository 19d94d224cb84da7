/** Durations and sizes in the notation of compose files. */

const milliseconds: Record<string, number> = {
  ns: 1e-6,
  us: 1e-3,
  µs: 1e-3,
  μs: 1e-3,
  ms: 1,
  s: 1000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
  w: 604_800_000,
};

const durationPart = /(\d+(?:\.\d*)?|\.\d+)(ns|us|µs|μs|ms|[smhdw])/y;

/** The longest duration in milliseconds: 2⁶³ nanoseconds, about 292 years. */
const longest = 9_223_372_036_854.775;

/**
 * Parses a duration into milliseconds, possibly with a fraction: `1m30s`, `1.5s`, `500ms`, `-1h`, and since Compose
 * 2.30 `1d` and `2w`. Every number except `0` needs a unit.
 * @returns undefined for text that Compose refuses
 */
export function parseDuration(text: string): number | undefined {
  const sign = text.startsWith('-') ? -1 : 1;
  const start = /^[-+]/.test(text) ? 1 : 0;
  if (text.slice(start) === '0') return 0;
  let total = 0;
  durationPart.lastIndex = start;
  let end = start;
  for (let part = durationPart.exec(text); part !== null; part = durationPart.exec(text)) {
    total += Number(part[1]) * (milliseconds[part[2] ?? ''] ?? 0);
    end = durationPart.lastIndex;
  }
  if (end === start || end !== text.length || total > longest) return undefined;
  return sign * total;
}

type AmountPart = 'number' | 'sign' | 'whole' | 'fraction' | 'exponent' | 'unit';

const amount = /^(([-+]?)(\d*)(?:\.(\d*))?(?:[eE]([-+]?\d+))?) ?([A-Za-z]{0,3})$/;

/**
 * Takes a number with a unit apart: `-1.5e3 KiB`. What is not there is empty.
 * @returns undefined if the text is none; `number`: the text without its unit
 */
export function splitAmount(text: string): Record<AmountPart, string> | undefined {
  const [, number = '', sign = '', whole = '', fraction = '', exponent = '', unit = ''] = amount.exec(text) ?? [];
  return whole + fraction === '' ? undefined : { number, sign, whole, fraction, exponent, unit };
}

/** Returns the bytes that a unit means in Compose: 1024² for `m`, `mb` and `MiB`; undefined if it is not a unit. */
export function bytesPerUnit(unit: string): number | undefined {
  if (!/^(?:b|[kmgtp](?:i?b)?)?$/i.test(unit)) return undefined;
  return 1024 ** 'bkmgtp'.indexOf(unit.charAt(0).toLowerCase());
}

/**
 * Parses a size in Compose's units into whole bytes: `64m`, `1.5gb`, `1 KiB`, `1048576`; letters, in any case, always
 * mean powers of 1024. (Sizes of a spec may also be Kubernetes quantities: see `parseMemory` in `src/spec/units.ts`.)
 * @returns undefined for text that Compose refuses
 */
export function parseBytes(text: string): number | undefined {
  const { number, unit = '?' } = splitAmount(text) ?? {};
  const factor = bytesPerUnit(unit);
  if (factor === undefined || Number(number) < 0) return undefined;
  return Math.trunc(Number(number) * factor);
}
