import { type Document, isNode, LineCounter, parseDocument, type ToStringOptions } from 'yaml';
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
const maxBytes = 8 * 1024 * 1024;

/** `network.ports.web[1]`. */
export function formatKeyPath(path: KeyPath): string {
  return path.map((key, index) => (typeof key === 'number' ? `[${key}]` : index === 0 ? key : `.${key}`)).join('');
}

function firstLine(message: string): string {
  return message.split('\n')[0]?.replace(/ at line \d+, column \d+:?$/, '') ?? message;
}

/**
 * Parses YAML 1.2 with `<<` merges. Duplicate keys, several documents and alias bombs are refused.
 * @param text the file's text
 * @param file its name for messages
 * @throws InvalidFileError with every syntax error found
 */
export function parseYaml(text: string, file: string): YamlFile {
  if (Buffer.byteLength(text) > maxBytes) throw new InvalidFileError([{ file, message: 'is larger than 8 MiB' }]);
  const lines = new LineCounter();
  let document: Document.Parsed;
  let value: unknown;
  try {
    document = parseDocument(text, { version: '1.2', merge: true, lineCounter: lines, prettyErrors: true });
    if (document.errors.length > 0) {
      throw new InvalidFileError(
        document.errors.map((error) => ({
          file,
          line: lines.linePos(error.pos[0]).line,
          message: firstLine(error.message),
        })),
      );
    }
    value = document.toJS({ maxAliasCount: 1000 });
  } catch (error) {
    if (error instanceof InvalidFileError) throw error;
    const reason =
      error instanceof RangeError ? 'is nested too deeply' : `is not usable YAML: ${firstLine(errorMessage(error))}`;
    throw new InvalidFileError([{ file, message: reason }]);
  }

  const lineOf = (path: KeyPath): number | undefined => {
    for (let length = path.length; length > 0; length -= 1) {
      const line = lineOfKey(document, lines, path.slice(0, length));
      if (line !== undefined) return line;
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

function lineOfKey(document: Document.Parsed, lines: LineCounter, path: KeyPath): number | undefined {
  const key = path[path.length - 1];
  const parent = path.length === 1 ? document.contents : document.getIn(path.slice(0, -1), true);
  if (
    typeof key === 'string' &&
    parent &&
    typeof parent === 'object' &&
    'items' in parent &&
    Array.isArray(parent.items)
  ) {
    for (const item of parent.items as { key?: unknown }[]) {
      if (isNode(item.key) && String(item.key) === key && item.key.range) return lines.linePos(item.key.range[0]).line;
    }
  }
  const node = document.getIn(path, true);
  return isNode(node) && node.range ? lines.linePos(node.range[0]).line : undefined;
}

/** How every YAML file of ours is written: null as nothing, single quotes, no folding (scripts grep these lines, 01 §18). */
export const yamlStyle: ToStringOptions = {
  nullStr: '',
  singleQuote: true,
  lineWidth: 0,
  flowCollectionPadding: false,
};
