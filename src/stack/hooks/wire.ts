import { LaconicError } from '../../system/errors.js';
import { type HookKey, type HookMap, type HookValue, Numeral, wholeNumber } from './values.js';

/**
 * Values exchanged with Python, as JSON. What JSON (or a JavaScript object) would change is escaped as `{"$": [kind,
 * …]}`: `["int", digits]`, `["float", text]`, and `["map", [[key, value], …]]` for a map with keys that are not
 * strings, that JavaScript would reorder, or that look like this escape.
 */
export type Wire = null | boolean | string | number | Wire[] | { [key: string]: Wire };

const reordered = /^\d+$/;

/** Encodes a value as JSON. */
export function toWire(value: HookValue): Wire {
  if (value instanceof Numeral) return value.isFloat ? { $: ['float', pythonFloat(value.text)] } : toWire(value.value);
  if (typeof value === 'bigint') return { $: ['int', String(value)] };
  if (value === null || typeof value !== 'object') return value;
  if (Array.isArray(value)) return value.map((item) => toWire(item));
  const entries = [...value];
  if (entries.some(([key]) => typeof key !== 'string' || key === '$' || key === '__proto__' || reordered.test(key))) {
    return { $: ['map', entries.map(([key, item]) => [toWire(key), toWire(item)])] };
  }
  return Object.fromEntries(entries.map(([key, item]) => [String(key), toWire(item)]));
}

/**
 * Decodes JSON from the Python side.
 * @throws LaconicError if it is not in this format
 */
export function fromWire(wire: unknown): HookValue {
  if (wire === null || typeof wire === 'boolean' || typeof wire === 'string' || typeof wire === 'number') return wire;
  if (Array.isArray(wire)) return wire.map((item: unknown) => fromWire(item));
  if (typeof wire !== 'object') throw new LaconicError('the Python side of a hook sent no value');
  if (!('$' in wire)) return new Map(Object.entries(wire).map(([key, item]) => [key, fromWire(item)]));
  const [kind, body] = Array.isArray(wire.$) ? (wire.$ as unknown[]) : [];
  if (kind === 'int' && typeof body === 'string') return wholeNumber(body);
  if (kind === 'float' && typeof body === 'string') return new Numeral(floatOf(body), body, true);
  if (kind === 'map' && Array.isArray(body)) {
    const map: HookMap = new Map();
    for (const pair of body as [unknown, unknown][]) map.set(keyFromWire(pair[0]), fromWire(pair[1]));
    return map;
  }
  throw new LaconicError('the Python side of a hook sent a value of an unknown kind');
}

function keyFromWire(wire: unknown): HookKey {
  const key = fromWire(wire);
  if (key instanceof Numeral) return key.value;
  return typeof key === 'object' && key !== null ? JSON.stringify(wire) : key;
}

function pythonFloat(text: string): string {
  const special = /^([-+]?)\.?(inf|infinity|nan)$/i.exec(text);
  if (special === null) return text;
  return special[2]?.toLowerCase() === 'nan' ? 'nan' : `${special[1]}inf`;
}

function floatOf(text: string): number {
  if (text === 'nan') return Number.NaN;
  if (text.endsWith('inf')) return text.startsWith('-') ? -Infinity : Infinity;
  return Number(text);
}
