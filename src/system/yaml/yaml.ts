import {
  Composer,
  type Document,
  isAlias,
  isMap,
  isNode,
  isScalar,
  isSeq,
  Lexer,
  LineCounter,
  type Node,
  type Pair,
  Parser,
  type ToStringOptions,
} from 'yaml';
import { errorMessage, InvalidFileError, type Problem } from '../errors.js';
import { isMergeKey, keyText, referenceProblems, refuseWhatIsNoText, syntaxProblems } from './problems.js';
import { formatKeyPath, type KeyPath } from './text.js';

export { formatKeyPath, type KeyPath, quote } from './text.js';

/** A parsed YAML file: its text, its document (with comments and order, for edits in place) and its plain value. */
export interface YamlFile {
  readonly file: string;
  readonly text: string;
  readonly document: Document.Parsed;
  /** The plain value with aliases and `<<` resolved; null if the file is empty. */
  readonly value: unknown;
  /** 1-based line of a key, or of its nearest existing parent. */
  lineOf(path: KeyPath): number | undefined;
  /** Creates a problem at this key. */
  problem(path: KeyPath, message: string): Problem;
}

/** Limit on nested collections. Deeper files are refused before any recursion over them: they crash Node itself. */
const maxDepth = 200;

/** Limit on the expansions of one anchor: large files share an anchor often, a YAML bomb millions of times. */
const maxAliasCount = 5_000;

/**
 * Parses YAML 1.2 with `<<` merges. Refuses, each with its own message: text that is too large, not UTF-8 or nested too
 * deeply, several documents, duplicate keys (also `1` beside `"1"`), aliases that are undefined, contain themselves or
 * expand excessively.
 * @param text the file's text
 * @param file its name for messages
 * @throws InvalidFileError with every problem found
 */
export function parseYaml(text: string, file: string): YamlFile {
  refuseWhatIsNoText(text, file);
  const lines = new LineCounter();
  const lineAt = (offset: number): number => lines.linePos(offset).line;
  const document = compose(text, file, lines);
  const problems = [...syntaxProblems(document.errors, file, lineAt), ...referenceProblems(document, file, lineAt)];
  if (problems.length > 0) throw new InvalidFileError(problems);

  let value: unknown;
  try {
    value = document.toJS({ maxAliasCount });
  } catch (error) {
    const message = errorMessage(error);
    throw new InvalidFileError([
      {
        file,
        message: message.startsWith('Excessive alias count')
          ? 'its aliases (*name) expand to far more than they hold: write out what is meant'
          : `is not usable YAML: ${message}`,
      },
    ]);
  }

  const lineOf = (path: KeyPath): number | undefined => {
    for (let length = path.length; length > 0; length -= 1) {
      const node = nodeForLine(document, path.slice(0, length));
      if (node?.range) return lineAt(node.range[0]);
    }
    return undefined;
  };
  return {
    file,
    text,
    document,
    value,
    lineOf,
    problem: (path, message) => ({ file, line: lineOf(path), key: formatKeyPath(path), message }),
  };
}

/**
 * The text of the scalar at this path: strings by value, numbers and booleans exactly as written in the file (`0123`,
 * `1.50`, `True`), through aliases and `<<`. Undefined for null, a map, a list, or a missing key.
 */
export function scalarText(yaml: YamlFile, path: KeyPath): string | undefined {
  let node: unknown = yaml.document.contents;
  for (const key of path) node = child(yaml, node, key);
  node = target(yaml, node);
  if (!isScalar(node)) return undefined;
  if (typeof node.value === 'string') return node.value;
  if (typeof node.value !== 'number' && typeof node.value !== 'boolean') return undefined;
  return node.source ?? String(node.value);
}

/**
 * The style of every YAML file that laconic-so writes: empty nulls, single quotes, no folding (scripts grep these
 * lines).
 */
export const yamlStyle: ToStringOptions = {
  nullStr: '',
  singleQuote: true,
  lineWidth: 0,
  flowCollectionPadding: false,
};

/** `parseDocument` of the yaml package, with a nesting limit, and without its quadratic search for duplicate keys. */
function compose(text: string, file: string, lines: LineCounter): Document.Parsed {
  const parser = new Parser(lines.addNewLine);
  const composer = new Composer({ version: '1.2', merge: true, uniqueKeys: false, lineCounter: lines });
  lines.addNewLine(0);
  const tokens = function* () {
    for (const lexeme of new Lexer().lex(text)) {
      yield* parser.next(lexeme);
      if (parser.stack.length > maxDepth) {
        const line = lines.linePos(parser.offset).line;
        throw new InvalidFileError([{ file, line, message: `is nested more than ${maxDepth} levels deep` }]);
      }
    }
    yield* parser.end();
  };
  const [document, second] = composer.compose(tokens(), true, text.length);
  if (second) {
    const line = lines.linePos(second.range[0]).line;
    const message =
      'a second document starts here (---): one file holds one; write all in one, or make two files of it';
    throw new InvalidFileError([{ file, line, message }]);
  }
  if (!document) throw new Error('the YAML composer always gives a document');
  return document;
}

function pairOf(map: unknown, key: string | number): Pair | undefined {
  return isMap(map) ? map.items.find((entry) => keyText(entry.key) === String(key)) : undefined;
}

/** The key of a map entry, or the item of a list: what an operator looks for on that line. */
function nodeForLine(document: Document.Parsed, path: KeyPath): Node | undefined {
  let parent: unknown = document.contents;
  for (const key of path.slice(0, -1)) parent = isMap(parent) ? pairOf(parent, key)?.value : item(parent, key);
  const last = path[path.length - 1];
  if (last === undefined) return undefined;
  const found = isMap(parent) ? pairOf(parent, last)?.key : item(parent, last);
  return isNode(found) ? found : undefined;
}

function item(list: unknown, index: string | number): unknown {
  return isSeq(list) && typeof index === 'number' ? list.items[index] : undefined;
}

/** Resolves an alias; any other node is returned as it is. */
function target(yaml: YamlFile, node: unknown): unknown {
  return isAlias(node) ? node.resolve(yaml.document) : node;
}

/** The value at a key of a map (its own, or merged in by `<<`) or at an index of a list. */
function child(yaml: YamlFile, parent: unknown, key: string | number): unknown {
  const container = target(yaml, parent);
  const own = pairOf(container, key);
  if (own) return own.value;
  if (!isMap(container)) return item(container, key);
  for (const entry of container.items) {
    if (!isMergeKey(entry.key)) continue;
    const merged = target(yaml, entry.value);
    // Among several merged maps, the first one with the key wins.
    for (const source of isSeq(merged) ? merged.items : [merged]) {
      const value = child(yaml, source, key);
      if (value !== undefined) return value;
    }
  }
  return undefined;
}
