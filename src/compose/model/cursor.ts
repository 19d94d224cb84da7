import type { Problem } from '../../system/errors.js';
import { nearMiss } from '../../system/suggest.js';
import { type KeyPath, quote } from '../../system/yaml/yaml.js';
import { parseBytes, parseDuration } from '../syntax/amounts.js';
import { namesIn } from '../syntax/template.js';
import { isUnsettled } from '../document/unset-variables.js';
import {
  type ListTree,
  type Lookup,
  type MapTree,
  problemAt,
  type Refused,
  type ScalarTree,
  type Tree,
} from './tree.js';

/**
 * Problems for which Compose refuses the file, and warnings for what Compose accepts but is hardly meant as written.
 */
export class ModelFindings implements Refused {
  readonly problems: Problem[] = [];
  readonly unsettled: Problem[] = [];
  readonly warnings: Problem[] = [];
  readonly #said = new Map<Tree, Set<string>>();
  readonly #lookup: Lookup;
  readonly #origin: Lookup | undefined;

  constructor(lookup: Lookup, origin?: Lookup) {
    this.#lookup = lookup;
    this.#origin = origin;
  }

  refuse(tree: Tree, problem: Problem): void {
    const template = tree.kind === 'scalar' ? tree.template : undefined;
    const open = template !== undefined && isUnsettled(template, this.#lookup);
    (open ? this.unsettled : this.problems).push(
      template === undefined ? problem : this.#withOrigin(problem, template),
    );
  }

  /** Refused values are shown interpolated: the message adds the variables they came from, and where those are set. */
  #withOrigin(problem: Problem, template: string): Problem {
    const origins = [...namesIn(template)].flatMap((name) => {
      const origin = this.#origin?.(name);
      return origin === undefined ? [] : [`${name} is set in ${origin}`];
    });
    return origins.length === 0 ? problem : { ...problem, message: `${problem.message} (${origins.join(', ')})` };
  }

  /** False if this message was reported for this value before: services share values through aliases and `extends`. */
  isNew(tree: Tree, message: string): boolean {
    const said = this.#said.get(tree) ?? new Set();
    this.#said.set(tree, said);
    return said.size < said.add(message).size;
  }
}

/**
 * A value of a compose file with its key path, read as one of Compose's types. A value of another type is refused once.
 */
export class Cursor {
  readonly tree: Tree;
  readonly findings: ModelFindings;
  readonly #key: string | number | undefined;
  readonly #parent: Cursor | undefined;

  constructor(tree: Tree, findings: ModelFindings, key?: string | number, parent?: Cursor) {
    this.tree = tree;
    this.findings = findings;
    this.#key = key;
    this.#parent = parent;
  }

  get path(): KeyPath {
    if (this.#key === undefined) return [];
    return [...(this.#parent?.path ?? []), this.#key];
  }

  get isNull(): boolean {
    return this.tree.kind === 'scalar' && this.tree.type === 'null';
  }

  get isText(): boolean {
    return this.tree.kind === 'scalar' && this.tree.type === 'text';
  }

  /** Whether it is an item of a list. */
  get isItem(): boolean {
    return typeof this.#key === 'number';
  }

  refuse(message: string): undefined {
    if (!this.findings.isNew(this.tree, message)) return;
    this.findings.refuse(this.tree, problemAt(this.tree.place, this.path, message));
  }

  warn(message: string): void {
    if (!this.findings.isNew(this.tree, message)) return;
    this.findings.warnings.push(problemAt(this.tree.place, this.path, message));
  }

  /** The value of a key of a map; undefined if missing or null: an empty section counts as missing. */
  at(key: string): Cursor | undefined {
    const tree = this.tree.kind === 'map' ? this.tree.entries.get(key) : undefined;
    if (tree === undefined || (tree.kind === 'scalar' && tree.type === 'null')) return undefined;
    return new Cursor(tree, this.findings, key, this);
  }

  /** Every entry of a map, including null values. */
  entries(): [string, Cursor][] {
    if (this.tree.kind !== 'map') {
      this.refuse(`must be a map, found ${describeTree(this.tree)}`);
      return [];
    }
    return [...this.tree.entries].map(([key, tree]) => [key, new Cursor(tree, this.findings, key, this)]);
  }

  /** Every item of a list. */
  items(): Cursor[] {
    if (this.tree.kind !== 'list') {
      this.refuse(`must be a list, found ${describeTree(this.tree)}`);
      return [];
    }
    return this.tree.items.map((item, index) => new Cursor(item, this.findings, index, this));
  }

  /**
   * Refuses every key of a map that is neither in `known` nor starts with `x-`, and any value that is not a map.
   * @returns whether it is a map
   */
  checkKeys(known: readonly string[]): boolean {
    if (this.tree.kind !== 'map') {
      this.refuse(`must be a map, found ${describeTree(this.tree)}`);
      return false;
    }
    for (const [key, tree] of this.tree.entries) {
      if (known.includes(key) || key.startsWith('x-')) continue;
      const near = nearMiss(key, known);
      const meant = near === undefined ? `known here: ${known.join(', ')}` : `did you mean "${near}"?`;
      new Cursor(tree, this.findings, key, this).refuse(`is not a key that Compose knows, ${meant}`);
    }
    return true;
  }

  /** Text; Compose does not accept numbers here. */
  text(): string | undefined {
    if (this.tree.kind === 'scalar' && this.tree.type === 'text') return this.tree.text;
    return this.refuse(`must be text, found ${describeTree(this.tree)}${quotesHint(this.tree)}`);
  }

  /** Text, or a number or boolean as text. */
  scalar(): string | undefined {
    if (this.tree.kind === 'scalar') return this.tree.text;
    return this.refuse(`must be text, a number or a boolean, found ${describeTree(this.tree)}`);
  }

  /** Text, or a number as text. */
  textOrNumber(): string | undefined {
    if (this.tree.kind === 'scalar' && ['text', 'int', 'float'].includes(this.tree.type)) return this.tree.text;
    return this.refuse(`must be text or a number, found ${describeTree(this.tree)}`);
  }

  /** One of several texts. */
  oneOf<T extends string>(allowed: readonly T[]): T | undefined {
    const text = this.text();
    const found = allowed.find((each) => each === text);
    if (text !== undefined && found === undefined)
      this.refuse(`must be one of ${allowed.join(', ')}, found ${quote(text)}`);
    return found;
  }

  /** A boolean, or a text that Compose reads as one. */
  boolean(): boolean | undefined {
    if (this.tree.kind === 'scalar' && (this.tree.type === 'bool' || this.tree.type === 'text')) {
      const text = this.tree.text.toLowerCase();
      if (['true', 'y', 'yes', 'on'].includes(text)) return true;
      if (['false', 'n', 'no', 'off'].includes(text)) return false;
    }
    return this.refuse(`must be true or false, found ${describeTree(this.tree)}`);
  }

  /** A whole number, or text that contains one. */
  integer(): number | undefined {
    if (this.tree.kind === 'scalar' && (this.tree.type === 'int' || this.tree.type === 'text')) {
      if (/^[-+]?\d+$/.test(this.tree.text)) return Number(this.tree.text);
    }
    // A float such as 3.0 is a whole number in Compose's schema.
    if (this.tree.kind === 'scalar' && this.tree.type === 'float' && Number.isInteger(Number(this.tree.text))) {
      return Number(this.tree.text);
    }
    return this.refuse(`must be a whole number, found ${describeTree(this.tree)}`);
  }

  /** A duration in milliseconds. */
  duration(): number | undefined {
    const text = this.text();
    if (text === undefined) return undefined;
    return parseDuration(text) ?? this.refuse(`must be a duration such as 30s or 1m30s, found ${quote(text)}`);
  }

  /** A size in bytes. */
  bytes(): number | undefined {
    const text = this.textOrNumber();
    if (text === undefined) return undefined;
    return parseBytes(text) ?? this.refuse(`must be a size such as 64m or 1g, found ${quote(text)}`);
  }

  /** A list of texts. `once`: Compose refuses duplicates. */
  texts(options: { once?: boolean } = {}): string[] {
    const seen = new Set<string>();
    return this.items().flatMap((item) => {
      const text = item.text();
      if (text === undefined) return [];
      if (options.once && seen.has(text)) item.refuse(`${quote(text)} is here a second time`);
      seen.add(text);
      return [text];
    });
  }

  /** One text or a list of texts. */
  textOrTexts(): string[] {
    if (!this.isText) return this.texts();
    const text = this.text();
    return text === undefined ? [] : [text];
  }

  /**
   * A map of scalars, or a list of `name=value`. A name alone has no value.
   * @returns the pairs in the order of the file; for a repeated name the last value, at the position of the first
   */
  pairs(): Map<string, Pair> {
    const pairs = new Map<string, Pair>();
    if (this.tree.kind === 'map') {
      for (const [name, cursor] of this.entries()) {
        const value = cursor.scalar();
        if (value === undefined) continue;
        pairs.set(name, { cursor, ...(cursor.isNull ? {} : { value }) });
      }
      return pairs;
    }
    for (const cursor of this.items()) {
      const text = cursor.text();
      if (text === undefined) continue;
      const equals = text.indexOf('=');
      const name = equals < 0 ? text : text.slice(0, equals);
      pairs.set(name, { cursor, ...(equals < 0 ? {} : { value: text.slice(equals + 1) }) });
    }
    return pairs;
  }

  /** Like {@link pairs}, with an empty value for names without one. */
  textMap(): Map<string, string> {
    return new Map([...this.pairs()].map(([name, { value }]) => [name, value ?? '']));
  }
}

export interface Pair {
  value?: string;
  cursor: Cursor;
}

function quotesHint(tree: Tree): string {
  return tree.kind === 'scalar' && tree.type !== 'null' && tree.type !== 'text' ? ': write it in quotes' : '';
}

/** How a message names a value. */
export function describeTree(tree: ScalarTree | ListTree | MapTree): string {
  if (tree.kind === 'list') return 'a list';
  if (tree.kind === 'map') return 'a map';
  if (tree.type === 'null') return 'nothing';
  return tree.type === 'text' ? quote(tree.text) : tree.text;
}
