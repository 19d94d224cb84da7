import {
  Document,
  isAlias,
  isMap,
  isNode,
  isScalar,
  isSeq,
  type Node,
  type Pair,
  type YAMLMap,
  type YAMLSeq,
} from 'yaml';
import { parseYaml, yamlStyle } from '../../system/yaml/yaml.js';
import { renderDocument } from '../../system/yaml/render.js';
import { exactValue, type HookMap, type HookValue, isMergePair, keyOf, sameValue, toNode } from './values.js';

/**
 * Parses YAML into its exact value; `file` names it in messages.
 * @throws InvalidFileError with every syntax error
 */
export function loadYaml(text: string, file: string): HookValue {
  const { document } = parseYaml(text, file);
  return exactValue(document.contents, document);
}

/** Writes a value as YAML in {@link yamlStyle}. */
export function dumpYaml(value: HookValue): string {
  const document = new Document(null, { version: '1.2' });
  document.contents = toNode(value, document);
  return document.toString(yamlStyle);
}

/**
 * Edits the document so that its value is `after`: equal parts stay as written, with their comments. If anchors make
 * such an edit ambiguous, comments are given up.
 * @returns the same text if its value is `after` already
 */
export function editYaml(text: string, file: string, after: HookValue): string {
  const { document } = parseYaml(text, file);
  if (sameValue(exactValue(document.contents, document), after)) return text;
  // The type of contents reflects how it was parsed; the edit may replace a list by a map.
  (document as Document).contents = edited(document.contents, after, document);
  const written = document.errors.length === 0 ? tryWrite(document) : undefined;
  return written !== undefined && sameValue(loadYaml(written, file), after) ? written : dumpYaml(after);
}

/**
 * The exact value of a value that was loaded from this text and then changed: unchanged numbers get their text back.
 */
export function exactValueOfEdit(text: string, after: HookValue): HookValue {
  return loadYaml(editYaml(text, 'YAML text', after), 'YAML text');
}

function tryWrite(document: Document.Parsed): string | undefined {
  try {
    return renderDocument(document);
  } catch {
    // An alias whose anchor was deleted: the caller writes the whole value.
    return undefined;
  }
}

/** Returns the replacement for `node` with the value `after`. */
function edited(node: Node | null, after: HookValue, document: Document): Node {
  if (isMap(node) && after instanceof Map) return editMap(node, after, document);
  if (isSeq(node) && Array.isArray(after)) return editList(node, after, document);
  if ((isAlias(node) || isScalar(node)) && sameValue(exactValue(node, document), after)) return node;
  const fresh = toNode(after, document);
  if (isScalar(node) && isScalar(fresh)) {
    if (node.comment) fresh.comment = node.comment;
    if (node.type && typeof fresh.value === 'string') fresh.type = node.type;
  }
  if (node?.commentBefore) fresh.commentBefore = node.commentBefore;
  return fresh;
}

function editMap(node: YAMLMap, after: HookMap, document: Document): Node {
  const inherited: HookMap = new Map();
  for (const pair of node.items.filter(isMergePair)) {
    const merged = exactValue(pair.value, document);
    for (const map of Array.isArray(merged) ? merged : [merged]) {
      if (map instanceof Map) for (const [key, value] of map) if (!inherited.has(key)) inherited.set(key, value);
    }
  }
  // A key that comes from a merge cannot be deleted in place: this map is written out instead.
  if ([...inherited.keys()].some((key) => !after.has(key))) return toNode(after, document);

  const own = new Set<unknown>();
  const kept: Pair[] = [];
  for (const pair of node.items) {
    if (isMergePair(pair)) {
      kept.push(pair);
      continue;
    }
    const key = keyOf(pair, document);
    const wanted = after.get(key);
    if (wanted === undefined) continue;
    own.add(key);
    // `key:` without a value has no node; it stays if the new value is null.
    if (isNode(pair.value) || wanted !== null)
      pair.value = edited(isNode(pair.value) ? pair.value : null, wanted, document);
    kept.push(pair);
  }
  for (const [key, value] of after) {
    const above = inherited.get(key);
    if (own.has(key) || (above !== undefined && sameValue(above, value))) continue;
    kept.push(document.createPair(key, toNode(value, document)));
  }
  node.items = kept;
  if (node.items.length === 0) node.flow = true;
  return node;
}

function editList(node: YAMLSeq, after: readonly HookValue[], document: Document): Node {
  const before = node.items.map((item) => exactValue(item, document));
  const same = (i: number, j: number): boolean => sameValue(before[i] ?? null, after[j] ?? null);
  const shorter = Math.min(before.length, after.length);
  let head = 0;
  while (head < shorter && same(head, head)) head += 1;
  let tail = 0;
  while (tail < shorter - head && same(before.length - 1 - tail, after.length - 1 - tail)) tail += 1;

  const middle = after.slice(head, after.length - tail).map((value, offset) => {
    // Items between the equal ends count as changed in place, as far as there are old ones.
    const old: unknown = head + offset < before.length - tail ? node.items[head + offset] : undefined;
    return edited(isNode(old) ? old : null, value, document);
  });
  node.items = [...node.items.slice(0, head), ...middle, ...node.items.slice(before.length - tail)];
  if (node.items.length === 0) node.flow = true;
  return node;
}
