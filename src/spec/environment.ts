import { readEnvFile, scanEnvFile } from '../compose/syntax/dotenv.js';
import { InvalidFileError, LaconicError } from '../system/errors.js';

const header = [
  '# Generated from the config section of spec.yml.',
  '# Written by laconic-so (deploy create, deployment restart).',
  '# Do not edit: the next update or restart writes it again.',
  '# Change config in spec.yml and run deploy create --update instead.',
];

const credentialsMark = '# From credentials file: ';

/**
 * Renders `config.env`: a name and its literal value per line, then each credentials file unchanged.
 * @param entries values by name, in the order of the spec, without those that contain generated secrets
 * @param credentials path as written in the spec, and text
 * @throws LaconicError with every name or value that an env file cannot hold
 */
export function renderConfigEnv(
  entries: ReadonlyMap<string, string>,
  credentials: readonly { path: string; text: string }[],
): string {
  const lines = [...header, ...renderEntries(entries)];
  const files = credentials.map(({ path, text }) => {
    const comment = `${credentialsMark}${path.replace(/[\r\n]+/g, ' ')}\n`;
    return comment + (text === '' || text.endsWith('\n') ? text : `${text}\n`);
  });
  return `${lines.join('\n')}\n${files.join('')}`;
}

/**
 * Returns the secrets among the variables that credentials files added to a `config.env`. These files hold names and
 * ports as well: short values, and plain words under a name that does not suggest a secret, are not included, since
 * masking them would make messages unreadable.
 * @throws InvalidFileError for a file that Compose could not read
 */
export function credentialSecrets(configEnv: string, file: string): string[] {
  return [...parseEnvFile(credentialsPart(configEnv), file)].flatMap(([name, value]) =>
    looksSecret(name, value) ? [value] : [],
  );
}

/**
 * Returns the variables that credentials files added to a `config.env`, with their values in the whole file.
 * @throws InvalidFileError for a file that Compose could not read
 */
export function credentialVariables(configEnv: string, file?: string): Map<string, string> {
  const names = new Set(scanEnvFile(credentialsPart(configEnv), file ?? 'config.env').map(({ name }) => name));
  return new Map([...parseEnvFile(configEnv, file)].filter(([name]) => names.has(name)));
}

/**
 * Returns where each variable of a `config.env` comes from, for messages: the config of the spec, or the path of a
 * credentials file.
 * @throws InvalidFileError for a file that Compose could not read
 */
export function variableOrigins(configEnv: string, file?: string): Map<string, string> {
  const places = credentialLines(configEnv);
  return new Map(
    scanEnvFile(configEnv, file ?? 'config.env').map(({ name, line }) => [
      name,
      places(line)?.file ?? 'the config of spec.yml',
    ]),
  );
}

/** Maps a line of a `config.env`, counted from 1, to its credentials file and the line there. */
export function credentialLines(configEnv: string): (line: number) => { file: string; line: number } | undefined {
  const lines = configEnv.split('\n');
  return (line) => {
    const at = lines.slice(0, line).findLastIndex((each) => each.startsWith(credentialsMark));
    return at < 0 ? undefined : { file: (lines[at] ?? '').slice(credentialsMark.length), line: line - at - 1 };
  };
}

/** Whether a value from a credentials file should be masked, judged by its name, length and characters. */
export function looksSecret(name: string, value: string): boolean {
  const secret = /pass|secret|token|key|cred|auth|pw/i.test(name) || !/^[a-z]+(?:[._-][a-z]+)*$/i.test(value);
  return secret && value.length >= 8;
}

function credentialsPart(configEnv: string): string {
  const at = `\n${configEnv}`.indexOf(`\n${credentialsMark}`);
  return at < 0 ? '' : configEnv.slice(at);
}

/**
 * Renders `NAME=value` lines that Compose reads back as exactly these values.
 * @throws LaconicError with every name or value that an env file cannot hold
 */
export function renderEntries(entries: ReadonlyMap<string, string>): string[] {
  const problems = [...entries].flatMap(([name, value]) => {
    const problem = environmentProblem(name, value);
    return problem === undefined ? [] : [problem];
  });
  if (problems.length > 0) throw new LaconicError(problems.join('\n'));
  return [...entries].map(([name, value]) => `${name}=${quoteEnvValue(value)}`);
}

/** Why an env file cannot hold this variable; undefined if it can. Never shows the value. */
export function environmentProblem(name: string, value: string): string | undefined {
  if (!/^[\p{L}\p{N}_.[\]-]+$/u.test(name)) {
    return `${JSON.stringify(name)}: not a variable name: letters, digits, _ . and - are allowed`;
  }
  if (value.includes('\0')) return `${name}: the value holds a NUL character, which a variable cannot hold`;
  if (/\p{Surrogate}/u.test(value)) return `${name}: the value holds half of a character (a lone surrogate)`;
  return undefined;
}

/**
 * Quotes a value for an env file so that Compose reads it back literally: bare, in single quotes, or in double quotes
 * with escapes. Line breaks are escaped, so that every variable stays on one line.
 */
export function quoteEnvValue(value: string): string {
  if (/^[A-Za-z0-9_./:@%+,-]*$/.test(value)) return value;
  if (!/['\\\r\n]/.test(value)) return `'${value}'`;
  const escaped = value
    .replace(/[\\"$]/g, '\\$&')
    .replaceAll('\n', '\\n')
    .replaceAll('\r', '\\r');
  return `"${escaped}"`;
}

/**
 * Parses an env file by Compose's rules (see {@link readEnvFile}).
 * @param lookup the environment: overrides the file, and supplies the value of names without `=`
 * @throws InvalidFileError for a file that Compose could not read
 */
export function parseEnvFile(
  text: string,
  file = 'config.env',
  lookup: (name: string) => string | undefined = () => undefined,
): Map<string, string> {
  return readEnvFile(text, file, lookup);
}

/** A value that differed in containers from the spec because the old file had no quotes. */
export interface ChangedValue {
  name: string;
  before: string | undefined;
  after: string;
}

/**
 * Finds what changes for containers when the unquoted `config.env` of the Python program is rewritten: variables whose
 * line holds the spec's value, but which that program wrote in Python's notation, or which Compose expanded, cut or
 * unquoted. If Compose could not read the file, containers got nothing from it, and nothing changes.
 * @param oldText the current `config.env`
 * @param entries the spec's values by name, without those that something else sets
 * @param options `formerly`: how the Python program wrote a value, if that differs; `lookup`: the environment, as
 * Compose read it
 */
export function changedByNewQuoting(
  oldText: string,
  entries: ReadonlyMap<string, string>,
  options: { formerly?: ReadonlyMap<string, string>; lookup?: (name: string) => string | undefined } = {},
): ChangedValue[] {
  let before: Map<string, string>;
  try {
    before = parseEnvFile(oldText, 'config.env', options.lookup);
  } catch (error) {
    if (error instanceof InvalidFileError) return [];
    throw error;
  }
  const text = `\n${oldText}\n`;
  return [...entries].flatMap(([name, after]) => {
    const written = [after, options.formerly?.get(name) ?? after];
    const unedited = written.some((value) => text.includes(`\n${name}=${value}\n`));
    return unedited && before.get(name) !== after ? [{ name, before: before.get(name), after }] : [];
  });
}

/**
 * How the Python program wrote a YAML scalar into `config.env`: `True` for `true`, `123` for `0123`. Undefined for
 * text.
 */
export function asPythonWrote(value: unknown): string | undefined {
  if (typeof value === 'boolean') return value ? 'True' : 'False';
  return typeof value === 'number' ? String(value) : undefined;
}
