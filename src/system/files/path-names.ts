import { homedir } from 'node:os';
import { isAbsolute, join, relative, sep } from 'node:path';
import { quote } from '../yaml/yaml.js';

const name = /^[A-Za-z0-9][A-Za-z0-9._-]*$/;
const pathComponent = /^[A-Za-z0-9._][A-Za-z0-9._-]*$/;
const maxLength = 200;

/**
 * Why this text cannot be a name (of a file, for Compose, or in an argument); undefined if it can. Allowed: ASCII
 * letters, digits, `.`, `_` and `-`, starting with a letter or digit, 1 to 200 characters. This excludes separators,
 * `..`, spaces, quotes, line breaks and leading dashes.
 */
export function nameProblem(text: string): string | undefined {
  if (text === '') return 'must not be empty';
  if (text.length > maxLength) return `${quote(text)} is longer than ${maxLength} characters`;
  if (name.test(text)) return undefined;
  return `${quote(text)} is not a name: letters, digits, ".", "_" and "-" are allowed, starting with a letter or digit`;
}

/**
 * Why this text cannot be a path inside a folder; undefined if it can. Sub-folders and `.` are allowed; absolute paths,
 * `..`, `~`, empty text and characters that {@link nameProblem} forbids are not.
 */
export function insidePathProblem(text: string): string | undefined {
  if (text === '') return 'must not be empty';
  if (text.startsWith('/') || text.startsWith('~'))
    return `${quote(text)} must be relative to the folder it belongs to`;
  const parts = text.split('/');
  if (parts.includes('..')) return `${quote(text)} leads out of the folder it belongs to: ".." is not allowed`;
  const fits = parts.every((part) => part === '' || (pathComponent.test(part) && part.length <= maxLength));
  if (fits) return undefined;
  return `${quote(text)} is not a usable path: letters, digits, ".", "_", "-" and "/" are allowed, no part starting with "-"`;
}

/** Replaces a leading `~` or `~/` with the home directory. */
export function expandHome(path: string, home: string = homedir()): string {
  if (path === '~') return home;
  return path.startsWith('~/') ? join(home, path.slice(2)) : path;
}

/** Whether `path` is `directory` or inside it; both absolute and normalised. */
export function isBelow(path: string, directory: string): boolean {
  const below = relative(directory, path);
  return below !== '..' && !below.startsWith(`..${sep}`) && !isAbsolute(below);
}
