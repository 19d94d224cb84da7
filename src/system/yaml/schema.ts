import * as z from 'zod/mini';
import type { Problem } from '../errors.js';
import { nearMiss } from '../suggest.js';
import { type KeyPath, quote, type YamlFile } from './yaml.js';

// Each schema is used once or twice: compiling it costs more than it saves.
z.config({ jitless: true });

/** A key (or a name) that is not read anywhere. The caller decides whether that is an error. */
export interface UnknownKey {
  problem: Problem;
  /** The known key that was most likely meant. */
  nearMiss?: string;
}

/** The problems of those keys that are probably misspelt. */
export function misspelt(unknown: readonly UnknownKey[]): Problem[] {
  return unknown.filter(({ nearMiss }) => nearMiss !== undefined).map(({ problem }) => problem);
}

/** What a caller knows about a key that is not in its schema; `nearMiss` as in {@link UnknownKey}. */
export interface Explained {
  message: string;
  nearMiss?: string;
}

/** The result of checking a YAML file against a schema: the value or the problems, and always the unknown keys. */
export interface Checked<T> {
  value?: T;
  problems: Problem[];
  unknown: UnknownKey[];
}

/** How a message names a value that is not allowed. */
export function describeValue(value: unknown): string {
  if (value === null || value === undefined) return 'nothing';
  if (Array.isArray(value)) return 'a list';
  if (typeof value === 'string') return quote(value);
  if (typeof value === 'number' || typeof value === 'boolean') return String(value);
  return 'a map';
}

/** Error option of a zod type: `must be <what>, found a map`, or for a missing key `is missing: it must be <what>`. */
export function mustBe(what: string): { error: (issue: { input?: unknown }) => string } {
  return {
    error: ({ input }) =>
      input === undefined ? `is missing: it must be ${what}` : `must be ${what}, found ${describeValue(input)}`,
  };
}

/** An optional list; null and a missing key mean the same. */
export const list = <T extends z.ZodMiniType>(item: T, what: string) =>
  z.nullish(z.array(item, mustBe(`a list of ${what}`)));

/** An optional map with keys of any name. */
export const map = <T extends z.ZodMiniType>(value: T, what: string, key: z.ZodMiniString = z.string()) =>
  z.nullish(z.record(key, value, mustBe(`a map of ${what}`)));

/** An optional map with known keys. */
export const section = <T extends z.core.$ZodShape>(shape: T, what: string) => z.nullish(z.object(shape, mustBe(what)));

/** Turns a function that returns the problem with a text, or undefined, into a zod check. */
export function textCheck(problemWith: (text: string) => string | undefined): z.core.CheckFn<string> {
  return (context) => {
    const message = problemWith(context.value);
    if (message !== undefined) context.issues.push({ code: 'custom', message, input: context.value });
  };
}

/**
 * Checks the value of a file, or the part of it at `at`, against a schema of `z.object`, `z.array`, `z.record` and
 * unions of scalars. `stale` explains a key that is not in the schema but is documented or known elsewhere.
 */
export function checkShape<T>(
  yaml: YamlFile,
  schema: z.ZodMiniType<T>,
  options: { at?: KeyPath; stale?: (path: KeyPath) => Explained | undefined } = {},
): Checked<T> {
  const { at = [], stale } = options;
  const value = valueAt(yaml.value, at);
  const result = schema.safeParse(value);
  const unknown = unknownKeys(schema, value, at).map(({ path, known }): UnknownKey => {
    const explained = stale?.(path);
    if (explained !== undefined) {
      const { message, ...meant } = explained;
      return { problem: yaml.problem(path, message), ...meant };
    }
    const near = nearMiss(String(path[path.length - 1]), known);
    if (near === undefined) {
      return { problem: yaml.problem(path, `is not a key that anything reads; known here: ${known.join(', ')}`) };
    }
    return { problem: yaml.problem(path, `is not a key that anything reads, did you mean "${near}"?`), nearMiss: near };
  });
  if (result.success) return { value: result.data, problems: [], unknown };
  return { problems: result.error.issues.map((issue) => issueProblem(yaml, issue, at)), unknown };
}

/** Sorts problems by line, the order in which an operator goes through the file. */
export function byLine(problems: readonly Problem[]): Problem[] {
  return [...problems].sort((a, b) => (a.line ?? 0) - (b.line ?? 0));
}

function valueAt(root: unknown, path: KeyPath): unknown {
  let value = root;
  for (const key of path) {
    value = typeof value === 'object' && value !== null ? (value as Record<string | number, unknown>)[key] : undefined;
  }
  return value;
}

function issueProblem(yaml: YamlFile, issue: z.core.$ZodIssue, at: KeyPath): Problem {
  const path = [...at, ...issue.path.map((key) => (typeof key === 'number' ? key : String(key)))];
  // For a key that its schema refuses, the reason is one level down.
  const message = issue.code === 'invalid_key' ? (issue.issues[0]?.message ?? issue.message) : issue.message;
  return yaml.problem(path, message);
}

/** The keys of `value` that are in no object of the schema; keys that start with `x-` are always allowed. */
function unknownKeys(schema: unknown, value: unknown, path: KeyPath): { path: KeyPath; known: string[] }[] {
  const type = unwrap(schema);
  if (Array.isArray(value)) {
    if (!(type instanceof z.ZodMiniArray)) return [];
    return value.flatMap((item, index) => unknownKeys(type.def.element, item, [...path, index]));
  }
  if (typeof value !== 'object' || value === null) return [];
  const entries = Object.entries(value);
  if (type instanceof z.ZodMiniRecord) {
    return entries.flatMap(([key, item]) => unknownKeys(type.def.valueType, item, [...path, key]));
  }
  if (!(type instanceof z.ZodMiniObject)) return [];
  const shape = type.def.shape as Record<string, unknown>;
  const known = Object.keys(shape);
  return entries.flatMap(([key, item]) => {
    const at = [...path, key];
    if (known.includes(key)) return unknownKeys(shape[key], item, at);
    if (type.def.catchall) return unknownKeys(type.def.catchall, item, at);
    return key.startsWith('x-') ? [] : [{ path: at, known }];
  });
}

function unwrap(schema: unknown): unknown {
  let type = schema;
  while (type instanceof z.ZodMiniOptional || type instanceof z.ZodMiniNullable) type = type.def.innerType;
  return type;
}

/** Removes duplicate problems. */
export function once(problems: readonly Problem[]): Problem[] {
  return [...new Map(problems.map((problem) => [JSON.stringify(problem), problem])).values()];
}
