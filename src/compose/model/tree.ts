import { isAlias, isMap, isScalar, isSeq, type Node, type Scalar } from 'yaml';
import { errorMessage, type Problem } from '../../system/errors.js';
import { formatKeyPath, type KeyPath, type YamlFile } from '../../system/yaml/yaml.js';
import { isMergeKey } from '../../system/yaml/problems.js';
import { interpolate, MissingValueError } from '../syntax/template.js';
import { plainScalar, type ScalarValue } from './scalar.js';
import type { InterpolatedText } from './types.js';

/** The position of a value: the offset of its key, of its list item, or its own. */
export interface Place {
  readonly yaml: YamlFile;
  readonly offset: number;
}

export interface ScalarTree extends ScalarValue {
  readonly kind: 'scalar';
  readonly place: Place;
  /** The text before interpolation, if it mentions variables. */
  readonly template?: string;
}

export interface ListTree {
  readonly kind: 'list';
  readonly place: Place;
  readonly items: readonly Tree[];
}

export interface MapTree {
  readonly kind: 'map';
  readonly place: Place;
  readonly entries: ReadonlyMap<string, Tree>;
  /** Keys with `!reset` or `!override`: nothing is inherited for them from an extended service. */
  readonly cut?: ReadonlySet<string>;
}

/** A value of a compose file: aliases, `<<` and variables resolved, typed as in Compose. Parts of it may be shared. */
export type Tree = ScalarTree | ListTree | MapTree;

export type Lookup = (name: string) => string | undefined;

/**
 * Returns the value of a compose file as Compose has it before it looks at any key. Every text is interpolated (keys
 * are not), including `x-*` and services that are not in force, because Compose refuses problems there too.
 * @param refused problems are added here
 */
export function composeTree(yaml: YamlFile, lookup: Lookup, refused: Refused): Tree {
  return new TreeBuilder(yaml, lookup, refused).build(yaml.document.contents, undefined, 0);
}

/** Problems for which Compose refuses a file. */
export interface Refused {
  readonly problems: Problem[];
  /** Problems only while a variable has no value. */
  readonly unsettled: Problem[];
}

/** A key path as a linked list from its end: cheap to create for the many values without problems. */
interface Link {
  readonly key: string | number;
  readonly above: Link | undefined;
}

function pathOf(link: Link | undefined): KeyPath {
  return link === undefined ? [] : [...pathOf(link.above), link.key];
}

class TreeBuilder {
  /** In the order of the file, so that an alias finds the nearest anchor above it. */
  readonly #anchors = new Map<string, Tree>();

  readonly #yaml: YamlFile;
  readonly #lookup: Lookup;
  readonly #refused: Refused;

  constructor(yaml: YamlFile, lookup: Lookup, refused: Refused) {
    this.#yaml = yaml;
    this.#lookup = lookup;
    this.#refused = refused;
  }

  build(node: Node | null, above: Link | undefined, offset: number): Tree {
    if (isAlias(node)) return this.#anchors.get(node.source) ?? this.#null(offset);
    const tree = this.#value(node, above, { yaml: this.#yaml, offset });
    if (node?.anchor !== undefined) this.#anchors.set(node.anchor, tree);
    return tree;
  }

  #value(node: Node | null, above: Link | undefined, place: Place): Tree {
    if (isMap(node)) return this.#map(node.items, above, place);
    if (isSeq(node)) {
      const items = (node.items as (Node | null)[]).filter((item) => item?.tag !== '!reset');
      return {
        kind: 'list',
        place,
        items: items.map((item, index) => this.build(item, { key: index, above }, item?.range?.[0] ?? place.offset)),
      };
    }
    return isScalar(node) ? this.#scalar(node, above, place) : this.#null(place.offset);
  }

  #null(offset: number): ScalarTree {
    return { kind: 'scalar', type: 'null', text: '', place: { yaml: this.#yaml, offset } };
  }

  #map(pairs: readonly { key: unknown; value: unknown }[], above: Link | undefined, place: Place): MapTree {
    const entries = new Map<string, Tree>();
    const cut = new Set<string>();
    for (const { key, value } of pairs) {
      if (!isScalar(key)) continue;
      const node = value as Node | null;
      const offset = key.range?.[0] ?? place.offset;
      if (isMergeKey(key)) {
        const link = { key: '<<', above };
        this.#merge(this.build(node, link, offset), entries, link);
        continue;
      }
      const name = this.#key(key, above, offset);
      if (node?.tag === '!reset' || node?.tag === '!override') cut.add(name);
      const tree = this.build(node, { key: name, above }, offset);
      if (node?.tag !== '!reset') entries.set(name, tree);
    }
    return { kind: 'map', place, entries, ...(cut.size > 0 ? { cut } : {}) };
  }

  /** Merges `<<`: of several maps the first one with a key wins, and the map's own keys win over all of them. */
  #merge(source: Tree, entries: Map<string, Tree>, link: Link): void {
    const sources = source.kind === 'list' ? source.items : [source];
    for (const each of sources) {
      if (each.kind !== 'map') {
        this.#refuse(each.place, link, 'must be a map or a list of maps');
        continue;
      }
      for (const [name, tree] of each.entries) if (!entries.has(name)) entries.set(name, tree);
    }
  }

  #key(key: Scalar, above: Link | undefined, offset: number): string {
    const { type, text } = scalarValue(key);
    if (type === 'text') return text;
    const written = key.source ?? text;
    this.#refuse({ yaml: this.#yaml, offset }, { key: written, above }, 'a key must be text: write it in quotes');
    return written;
  }

  #scalar(node: Scalar, link: Link | undefined, place: Place): ScalarTree {
    const value = scalarValue(node);
    if (value.type === 'unusable') {
      this.#refuse(place, link, 'is a date or an endless number for Compose: write it in quotes');
    }
    if (value.type !== 'text' || !value.text.includes('$')) return { kind: 'scalar', ...value, place };
    try {
      const text = interpolate(value.text, this.#lookup);
      return { kind: 'scalar', type: 'text', text, place, template: value.text };
    } catch (error) {
      const unsettled = error instanceof MissingValueError;
      const problems = unsettled ? this.#refused.unsettled : this.#refused.problems;
      problems.push(problemAt(place, pathOf(link), errorMessage(error)));
      return { kind: 'scalar', ...value, place, ...(unsettled ? { template: value.text } : {}) };
    }
  }

  #refuse(place: Place, link: Link | undefined, message: string): void {
    this.#refused.problems.push(problemAt(place, pathOf(link), message));
  }
}

const standardTag = /^tag:yaml\.org,2002:(str|int|float|bool|null)$/;

function scalarValue(node: Scalar): ScalarValue {
  const tag = node.tag === undefined ? undefined : standardTag.exec(node.tag)?.[1];
  const isText = tag === undefined ? node.type !== undefined && node.type !== 'PLAIN' : tag === 'str';
  const written = typeof node.value === 'string' ? node.value : (node.source ?? '');
  return isText ? { type: 'text', text: written } : plainScalar(written);
}

/**
 * A problem with a value, at the line where it is written, which differs from where it is used if it comes from an
 * alias, `<<` or `extends`.
 */
export function problemAt({ yaml, offset }: Place, path: KeyPath, message: string): Problem {
  return { file: yaml.file, line: lineOf(yaml, offset), key: formatKeyPath(path), message };
}

const lineStarts = new WeakMap<YamlFile, number[]>();

function lineOf(yaml: YamlFile, offset: number): number {
  let starts = lineStarts.get(yaml);
  if (starts === undefined) {
    starts = [0];
    for (let at = yaml.text.indexOf('\n'); at >= 0; at = yaml.text.indexOf('\n', at + 1)) starts.push(at + 1);
    lineStarts.set(yaml, starts);
  }
  let low = 0;
  let high = starts.length;
  while (high - low > 1) {
    const middle = (low + high) >> 1;
    if ((starts[middle] ?? 0) <= offset) low = middle;
    else high = middle;
  }
  return low + 1;
}

/** The texts below a value of a compose file that mention variables. Shared parts (aliases) are listed once. */
export function interpolatedTexts(root: Tree | undefined, path: KeyPath): InterpolatedText[] {
  const found: InterpolatedText[] = [];
  const seen = new Set<Tree>();
  const visit = (tree: Tree, at: KeyPath): void => {
    if (seen.has(tree)) return;
    seen.add(tree);
    if (tree.kind === 'map') for (const [key, item] of tree.entries) visit(item, [...at, key]);
    else if (tree.kind === 'list')
      tree.items.forEach((item, index) => {
        visit(item, [...at, index]);
      });
    else if (tree.template !== undefined) found.push({ path: at, template: tree.template, text: tree.text });
  };
  if (root !== undefined) visit(root, path);
  return found;
}
