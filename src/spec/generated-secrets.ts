import { randomBytes } from 'node:crypto';
import { nearMiss } from '../system/suggest.js';
import { parseEnvFile, renderEntries } from './environment.js';

/**
 * Generated secrets. `secrets.env` stores, per name, the final value and in a comment the template it was created from:
 *
 *   # DB_URL from "postgres://app:$generate:hex:16$@db"
 *   DB_URL=postgres://app:0123…@db
 *
 * While the template stays the same, so does the value, even if the operator edited it. If text around a token changes,
 * the old template shows which part of the old value is the secret, and that part is kept. A name that is removed from
 * the config stays as a comment, so that it gets its old value back if it returns.
 */

/** The token `$generate:type:length$` inside a value. */
export interface GenerateToken {
  type: 'hex' | 'base64';
  /** Number of random bytes. */
  bytes: number;
}

/** A value split into text and tokens, and the problems with its tokens. */
export interface TokenScan {
  parts: readonly (string | GenerateToken)[];
  tokens: readonly GenerateToken[];
  problems: readonly string[];
}

/** A secret as stored in `secrets.env`. */
export interface StoredSecret {
  value: string;
  /** The config value it was created from; absent if its comment is missing. */
  template?: string;
  /** True if its name was removed from the config: stored only as a comment. */
  retired: boolean;
}

export interface SecretProblem {
  name: string;
  message: string;
}

export interface ResolvedSecrets {
  /** Config values without tokens, for `config.env`. */
  plain: Map<string, string>;
  /** Final values of names with tokens; never printed. */
  secret: Map<string, string>;
  /** The content for {@link renderSecretsEnv}: `secret` with templates, and names removed from the config. */
  stored: Map<string, StoredSecret>;
  problems: SecretProblem[];
  /** Tokens that changed although their secret is kept, by name. */
  warnings: SecretProblem[];
}

const types = ['hex', 'base64'] as const;
const maxBytes = 4096;
const tokenPattern = /\$generate:(?:(\w+):(\d+)\$)?/g;

/** Finds the tokens of a config value. Text that starts like a token but is not one is a problem. */
export function findTokens(value: string): TokenScan {
  const parts: (string | GenerateToken)[] = [];
  const problems: string[] = [];
  let at = 0;
  for (const match of value.matchAll(tokenPattern)) {
    if (match.index > at) parts.push(value.slice(at, match.index));
    at = match.index + match[0].length;
    const [, name, length] = match;
    if (name === undefined || length === undefined) {
      const shown = /^\$generate:[\w:]*\$?/.exec(value.slice(match.index))?.[0] ?? match[0];
      problems.push(`${shown} is not complete: write $generate:hex:32$ or $generate:base64:32$`);
      continue;
    }
    const type = types.find((known) => known === name);
    const bytes = Number(length);
    if (type === undefined) {
      const meant = nearMiss(name, types);
      problems.push(
        `${match[0]}: "${name}" is not hex or base64${meant === undefined ? '' : `, did you mean ${meant}?`}`,
      );
    } else if (bytes < 1 || bytes > maxBytes) {
      problems.push(`${match[0]}: the number of random bytes must be 1 to ${maxBytes}`);
    } else {
      parts.push({ type, bytes });
    }
  }
  if (at < value.length) parts.push(value.slice(at));
  return { parts, tokens: parts.filter((part) => typeof part !== 'string'), problems };
}

/**
 * Gives every token of the config a secret: its existing one, else a new one.
 * @param existing content of `secrets.env`, from {@link parseSecretsEnv}; absent: the file does not exist
 * @param options `rotate`: names that get a new secret; `random`: the source of randomness
 */
export function resolveSecrets(
  config: ReadonlyMap<string, string>,
  existing: ReadonlyMap<string, StoredSecret> | undefined,
  options: { rotate: ReadonlySet<string>; random?: (bytes: number) => Buffer },
): ResolvedSecrets {
  const result: ResolvedSecrets = {
    plain: new Map(),
    secret: new Map(),
    stored: new Map(),
    problems: [],
    warnings: [],
  };
  for (const [name, template] of config) {
    const { parts, tokens, problems } = findTokens(template);
    if (problems.length > 0) {
      result.problems.push(...problems.map((message) => ({ name, message })));
      continue;
    }
    if (tokens.length === 0) {
      result.plain.set(name, template);
      continue;
    }
    const before = options.rotate.has(name) ? undefined : existing?.get(name);
    const made = finish(template, parts, before, options.random ?? randomBytes);
    if (made === undefined) {
      result.problems.push({
        name,
        message:
          'its value in secrets.env was edited by hand and the config value has changed since: undo one of the two, or rotate this secret',
      });
      continue;
    }
    if (made.tokenChanged) {
      result.warnings.push({
        name,
        message: 'its token changed, but the secret it has is kept: rotate it to get a new one',
      });
    }
    result.secret.set(name, made.value);
    result.stored.set(name, { value: made.value, template, retired: false });
  }
  for (const [name, secret] of existing ?? []) {
    if (!result.stored.has(name)) result.stored.set(name, { ...secret, retired: true });
  }
  return result;
}

/**
 * The final value of a template; undefined if the secrets in the old value cannot be told apart from its other text.
 */
function finish(
  template: string,
  parts: readonly (string | GenerateToken)[],
  before: StoredSecret | undefined,
  random: (bytes: number) => Buffer,
): { value: string; tokenChanged: boolean } | undefined {
  if (before && (before.template === undefined || before.template === template)) {
    return { value: before.value, tokenChanged: false };
  }
  const old = before?.template === undefined ? undefined : findTokens(before.template);
  const kept = before && old ? secretsIn(before.value, old) : [];
  if (kept === undefined) return undefined;
  let index = 0;
  let tokenChanged = false;
  const pieces = parts.map((part) => {
    if (typeof part === 'string') return part;
    const token = old?.tokens[index];
    const secret = kept[index] ?? random(part.bytes).toString(part.type);
    tokenChanged ||= token !== undefined && (token.type !== part.type || token.bytes !== part.bytes);
    index += 1;
    return secret;
  });
  return { value: pieces.join(''), tokenChanged };
}

/** The secrets in a final value, in the order of its template's tokens; undefined if it does not match the template. */
function secretsIn(value: string, template: TokenScan): string[] | undefined {
  // Several secrets can be separated only by their length; a single one is the whole rest, even if edited by hand.
  const secret = template.tokens.length === 1 ? '([^]*)' : undefined;
  return new RegExp(`^${patternOf(template.parts, secret)}$`).exec(value)?.slice(1);
}

/** The regular expression source for values of a template, with a group for each secret. */
function patternOf(parts: TokenScan['parts'], secret?: string): string {
  const pattern = parts.map((part) => {
    if (typeof part === 'string') return part.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&');
    if (secret !== undefined) return secret;
    return part.type === 'hex' ? `([0-9a-f]{${2 * part.bytes}})` : `([0-9A-Za-z+/=]{${4 * Math.ceil(part.bytes / 3)}})`;
  });
  return pattern.join('');
}

/** Renders `secrets.env`, which has mode 0600 and is Compose's second `--env-file`. */
export function renderSecretsEnv(resolved: Pick<ResolvedSecrets, 'stored'>): string {
  const lines = [
    '# Secrets that laconic-so generated for this deployment. Keep this file: the services were set up with these values.',
    '# A value stays as long as its name stays in the config of spec.yml; --rotate-secret NAME makes a new one.',
  ];
  for (const [name, { value, template, retired }] of resolved.stored) {
    if (retired) {
      lines.push(`${retiredPrefix}${JSON.stringify({ name, value, template })}`);
      continue;
    }
    if (template !== undefined) lines.push(`# ${name} from ${JSON.stringify(template)}`);
    lines.push(...renderEntries(new Map([[name, value]])));
  }
  return `${lines.join('\n')}\n`;
}

/** All texts of these secrets that must be masked: the final values, and the generated parts in them. */
export function secretTexts(stored: ReadonlyMap<string, StoredSecret>): string[] {
  return [...stored.values()].flatMap(({ value, template }) => [
    value,
    ...(template === undefined ? [] : (secretsIn(value, findTokens(template)) ?? [])),
  ]);
}

/** The names whose config value contains no token. */
export function withoutTokens(names: Iterable<string>, config: ReadonlyMap<string, string>): string[] {
  return [...names].filter((name) => findTokens(config.get(name) ?? '').tokens.length === 0);
}

/**
 * Whether a config contains values that were written by hand, which may be passwords; generated ones are stored
 * elsewhere.
 */
export function holdsValues(config: Iterable<unknown>): boolean {
  const isWritten = (value: unknown): boolean =>
    typeof value === 'string' ? value !== '' && findTokens(value).tokens.length === 0 : value !== null;
  return [...config].some(isWritten);
}

/** Whether a value contains what a template could have become; its other text does not matter. */
export function holdsValueOf(template: string, value: string): boolean {
  const { parts, tokens } = findTokens(template);
  return tokens.length > 0 && new RegExp(patternOf(parts)).test(value);
}

const retiredPrefix = '# no longer in the config: ';

/**
 * Parses `secrets.env`, even if it was edited by hand.
 * @throws InvalidFileError for a file that Compose could not read; the message shows no value
 */
export function parseSecretsEnv(text: string): Map<string, StoredSecret> {
  const stored = new Map<string, StoredSecret>();
  const templates = new Map<string, string>();
  for (const line of text.split('\n')) {
    const [, name, template] = /^# (\S+) from (".*")\s*$/.exec(line) ?? [];
    const parsed = template === undefined ? undefined : parseJson(template);
    if (name !== undefined && typeof parsed === 'string') templates.set(name, parsed);
    if (!line.startsWith(retiredPrefix)) continue;
    const secret = parseJson(line.slice(retiredPrefix.length));
    if (!isRetired(secret)) continue;
    const { name: retiredName, value, template: retiredTemplate } = secret;
    stored.set(retiredName, { value, template: retiredTemplate, retired: true });
  }
  for (const [name, value] of parseEnvFile(text, 'secrets.env')) {
    stored.set(name, { value, template: templates.get(name), retired: false });
  }
  return stored;
}

function isRetired(value: unknown): value is { name: string; value: string; template?: string } {
  return (
    typeof value === 'object' &&
    value !== null &&
    'name' in value &&
    typeof value.name === 'string' &&
    'value' in value &&
    typeof value.value === 'string' &&
    (!('template' in value) || typeof value.template === 'string')
  );
}

/** Parses JSON; undefined if it is not valid, as after an edit by hand. */
function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
