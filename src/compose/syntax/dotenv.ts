import { errorMessage, InvalidFileError, type Problem } from '../../system/errors.js';
import { interpolate } from './template.js';

/** One statement of an env file. */
export interface EnvEntry {
  name: string;
  /** 1-based line of the name. */
  line: number;
  /** The text after `=` or `:`, with quotes and escapes resolved; absent if the name stands alone. */
  text?: string;
  /** Whether Compose interpolates the text: always, except in single quotes. */
  interpolated: boolean;
}

/** White space as defined by Go; JavaScript's `\s` includes U+FEFF, and lacks U+0085. */
const space = /[\t\n\v\f\r \u0085\u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]/;
const spacesInLine = /[\t\v\f\r \u0085\u00a0]*/y;
const trailingSpace = new RegExp(`${space.source}+$`);
const exportPrefix = /export[\t\n\f\r ]+/y;
const nameCharacter = /[\p{L}\p{N}_.\-[\]\t\v\f\r \u0085\u00a0]/u;
const escapes = /\\(?:[abcfnrtv$"\\]|0\d{0,3})/g;

const controlCharacters: Record<string, string> = {
  a: '\x07',
  b: '\b',
  f: '\f',
  n: '\n',
  r: '\r',
  t: '\t',
  v: '\v',
  '"': '"',
  '\\': '\\',
};

/**
 * Parses an env file as Compose does (`--env-file`, `env_file`): `export`, `NAME=v`, `NAME: v`, `NAME` alone, quotes,
 * escapes, comments after ` #`, quoted values over several lines.
 * @param escapedDollar the replacement for `\$` in double quotes: `$$`, since Compose interpolates the text afterwards
 * @throws InvalidFileError with the first mistake: the rest cannot be parsed
 */
export function scanEnvFile(source: string, file: string, escapedDollar = '$$'): EnvEntry[] {
  const text = source.replace(/^\ufeff/, '');
  const entries: EnvEntry[] = [];
  let line = 1;
  let counted = 0;
  const lineAt = (index: number): number => {
    for (; counted < index; counted += 1) if (text[counted] === '\n') line += 1;
    return line;
  };

  let at = nextStatement(text, 0);
  while (at < text.length) {
    const startLine = lineAt(at);
    const key = readName(text, skip(exportPrefix, text, at), file, startLine);
    if (key.alone) {
      entries.push({ name: key.name, line: startLine, interpolated: false });
      at = nextStatement(text, key.end);
      continue;
    }
    const value = readValue(text, skip(spacesInLine, text, key.end), file, startLine, key.name);
    const plain = value.quoted ? unescape(value.text, escapedDollar) : value.text;
    entries.push({ name: key.name, line: startLine, text: plain, interpolated: value.interpolated });
    at = nextStatement(text, value.end);
  }
  return entries;
}

/** The index after a match of `pattern` at `at`, or `at` if it does not match. */
function skip(pattern: RegExp, text: string, at: number): number {
  pattern.lastIndex = at;
  return pattern.test(text) ? pattern.lastIndex : at;
}

/** The index of the first character that is neither white space nor part of a comment line. */
function nextStatement(text: string, from: number): number {
  let at = from;
  while (at < text.length) {
    if (text[at] === '#') {
      const end = text.indexOf('\n', at);
      if (end < 0) return text.length;
      at = end;
    }
    if (!space.test(text[at] ?? '')) return at;
    at += 1;
  }
  return at;
}

function readName(
  text: string,
  start: number,
  file: string,
  line: number,
): { name: string; end: number; alone: boolean } {
  let at = start;
  while (at < text.length && !'=:\n'.includes(text[at] ?? '')) {
    const character = String.fromCodePoint(text.codePointAt(at) ?? 0);
    if (!nameCharacter.test(character)) {
      throw new InvalidFileError([
        { file, line, message: `${JSON.stringify(character)} cannot stand in a variable name: expected NAME=value` },
      ]);
    }
    at += character.length;
  }
  const name = text.slice(start, at).replace(trailingSpace, '');
  if (name.includes(' ')) {
    throw new InvalidFileError([{ file, line, message: 'a variable name cannot contain a space' }]);
  }
  return { name, end: at + 1, alone: at >= text.length || text[at] === '\n' };
}

function readValue(
  text: string,
  start: number,
  file: string,
  line: number,
  name: string,
): { text: string; quoted: boolean; interpolated: boolean; end: number } {
  const quote = text[start];
  if (quote !== '"' && quote !== "'") {
    const newline = text.indexOf('\n', start);
    const end = newline < 0 ? text.length : newline;
    const beforeComment = text.slice(start, end).split(' #', 1)[0] ?? '';
    return { text: beforeComment.replace(trailingSpace, ''), quoted: false, interpolated: true, end };
  }
  let value = '';
  for (let at = start + 1; at < text.length; at += 1) {
    if (text[at] === '\\' && at + 1 < text.length) {
      at += 1;
      value += text[at] === quote ? quote : `\\${text[at] ?? ''}`;
    } else if (text[at] === quote) {
      return { text: value, quoted: quote === '"', interpolated: quote === '"', end: at + 1 };
    } else {
      value += text[at] ?? '';
    }
  }
  throw new InvalidFileError([{ file, line, key: name, message: `the value starts with ${quote} and never ends` }]);
}

function unescape(text: string, escapedDollar: string): string {
  return text.replace(escapes, (match) => {
    const code = match.slice(1);
    if (code === '$') return escapedDollar;
    if (code.startsWith('0')) {
      const value = Number.parseInt(code.slice(1), 8);
      return /^0[0-7]{3}$/.test(code) && value < 256 ? String.fromCodePoint(value) : match;
    }
    return controlCharacters[code] ?? match;
  });
}

/**
 * Returns the variables of an env file by Compose's rules: values may use names from earlier lines, the environment
 * (`lookup`) takes precedence over both, and a name alone takes its value from the environment or is skipped.
 * @throws InvalidFileError for a file that Compose could not read
 */
export function readEnvFile(
  text: string,
  file: string,
  lookup: (name: string) => string | undefined = () => undefined,
): Map<string, string> {
  const values = new Map<string, string>();
  const problems: Problem[] = [];
  for (const entry of scanEnvFile(text, file)) {
    try {
      const value =
        entry.text === undefined
          ? lookup(entry.name)
          : entry.interpolated
            ? interpolate(entry.text, (name) => lookup(name) ?? values.get(name))
            : entry.text;
      if (value !== undefined) values.set(entry.name, value);
    } catch (error) {
      problems.push({ file, line: entry.line, key: entry.name, message: errorMessage(error) });
    }
  }
  if (problems.length > 0) throw new InvalidFileError(problems);
  return values;
}
