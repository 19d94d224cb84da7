/**
 * An unquoted scalar, as Compose's YAML reader sees it. It differs from YAML 1.2: `017` and `0o17` are fifteen, `1_000`
 * is a thousand, and a date is not text. This matters for every value, since Compose formats numbers in environments
 * and labels in its own way.
 */
export interface ScalarValue {
  /** `unusable`: a date or an infinite number, which Compose refuses everywhere. */
  type: 'text' | 'int' | 'float' | 'bool' | 'null' | 'unusable';
  /** The value as Compose writes it as text: `1.50` is `1.5`, `0x10` is `16`, null is empty. */
  text: string;
}

const nulls = new Set(['', '~', 'null', 'Null', 'NULL']);
const truths = new Set(['true', 'True', 'TRUE']);
const falsehoods = new Set(['false', 'False', 'FALSE']);
const endless = /^(?:\.(?:nan|NaN|NAN)|[-+]?\.(?:inf|Inf|INF))$/;
const looksLikeNumber = /^[-+.\d]/;
const timestamp = /^\d{4}-\d{1,2}-\d{1,2}(?:[Tt ]\d{1,2}:\d{1,2}:\d{1,2}(?:\.\d+)?(?:Z|[-+]\d\d:\d\d)?)?$/;
const integer = /^([-+]?)(?:0[xX]([\da-fA-F]+)|0[bB]([01]+)|0[oO]?([0-7]+)|([1-9]\d*|0))$/;
const float = /^[-+]?(?:\.\d+|\d+(?:\.\d*)?)(?:[eE][-+]?\d+)?$/;

const smallest = -(2n ** 63n);
const largest = 2n ** 64n - 1n;

/** Reads text without quotes or a tag. */
export function plainScalar(source: string): ScalarValue {
  if (nulls.has(source)) return { type: 'null', text: '' };
  if (truths.has(source)) return { type: 'bool', text: 'true' };
  if (falsehoods.has(source)) return { type: 'bool', text: 'false' };
  if (endless.test(source)) return { type: 'unusable', text: source };
  if (!looksLikeNumber.test(source)) return { type: 'text', text: source };
  if (timestamp.test(source)) return { type: 'unusable', text: source };
  // A number that starts with a point cannot contain underscores.
  const digits = source.startsWith('.') ? source : source.replaceAll('_', '');
  const whole = wholeNumber(digits);
  if (whole !== undefined && whole >= smallest && whole <= largest) return { type: 'int', text: String(whole) };
  if (float.test(digits) && Number.isFinite(Number(digits))) return { type: 'float', text: floatText(Number(digits)) };
  return { type: 'text', text: source };
}

function wholeNumber(text: string): bigint | undefined {
  const match = integer.exec(text);
  if (!match) return undefined;
  const [, sign, hex, binary, octal, decimal] = match;
  const digits = hex !== undefined ? `0x${hex}` : binary !== undefined ? `0b${binary}` : octal && `0o${octal}`;
  const size = BigInt(digits ?? decimal ?? 0);
  return sign === '-' ? -size : size;
}

/** Formats a number as Go does: with an exponent (of at least two digits) below 0.0001 and from a million on. */
export function floatText(value: number): string {
  if (Object.is(value, -0)) return '-0';
  const size = Math.abs(value);
  const exponential = (size !== 0 && size < 1e-4) || size >= 1e6 ? value.toExponential() : String(value);
  return exponential.replace(/e([-+])(\d)$/, 'e$10$2');
}
