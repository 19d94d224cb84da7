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
  visit,
  type YAMLError,
} from 'yaml';
import { errorMessage, InvalidFileError, type Problem } from './errors.js';

/** Keys from the root of a document: map keys and list indexes. */
export type KeyPath = readonly (string | number)[];

/** A parsed YAML file: its text, its document (comments and order kept, to be edited in place) and its plain value. */
export interface YamlFile {
  readonly file: string;
  readonly text: string;
  readonly document: Document.Parsed;
  /** The plain value: aliases and `<<` resolved. Null when the file is empty. */
  readonly value: unknown;
  /** 1-based line of a key, or of the nearest key above it that exists. */
  lineOf(path: KeyPath): number | undefined;
  /** A problem at this key. */
  problem(path: KeyPath, message: string): Problem;
}

/** A YAML file larger than this is refused: no stack, spec or compose file comes near it. */
const maxBytes = 2 * 1024 * 1024;

/** Collections inside collections. Deeper files are refused before anything recursive sees them: they crash Node itself. */
const maxDepth = 200;

/** How often one anchor may be expanded: large files share an anchor often, a bomb does so millions of times. */
const maxAliasCount = 5_000;

/** One mistake makes the parser complain about much of what follows; the first complaints are the useful ones. */
const maxSyntaxProblems = 5;

const plainKey = /^[\w$@%+/-][\w $@%+/-]{0,80}$/;

/** `network.ports.web[1]`; a key that holds dots or anything unprintable is quoted: `config["a.b"]`. */
export function formatKeyPath(path: KeyPath): string {
  return path
    .map((key, index) => {
      if (typeof key === 'number') return `[${key}]`;
      if (!plainKey.test(key)) return `[${quote(key)}]`;
      return index === 0 ? key : `.${key}`;
    })
    .join('');
}

/** Text of a file as a message shows it: on one line, in double quotes, shortened, with nothing a terminal would act on. */
export function quote(text: string): string {
  const shown = text.length > 80 ? `${text.slice(0, 77)}...` : text;
  return JSON.stringify(shown).replace(
    /[\u007f-\u009f\u2028\u2029\u202a-\u202e\u2066-\u2069]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}

/**
 * Parses YAML 1.2 with `<<` merges. Refused, each with a message of its own: text that is no text, too large or nested
 * too deeply, several documents, duplicate keys (also `1` beside `"1"`), aliases that lead nowhere, into themselves or
 * to a bomb.
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
 * The text of the scalar at this path: strings by value, numbers and booleans exactly as they are written in the file
 * (`0123`, `1.50`, `True`, decision 8), through aliases and `<<`. Undefined for null, a map, a list, or nothing.
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
 * Values with a tag of nobody's (`!name`). Compose has such tags (`!reset`); elsewhere quotes were forgotten, and what starts with `!`
 * would silently be something else. What stands there is not shown: it may be a password.
 */
export function unknownTags({ document, file, text }: YamlFile): Problem[] {
  return document.warnings
    .filter((warning) => warning.code === 'TAG_RESOLVE_FAILED')
    .map((warning) => ({
      file,
      line: text.slice(0, warning.pos[0]).split('\n').length,
      message: 'text that starts with ! needs quotes',
    }));
}

/** How every YAML file of ours is written: null as nothing, single quotes, no folding (scripts grep these lines, 01 §18). */
export const yamlStyle: ToStringOptions = {
  nullStr: '',
  singleQuote: true,
  lineWidth: 0,
  flowCollectionPadding: false,
};

function refuseWhatIsNoText(text: string, file: string): void {
  if (Buffer.byteLength(text) > maxBytes) throw new InvalidFileError([{ file, message: 'is larger than 2 MiB' }]);
  if (text.startsWith('\ufeff\ufeff')) {
    throw new InvalidFileError([{ file, line: 1, message: 'starts with two byte order marks: save it without any' }]);
  }
  // What YAML forbids in a file, and the mark that decoding leaves where bytes were no UTF-8.
  const found = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffd]/.exec(text);
  if (!found) return;
  const line = text.slice(0, found.index).split('\n').length;
  const what =
    found[0] === '\ufffd'
      ? 'holds bytes that are not UTF-8: save it as UTF-8'
      : `holds the control character ${quote(found[0])}: this is not a YAML text file`;
  throw new InvalidFileError([{ file, line, message: what }]);
}

/** `parseDocument` of the yaml package, with a limit on nesting, and without its quadratic search for duplicate keys. */
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
    throw new InvalidFileError([{ file, line, message: 'a second document starts here (---): one file holds one' }]);
  }
  if (!document) throw new Error('the YAML composer always gives a document');
  return document;
}

function syntaxProblems(errors: readonly YAMLError[], file: string, lineAt: (offset: number) => number): Problem[] {
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

/** A message of the parser without the text it quotes: on a line of a spec that may be a password. */
function withoutSource(message: string): string {
  return message.replace(
    /(?<=YAML (?:stream|document)|extra characters|escape sequence|(?:resolve|valid|Unresolved) tag)[: ][^]*/,
    '',
  );
}

/** Duplicate keys, and aliases that lead nowhere or into what they stand in (they would make an endless value). */
function referenceProblems(document: Document.Parsed, file: string, lineAt: (offset: number) => number): Problem[] {
  const problems: Problem[] = [];
  const anchors = new Map<string, unknown>();
  const report = (node: { range?: [number, number, number] | null }, message: string): void => {
    problems.push({ file, line: node.range ? lineAt(node.range[0]) : undefined, message });
  };
  visit(document, {
    Node: (_key, node, path) => {
      if (isAlias(node)) {
        const anchored = anchors.get(node.source);
        if (anchored === undefined) {
          // The name is not shown: where quotes were forgotten it is a part of a password.
          report(
            node,
            'this is an alias (*name), but its anchor (&name) is not above it: text that starts with * needs quotes',
          );
        } else if ((path as readonly unknown[]).includes(anchored)) report(node, `*${node.source} contains itself`);
        return;
      }
      if (node.anchor) anchors.set(node.anchor, node);
      if (!isMap(node)) return;
      const seen = new Map<string, Node>();
      const repeated = new Set<Node>();
      for (const { key } of node.items) {
        const name = keyText(key);
        if (name === undefined) {
          if (isNode(key)) report(key, 'a key must be plain text, not a map, a list or an alias');
          continue;
        }
        const first = seen.get(name);
        if (first === undefined) seen.set(name, isNode(key) ? key : node);
        else if (!repeated.has(first)) {
          repeated.add(first);
          const where = first.range ? `, first on line ${lineAt(first.range[0])}` : '';
          if (isNode(key)) report(key, `the key ${quote(name)} is here a second time${where}`);
        }
      }
    },
  });
  return problems;
}

/** A map key as `toJS` makes it; undefined when it is no scalar. */
function keyText(key: unknown): string | undefined {
  if (!isScalar<string | number | boolean | symbol | null>(key)) return undefined;
  if (isMergeKey(key)) return '<<';
  return key.value === null ? '' : String(key.value);
}

function isMergeKey(key: unknown): boolean {
  return isScalar(key) && typeof key.value === 'symbol';
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

/** What an alias stands for. */
function target(yaml: YamlFile, node: unknown): unknown {
  return isAlias(node) ? node.resolve(yaml.document) : node;
}

/** The value at a key of a map (its own, else one merged in by `<<`) or at an index of a list. */
function child(yaml: YamlFile, parent: unknown, key: string | number): unknown {
  const container = target(yaml, parent);
  const own = pairOf(container, key);
  if (own) return own.value;
  if (!isMap(container)) return item(container, key);
  for (const entry of container.items) {
    if (!isMergeKey(entry.key)) continue;
    const merged = target(yaml, entry.value);
    // Of several merged maps the first one that has the key wins.
    for (const source of isSeq(merged) ? merged.items : [merged]) {
      const value = child(yaml, source, key);
      if (value !== undefined) return value;
    }
  }
  return undefined;
}
