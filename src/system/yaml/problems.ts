import {
  type Document,
  isAlias,
  isCollection,
  isMap,
  isNode,
  isPair,
  isScalar,
  type Node,
  type YAMLError,
  type YAMLMap,
} from 'yaml';
import { InvalidFileError, type Problem } from '../errors.js';
import { quote } from './text.js';

/** Larger YAML files are refused: no stack, spec or compose file comes close. */
const maxBytes = 2 * 1024 * 1024;

/** After one mistake the parser complains about much of what follows; only the first complaints are useful. */
const maxSyntaxProblems = 5;

/**
 * Refuses text that is too large, was not UTF-8, or contains control characters.
 * @throws InvalidFileError
 */
export function refuseWhatIsNoText(text: string, file: string): void {
  if (Buffer.byteLength(text) > maxBytes) throw new InvalidFileError([{ file, message: 'is larger than 2 MiB' }]);
  if (text.startsWith('\ufeff\ufeff')) {
    throw new InvalidFileError([{ file, line: 1, message: 'starts with two byte order marks: save it without any' }]);
  }
  // Characters that YAML forbids, and U+FFFD, the mark of bytes that were not UTF-8.
  const found = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffd]/.exec(text);
  if (!found) return;
  const line = text.slice(0, found.index).split('\n').length;
  const what =
    found[0] === '\ufffd'
      ? 'holds bytes that are not UTF-8: save it as UTF-8'
      : `holds the control character ${quote(found[0])}: this is not a YAML text file`;
  throw new InvalidFileError([{ file, line, message: what }]);
}

/** The parser's errors, one per line of the file, without the text they quote. */
export function syntaxProblems(
  errors: readonly YAMLError[],
  file: string,
  lineAt: (offset: number) => number,
): Problem[] {
  const problems: Problem[] = [];
  const lines = new Set<number>();
  for (const error of errors) {
    const line = lineAt(error.pos[0]);
    if (lines.has(line)) continue;
    lines.add(line);
    problems.push({ file, line, message: `is not valid YAML: ${withoutSource(error.message)}` });
  }
  return problems.slice(0, maxSyntaxProblems);
}

/** Removes the quoted source from a message of the parser: in a spec it may be a password. */
function withoutSource(message: string): string {
  return message.replace(
    /(?<=YAML (?:stream|document)|extra characters|escape sequence|(?:resolve|valid|Unresolved) tag)[: ][^]*/,
    '',
  );
}

/** Finds duplicate keys, and aliases that are undefined or contain themselves (their value would be endless). */
export function referenceProblems(
  document: Document.Parsed,
  file: string,
  lineAt: (offset: number) => number,
): Problem[] {
  const problems: Problem[] = [];
  const anchors = new Map<string, Node>();
  const report = (node: { range?: [number, number, number] | null }, message: string): void => {
    problems.push({ file, line: node.range ? lineAt(node.range[0]) : undefined, message });
  };
  const within: Node[] = [];
  const look = (node: unknown): void => {
    if (!isNode(node)) return;
    if (isAlias(node)) {
      const anchored = anchors.get(node.source);
      if (anchored === undefined) {
        // The name is not shown: where quotes were forgotten it is a part of a password.
        report(
          node,
          'this is an alias (*name), but its anchor (&name) is not above it: text that starts with * needs quotes',
        );
      } else if (within.includes(anchored)) report(node, `*${node.source} contains itself`);
      return;
    }
    if (node.anchor) anchors.set(node.anchor, node);
    if (node.anchor && /\s/.test(node.anchor))
      report(node, 'the name of this anchor (&name) holds an invisible character');
    const [, special] = /^tag:yaml\.org,2002:(set|omap|pairs|binary)$/.exec(node.tag ?? '') ?? [];
    if (special !== undefined) report(node, `the tag !!${special} is not supported: write a plain map, list or text`);
    if (isMap(node)) checkKeys(node);
    if (!isCollection(node)) return;
    // Not with the package's own visitor, which takes as long as the whole parsing.
    within.push(node);
    for (const item of node.items) {
      if (isPair(item)) look(item.key);
      look(isPair(item) ? item.value : item);
    }
    within.pop();
  };
  const checkKeys = (map: YAMLMap): void => {
    const seen = new Map<string, Node>();
    const repeated = new Set<Node>();
    for (const { key } of map.items) {
      const name = keyText(key);
      if (name === undefined) {
        if (isNode(key)) report(key, 'a key must be plain text, not a map, a list or an alias');
        continue;
      }
      const first = seen.get(name);
      if (first === undefined) seen.set(name, isNode(key) ? key : map);
      else if (!repeated.has(first)) {
        repeated.add(first);
        const where = first.range ? `, first on line ${lineAt(first.range[0])}` : '';
        if (isNode(key)) report(key, `the key ${quote(name)} is here a second time${where}`);
      }
    }
  };
  look(document.contents);
  return problems;
}

/**
 * Finds values with an unknown tag (`!name`). Only Compose has such tags (`!reset`); elsewhere quotes were forgotten,
 * and the value would silently be a different one. It is not shown: it may be a password.
 */
export function unknownTags({
  document,
  file,
  text,
}: {
  document: Document.Parsed;
  file: string;
  text: string;
}): Problem[] {
  return document.warnings
    .filter((warning) => warning.code === 'TAG_RESOLVE_FAILED')
    .map((warning) => ({
      file,
      line: text.slice(0, warning.pos[0]).split('\n').length,
      key: sectionAt(document, warning.pos[0]),
      message: 'text that starts with ! needs quotes',
    }));
}

/** The top-level key whose value contains this offset. */
function sectionAt({ contents }: Document.Parsed, offset: number): string | undefined {
  if (!isMap(contents)) return undefined;
  const pair = contents.items.findLast(({ key }) => isNode(key) && key.range && key.range[0] <= offset);
  return pair === undefined ? undefined : keyText(pair.key);
}

/** A map key as `toJS` writes it; undefined if it is not a scalar. */
export function keyText(key: unknown): string | undefined {
  if (!isScalar<string | number | boolean | symbol | null>(key)) return undefined;
  if (isMergeKey(key)) return '<<';
  return key.value === null ? '' : String(key.value);
}

/** Whether this key is `<<`. */
export function isMergeKey(key: unknown): boolean {
  return isScalar(key) && typeof key.value === 'symbol';
}
