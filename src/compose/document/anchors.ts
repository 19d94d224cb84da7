import { type Alias, type Document, isAlias, isMap, isScalar, isSeq, type Node, visit, YAMLMap } from 'yaml';

/**
 * Editing one place of a document must not change another one that shares it through `&anchor` and `*alias`. Before an
 * edit, the place gets its own node ({@link ownMap}), and aliases to what will change become copies ({@link
 * detachAliases}).
 */

/** The target node of each alias. If an anchor's name is used twice, the nearest one above the alias counts. */
function aliasTargets(document: Document.Parsed): Map<Alias, Node> {
  const anchors = new Map<string, Node>();
  const targets = new Map<Alias, Node>();
  visit(document, {
    Node: (_key, node) => {
      if (isAlias(node)) {
        const target = anchors.get(node.source);
        if (target) targets.set(node, target);
      } else if (node.anchor !== undefined) {
        anchors.set(node.anchor, node);
      }
    },
  });
  return targets;
}

/**
 * Replaces every alias to a node in `changing` by a copy of its present target. Call it before changing those nodes.
 */
export function detachAliases(document: Document.Parsed, changing: ReadonlySet<Node>): void {
  if (![...changing].some((node) => !isAlias(node) && node.anchor !== undefined)) return;
  const targets = aliasTargets(document);
  visit(document, {
    Alias: (_key, alias) => {
      const target = targets.get(alias);
      return target !== undefined && changing.has(target) ? copyOf(target, targets) : undefined;
    },
  });
}

/** Copies a node without anchors; aliases inside it become copies too. */
function copyOf(node: Node, targets: ReadonlyMap<Alias, Node>): Node {
  if (isAlias(node)) {
    const target = targets.get(node);
    return target === undefined ? node : copyOf(target, targets);
  }
  const inside: (Node | undefined)[] = [];
  visit(node, {
    Alias: (_key, alias) => {
      inside.push(targets.get(alias));
    },
  });
  const copy = node.clone() as Node;
  let next = 0;
  visit(copy, {
    Alias: () => {
      const target = inside[next];
      next += 1;
      return target === undefined ? undefined : copyOf(target, targets);
    },
    Node: (_key, found) => {
      if (!isAlias(found)) delete found.anchor;
    },
  });
  return copy;
}

/** Finds the key's own pair in a map, not one merged in by `<<`. */
export function ownPair(map: YAMLMap, key: string): YAMLMap['items'][number] | undefined {
  return map.items.find(
    (pair) => isScalar(pair.key) && typeof pair.key.value !== 'symbol' && String(pair.key.value) === key,
  );
}

/**
 * Returns the map at `key` as the parent's own node, so that it can be edited: an alias becomes a map that merges the
 * alias in (`<<: *name`), a map from a `<<` of the parent becomes a copy, null or a missing key becomes an empty map.
 */
export function ownMap(document: Document.Parsed, parent: YAMLMap, key: string): YAMLMap {
  const pair = ownPair(parent, key);
  const value = pair?.value;
  if (isMap(value)) return value;
  const made = new YAMLMap(document.schema);
  if (isAlias(value)) {
    made.items.push(document.createPair('<<', value));
  } else if (pair === undefined) {
    const targets = aliasTargets(document);
    const inherited = mergedValue(parent, key, targets);
    const copy = inherited === undefined ? undefined : copyOf(inherited, targets);
    if (isMap(copy)) {
      parent.items.push(document.createPair(key, copy));
      return copy;
    }
  }
  if (pair === undefined) {
    parent.items.push(document.createPair(key, made));
  } else {
    copyComments(value, made);
    pair.value = made;
  }
  return made;
}

/** The value of `key` from the `<<` keys of a map: from the first source that has it. */
function mergedValue(map: YAMLMap, key: string, targets: ReadonlyMap<Alias, Node>): Node | undefined {
  for (const pair of map.items) {
    if (!isMergeKey(pair.key)) continue;
    const merged = resolve(pair.value, targets);
    for (const item of isSeq(merged) ? merged.items : [merged]) {
      const source = resolve(item, targets);
      if (!isMap(source)) continue;
      const value = ownPair(source, key)?.value ?? mergedValue(source, key, targets);
      if (value) return value as Node;
    }
  }
  return undefined;
}

function resolve(node: unknown, targets: ReadonlyMap<Alias, Node>): unknown {
  return isAlias(node) ? targets.get(node) : node;
}

function isMergeKey(key: unknown): boolean {
  return isScalar(key) && (typeof key.value === 'symbol' || (key.value === '<<' && (key.type ?? 'PLAIN') === 'PLAIN'));
}

/** Copies the comments of a node that is being replaced. A comment after a value moves above the new one. */
export function copyComments(from: unknown, to: Node): void {
  if (!isScalar(from) && !isMap(from) && !isSeq(from) && !isAlias(from)) return;
  const before = [from.commentBefore, from.comment].filter((comment) => typeof comment === 'string' && comment !== '');
  if (before.length > 0) to.commentBefore = before.join('\n');
  if (from.spaceBefore) to.spaceBefore = true;
}

/** Collects a node and all nodes inside it; aliases are not followed. */
export function nodesBelow(node: unknown): Set<Node> {
  const found = new Set<Node>();
  if (isScalar(node) || isMap(node) || isSeq(node)) {
    visit(node, {
      Node: (_key, inside) => {
        found.add(inside);
      },
    });
  }
  return found;
}
