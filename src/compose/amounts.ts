/** Times and sizes as compose files write them. */

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

/** The most milliseconds a duration may have: 2⁶³ nanoseconds, some 292 years. */
const longest = 9_223_372_036_854.775;

/**
 * A duration in milliseconds, perhaps with a fraction: `1m30s`, `1.5s`, `500ms`, `-1h`, and since Compose 2.30 `1d` and
 * `2w`. A number needs a unit, but for `0`.
 * @returns undefined for what Compose refuses
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

const size = /^([-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?) ?([a-z]{0,3})$/i;
const powers = ['b', 'k', 'm', 'g', 't', 'p'];

/**
 * A size in whole bytes in Compose's units: `64m`, `1.5gb`, `1 KiB`, `1048576`; letters always mean powers of 1024, in
 * any case. (Sizes of a spec may be Kubernetes quantities too: `parseMemory` of `src/spec/units.ts`.)
 * @returns undefined for what Compose refuses
 */
export function parseBytes(text: string): number | undefined {
  const [, amount, suffix = ''] = size.exec(text) ?? [];
  const power = powers.indexOf(suffix[0]?.toLowerCase() ?? 'b');
  if (amount === undefined || power < 0 || !/^(?:|b|.|.b|.ib)$/i.test(suffix) || /^b./i.test(suffix)) return undefined;
  const bytes = Number(amount) * 1024 ** power;
  return bytes < 0 ? undefined : Math.trunc(bytes);
}
