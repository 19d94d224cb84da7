import { errorMessage, InvalidFileError } from '../../../system/errors.js';
import { type EnvEntry, scanEnvFile } from '../../syntax/dotenv.js';
import { interpolate, parseTemplate, type TemplatePart } from '../../syntax/template.js';
import type { Cursor } from '../cursor.js';
import type { Lookup } from '../tree.js';

/** An env file that a service in force names. */
export interface EnvFileReference {
  /** As written, after interpolation: relative to the directory of the compose file. */
  readonly path: string;
  /** Whether Compose refuses to start without it. */
  readonly required: boolean;
  /** `raw`: lines are taken literally, without interpolation or unquoting. */
  readonly format: 'env' | 'raw';
}

/** The variables of a container, and the templates of their values (see `ServiceModel`). */
export interface Environment {
  values: Map<string, string>;
  templates: Map<string, string>;
}

/** The content of `environment`. */
export interface OwnEnvironment extends Environment {
  /** Names without a value that are not set as variables either: values from env files do not apply to them. */
  unset: Set<string>;
}

/** Reads `env_file`: a path, or a list of paths and maps. For a repeated path the last entry counts. */
export function readEnvFiles(section: Cursor): { reference: EnvFileReference; cursor: Cursor }[] {
  const found = new Map<string, { reference: EnvFileReference; cursor: Cursor }>();
  for (const cursor of section.isText ? [section] : section.items()) {
    const reference = cursor.tree.kind === 'map' ? longReference(cursor) : shortReference(cursor);
    if (reference !== undefined) found.set(reference.path, { reference, cursor });
  }
  return [...found.values()];
}

function shortReference(cursor: Cursor): EnvFileReference | undefined {
  const path = cursor.text();
  return path === undefined ? undefined : { path, required: true, format: 'env' };
}

function longReference(cursor: Cursor): EnvFileReference | undefined {
  cursor.checkKeys(['path', 'required', 'format']);
  if (cursor.at('path') === undefined) return cursor.refuse('is missing its key path');
  const path = cursor.at('path')?.text();
  const format = cursor.at('format')?.oneOf(['raw']) === 'raw' ? 'raw' : 'env';
  const required = cursor.at('required')?.boolean() ?? true;
  return path === undefined ? undefined : { path, required, format };
}

/** Reads `environment`: names with a value, and names that only pass a variable on. */
export function readEnvironment(section: Cursor | undefined, lookup: Lookup): OwnEnvironment {
  const environment: OwnEnvironment = { values: new Map(), templates: new Map(), unset: new Set() };
  for (const [name, { value, cursor }] of section?.pairs() ?? []) {
    if (/\s$/.test(name)) cursor.refuse('a name cannot end with a space');
    const inherited = lookup(name);
    if (value !== undefined) set(environment, name, value, templateOf(cursor, name));
    else if (inherited !== undefined) set(environment, name, inherited, `\${${name}}`);
    else environment.unset.add(name);
  }
  return environment;
}

function set(environment: Environment, name: string, value: string, template: string | undefined): void {
  environment.values.set(name, value);
  if (template === undefined) environment.templates.delete(name);
  else environment.templates.set(name, template);
}

/** The template of a value; for an item `NAME=value` the part after the `=`. */
function templateOf({ tree, isItem }: Cursor, name: string): string | undefined {
  if (tree.kind !== 'scalar' || tree.template === undefined) return undefined;
  const { parts } = parseTemplate(tree.template);
  const own = isItem ? afterName(parts, name) : parts;
  return mentions(own) ? formatTemplate(own) : undefined;
}

/**
 * The parts after the first `=`. If that comes from a variable, all parts: the value then mentions at least as many
 * names.
 */
function afterName(parts: readonly TemplatePart[], name: string): readonly TemplatePart[] {
  const index = parts.findIndex((part) => part.kind === 'text' && part.text.includes('='));
  const part = parts[index];
  if (part?.kind !== 'text') return parts;
  const equals = part.text.indexOf('=');
  const before = part.text.slice(0, equals);
  // A variable before it that holds a `=` itself ends the name earlier.
  if (index === 0 ? before !== name : !name.endsWith(before)) return parts;
  return [{ kind: 'text', text: part.text.slice(equals + 1) }, ...parts.slice(index + 1)];
}

function mentions(parts: readonly TemplatePart[]): boolean {
  return parts.some((part) => part.kind === 'variable');
}

/** Formats parts as a template. */
function formatTemplate(parts: readonly TemplatePart[]): string {
  return parts
    .map((part) => {
      if (part.kind === 'text') return part.text.replaceAll('$', '$$$$');
      return `\${${part.name}${part.operator === undefined ? '' : part.operator + formatTemplate(part.word)}}`;
    })
    .join('');
}

/** Combines both as the container gets them. */
export function mergeEnvironment(files: Environment, own: OwnEnvironment): Environment {
  const values = new Map([...files.values, ...own.values]);
  const fromFiles = [...files.templates].filter(([name]) => !own.values.has(name));
  const templates = new Map([...fromFiles, ...own.templates]);
  for (const name of own.unset) {
    values.delete(name);
    templates.delete(name);
  }
  return { values, templates };
}

/**
 * Adds the variables of an env file to a service's environment, as Compose resolves it: values of the deployment take
 * precedence over those of the service, and these over earlier lines and files; `environment` is not changed.
 * @param files variables of earlier files; those of this file are added
 * @throws InvalidFileError for a file that Compose could not read
 */
export function addEnvFile(
  files: Environment,
  { path, format }: EnvFileReference,
  text: string,
  own: Environment,
  lookup: Lookup,
): void {
  const entries = format === 'raw' ? rawEntries(text) : scanEnvFile(text, path);
  const resolve: Lookup = (name) => lookup(name) ?? own.values.get(name) ?? files.values.get(name);
  const templateFor: Lookup = (name) => {
    if (lookup(name) !== undefined) return undefined;
    const source = own.values.has(name) ? own : files;
    const value = source.values.get(name);
    return value === undefined ? undefined : (source.templates.get(name) ?? value.replaceAll('$', '$$$$'));
  };
  for (const entry of entries) {
    if (entry.text === undefined) {
      const value = lookup(entry.name) ?? own.values.get(entry.name);
      if (value !== undefined) set(files, entry.name, value, templateFor(entry.name) ?? `\${${entry.name}}`);
      continue;
    }
    if (!entry.interpolated) {
      set(files, entry.name, entry.text, undefined);
      continue;
    }
    try {
      const value = interpolate(entry.text, resolve);
      set(files, entry.name, value, expandedTemplate(entry.text, templateFor, resolve));
    } catch (error) {
      throw new InvalidFileError([{ file: path, line: entry.line, key: entry.name, message: errorMessage(error) }]);
    }
  }
}

/** Replaces names in a template that a file or the service sets itself by the templates of their values. */
function expandedTemplate(text: string, templateFor: Lookup, resolve: Lookup): string | undefined {
  if (!text.includes('$')) return undefined;
  const expand = (parts: readonly TemplatePart[]): readonly TemplatePart[] =>
    parts.flatMap((part) => {
      if (part.kind === 'text') return [part];
      const local = templateFor(part.name);
      const word = expand(part.word);
      if (local === undefined) return [{ ...part, word }];
      const value = resolve(part.name) ?? '';
      const wordInstead = part.operator?.includes('+')
        ? part.operator === '+' || value !== ''
        : part.operator === ':-' && value === '';
      return wordInstead ? word : part.operator === ':+' ? [] : parseTemplate(local).parts;
    });
  const parts = expand(parseTemplate(text).parts);
  return mentions(parts) ? formatTemplate(parts) : undefined;
}

/** The lines of a file with `format: raw`: not unquoted or interpolated. */
function rawEntries(text: string): EnvEntry[] {
  const lines = text.replace(/^\ufeff/, '').split('\n');
  return lines.flatMap((each, index): EnvEntry[] => {
    const line = each.replace(/\r$/, '').trimStart();
    if (line === '' || line.startsWith('#')) return [];
    const equals = line.indexOf('=');
    const name = equals < 0 ? line.trimEnd() : line.slice(0, equals);
    return [{ name, line: index + 1, interpolated: false, ...(equals < 0 ? {} : { text: line.slice(equals + 1) }) }];
  });
}
