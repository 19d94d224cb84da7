import { readEnvFile, scanEnvFile } from '../compose/dotenv.js';
import { InvalidFileError, LaconicError } from '../system/errors.js';

const header = [
  '# Generated from the config section of spec.yml.',
  '# Written by laconic-so (deploy create, deployment restart).',
  '# Do not edit: the next update or restart writes it again.',
  '# Change config in spec.yml and run deploy create --update instead.',
];

const credentialsMark = '# From credentials file: ';

/**
 * The text of `config.env`: a name and its literal value per line, then each credentials file as it is.
 * @param entries values by name, in the order of the spec, without those that hold generated secrets
 * @param credentials path as the spec has it, and text
 * @throws LaconicError with every name or value that no env file can hold
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
 * The secrets among the variables that credentials files put into a `config.env`. They hold names and ports as well:
 * short values, and words under a name that promises no secret, are not among them, or hardly a message could be read.
 * @throws InvalidFileError for a file Compose could not read
 */
export function credentialSecrets(configEnv: string, file: string): string[] {
  return [...parseEnvFile(credentialsPart(configEnv), file)].flatMap(([name, value]) =>
    looksSecret(name, value) ? [value] : [],
  );
}

/**
 * The variables of a `config.env` that credentials files brought, each with the value that it has in the whole file.
 * @throws InvalidFileError for a file Compose could not read
 */
export function credentialVariables(configEnv: string, file?: string): Map<string, string> {
  const names = new Set(scanEnvFile(credentialsPart(configEnv), file ?? 'config.env').map(({ name }) => name));
  return new Map([...parseEnvFile(configEnv, file)].filter(([name]) => names.has(name)));
}

/**
 * Where the variables of a `config.env` come from, for messages: the config of the spec, or a credentials file by its
 * path.
 * @throws InvalidFileError for a file Compose could not read
 */
export function variableOrigins(configEnv: string, file?: string): Map<string, string> {
  const lines = configEnv.split('\n');
  return new Map(
    scanEnvFile(configEnv, file ?? 'config.env').map(({ name, line }) => {
      const mark = lines.slice(0, line).findLast((each) => each.startsWith(credentialsMark));
      return [name, mark?.slice(credentialsMark.length) ?? 'the config of spec.yml'];
    }),
  );
}

/** Whether a value that came with others in a credentials file is one to be hidden, by its name, length and letters. */
export function looksSecret(name: string, value: string): boolean {
  const secret = /pass|secret|token|key|cred|auth|pw/i.test(name) || !/^[a-z]+(?:[._-][a-z]+)*$/i.test(value);
  return secret && value.length >= 8;
}

function credentialsPart(configEnv: string): string {
  const at = `\n${configEnv}`.indexOf(`\n${credentialsMark}`);
  return at < 0 ? '' : configEnv.slice(at);
}

/** `NAME=value` lines that Compose reads as exactly these values. */
export function renderEntries(entries: ReadonlyMap<string, string>): string[] {
  const problems = [...entries].flatMap(([name, value]) => {
    const problem = environmentProblem(name, value);
    return problem === undefined ? [] : [problem];
  });
  if (problems.length > 0) throw new LaconicError(problems.join('\n'));
  return [...entries].map(([name, value]) => `${name}=${quoteEnvValue(value)}`);
}

/** Why no env file can hold this variable; undefined when one can. Never shows the value. */
export function environmentProblem(name: string, value: string): string | undefined {
  if (!/^[\p{L}\p{N}_.[\]-]+$/u.test(name)) {
    return `${JSON.stringify(name)}: not a variable name: letters, digits, _ . and - are allowed`;
  }
  if (value.includes('\0')) return `${name}: the value holds a NUL character, which no variable can`;
  if (/\p{Surrogate}/u.test(value)) return `${name}: the value holds half of a character (a lone surrogate)`;
  return undefined;
}

/**
 * A value as it stands in an env file so that Compose reads it back literally: bare, in single quotes, or in double
 * quotes with escapes. Line breaks are escaped, so that every variable stays on a line of its own.
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
 * The variables an env file sets, by Compose's own rules (see {@link readEnvFile}).
 * @param lookup the environment: goes before what the file says, and gives names without `=` their value
 * @throws InvalidFileError for a file Compose could not read
 */
export function parseEnvFile(
  text: string,
  file = 'config.env',
  lookup: (name: string) => string | undefined = () => undefined,
): Map<string, string> {
  return readEnvFile(text, file, lookup);
}

/** A value that containers got differently from what the spec says, since the old file had no quotes. */
export interface ChangedValue {
  name: string;
  before: string | undefined;
  after: string;
}

/**
 * What changes for containers when the unquoted `config.env` of the Python program is written anew: variables whose
 * line holds the very value of the spec, but which that program wrote in Python's words, or which Compose expanded, cut
 * or unquoted when it read the file. A file that Compose could not read gave no container anything: nothing changes
 * then.
 * @param oldText the `config.env` as it stands
 * @param entries the spec's values by name, without those that something else sets
 * @param options `formerly`: how the Python program wrote a value, where that differs; `lookup`: the environment, as
 *   Compose read it
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

/** A scalar of YAML as the Python program wrote it into `config.env`: `True` for `true`, `123` for `0123`. */
export function asPythonWrote(value: unknown): string | undefined {
  if (typeof value === 'boolean') return value ? 'True' : 'False';
  return typeof value === 'number' ? String(value) : undefined;
}
