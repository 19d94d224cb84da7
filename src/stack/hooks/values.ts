import { type Document, isAlias, isMap, isScalar, isSeq, type Node, type Pair, Scalar, YAMLMap, YAMLSeq } from 'yaml';
import { LaconicError } from '../../system/errors.js';

/**
 * The exact value of a YAML document: maps keep the order and types of their keys, and numbers that JavaScript cannot
 * hold or would write differently keep their text. Hooks use amounts of 30 digits and versions such as `1.10`.
 */
export type HookValue = null | boolean | string | number | bigint | Numeral | HookValue[] | HookMap;
export type HookKey = null | boolean | string | number | bigint;
export type HookMap = Map<HookKey, HookValue>;

/** A number that a JavaScript number does not fully describe: a float (`1.0`), or an integer in another notation. */
export class Numeral {
  readonly value: number | bigint;
  readonly text: string;
  readonly isFloat: boolean;

  constructor(value: number | bigint, text: string, isFloat: boolean) {
    this.value = value;
    this.text = text;
    this.isFloat = isFloat;
  }
}

const integerText = /^(?:[-+]?\d+|0o[0-7]+|0x[\da-fA-F]+)$/;

/** Parses an integer: a `number` if that is exact, else a `bigint`. */
export function wholeNumber(text: string): number | bigint {
  const exact = text.startsWith('-') ? -BigInt(text.slice(1)) : BigInt(text.replace(/^\+/, ''));
  return Number.isSafeInteger(Number(exact)) ? Number(exact) : exact;
}

/**
 * The value of a node, with aliases and `<<` resolved.
 * @throws LaconicError for a node that contains itself, and an alias without anchor
 */
export function exactValue(node: unknown, document: Document, inside: readonly Node[] = []): HookValue {
  if (isAlias(node)) {
    const target = node.resolve(document);
    if (target === undefined) throw new LaconicError(`the YAML alias *${node.source} names nothing`);
    return exactValue(target, document, inside);
  }
  if (isScalar(node)) return scalarValue(node);
  if (!isMap(node) && !isSeq(node)) return null;
  if (inside.includes(node)) throw new LaconicError('a YAML value contains itself');
  const below = [...inside, node];
  if (isSeq(node)) return node.items.map((item) => exactValue(item, document, below));
  const map: HookMap = new Map();
  for (const pair of node.items) {
    if (isMergePair(pair)) {
      for (const [key, value] of mergedEntries(pair.value, document, below)) if (!map.has(key)) map.set(key, value);
    } else {
      map.set(keyOf(pair, document), exactValue(pair.value, document, below));
    }
  }
  return map;
}

function mergedEntries(value: unknown, document: Document, inside: readonly Node[]): HookMap {
  const source = exactValue(value, document, inside);
  const merged: HookMap = new Map();
  for (const map of Array.isArray(source) ? source : [source]) {
    if (!(map instanceof Map)) continue;
    for (const [key, entry] of map) if (!merged.has(key)) merged.set(key, entry);
  }
  return merged;
}

/** Whether this pair is a merge (`<<: *base`). */
export function isMergePair(pair: Pair): boolean {
  return (
    isScalar(pair.key) &&
    (typeof pair.key.value === 'symbol' || pair.key.value === '<<') &&
    !pair.key.type?.startsWith('QUOTE')
  );
}

/** The key of a pair; a map or a list becomes its text. */
export function keyOf(pair: Pair, document: Document): HookKey {
  const key = exactValue(pair.key, document);
  if (key instanceof Numeral) return key.value;
  return typeof key === 'object' && key !== null ? String(pair.key) : key;
}

/** The value of a scalar node, with the text of a number if needed. */
export function scalarValue(node: Scalar): HookValue {
  const { value, source } = node;
  if (typeof value === 'number' || typeof value === 'bigint') {
    const text = source ?? String(value);
    if (source !== undefined && integerText.test(source)) {
      const whole = wholeNumber(source);
      return String(whole) === source ? whole : new Numeral(whole, source, false);
    }
    if (typeof value === 'bigint') return value;
    if (source === undefined && Number.isSafeInteger(value)) return value;
    return new Numeral(value, text, true);
  }
  return typeof value === 'string' || typeof value === 'boolean' ? value : null;
}

/** The number in a value; undefined if it is not a number. */
export function numericValue(value: HookValue): number | bigint | undefined {
  if (value instanceof Numeral) return value.value;
  return typeof value === 'number' || typeof value === 'bigint' ? value : undefined;
}

/** Whether two values are equal: numbers by size (1 equals 1.0), maps regardless of key order. */
export function sameValue(a: HookValue, b: HookValue): boolean {
  const numberA = numericValue(a);
  const numberB = numericValue(b);
  if (numberA !== undefined || numberB !== undefined)
    return numberA !== undefined && numberB !== undefined && sameNumber(numberA, numberB);
  if (Array.isArray(a))
    return Array.isArray(b) && a.length === b.length && a.every((item, i) => sameValue(item, b[i] ?? null));
  if (a instanceof Map) {
    return (
      b instanceof Map &&
      a.size === b.size &&
      [...a].every(([key, item]) => b.has(key) && sameValue(item, b.get(key) ?? null))
    );
  }
  return a === b;
}

function sameNumber(a: number | bigint, b: number | bigint): boolean {
  if (typeof a === typeof b) return Object.is(a, b) || a === b;
  const [number, big] = typeof a === 'number' ? [a, b] : [b, a];
  return Number.isInteger(number) && BigInt(number) === big;
}

/**
 * Converts to plain objects and arrays. With `numbers: 'text'`, a number that JavaScript would write differently
 * becomes its text.
 */
export function toPlain(value: HookValue, numbers: 'text' | 'value'): unknown {
  if (value instanceof Numeral)
    return numbers === 'text' && String(value.value) !== value.text ? value.text : value.value;
  if (typeof value === 'bigint') return numbers === 'text' ? String(value) : value;
  if (Array.isArray(value)) return value.map((item) => toPlain(item, numbers));
  if (value instanceof Map) {
    return Object.fromEntries([...value].map(([key, item]) => [String(key), toPlain(item, numbers)]));
  }
  return value;
}

/**
 * Converts a value from a JavaScript hook.
 * @throws LaconicError with the key of anything that YAML cannot hold: a function, a Date, a symbol, a cycle
 */
export function fromPlain(value: unknown, at = '', inside: readonly object[] = []): HookValue {
  if (value === null || value === undefined) return null;
  if (typeof value === 'boolean' || typeof value === 'string' || typeof value === 'bigint') return value;
  if (typeof value === 'number') return Number.isSafeInteger(value) ? value : new Numeral(value, String(value), true);
  const place = at === '' ? 'the value' : `the value at ${at}`;
  if (typeof value !== 'object') throw new LaconicError(`${place} is a ${typeof value}, which YAML cannot hold`);
  if (inside.includes(value)) throw new LaconicError(`${place} contains itself`);
  const below = [...inside, value];
  if (Array.isArray(value)) return value.map((item, i) => fromPlain(item, `${at}[${i}]`, below));
  const isPlain = [Object.prototype, null].includes(Object.getPrototypeOf(value) as object | null);
  if (!isPlain && !(value instanceof Map)) {
    throw new LaconicError(`${place} is a ${value.constructor.name}, which YAML cannot hold`);
  }
  const map: HookMap = new Map();
  for (const [key, item] of value instanceof Map ? (value as Map<unknown, unknown>) : Object.entries(value)) {
    if (item === undefined) continue;
    const name = String(key);
    map.set(name, fromPlain(item, at === '' ? name : `${at}.${name}`, below));
  }
  return map;
}

/** Converts a value to a YAML node. */
export function toNode(value: HookValue, document: Document): Node {
  if (value instanceof Numeral) {
    const scalar = new Scalar(value.value);
    const digits = /\.(\d+)$/.exec(value.text);
    if (value.isFloat && digits?.[1]) scalar.minFractionDigits = digits[1].length;
    return scalar;
  }
  if (Array.isArray(value)) {
    const list = new YAMLSeq<Node>();
    for (const item of value) list.add(toNode(item, document));
    return list;
  }
  if (value instanceof Map) {
    const map = new YAMLMap();
    for (const [key, item] of value) map.add(document.createPair(key, toNode(item, document)));
    return map;
  }
  return new Scalar(value);
}
