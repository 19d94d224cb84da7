import type { KeyPath } from '../../system/yaml/yaml.js';
import { parseTemplate, type TemplatePart } from '../syntax/template.js';

/** A variable without a value or a default: Compose replaces it with an empty text. */
export interface UnsetVariable {
  name: string;
  /** Key path and text of the value that mentions it. */
  path: KeyPath;
  text: string;
}

/**
 * Finds the variables below a value of a compose file that `docker compose` would warn of: mentioned in a text, not
 * set, and without a default that applies. This excludes `${X?}`, which Compose refuses, and names in `environment`
 * without a value, which the container does not get. Keys are not interpolated. Shared (aliased) values are reported
 * once.
 * @param lookup the value of a variable; undefined if it is not set
 */
export function unsetVariables(
  root: unknown,
  path: KeyPath,
  lookup: (name: string) => string | undefined,
): UnsetVariable[] {
  const found: UnsetVariable[] = [];
  const seen = new Set<object>();
  const visit = (value: unknown, at: KeyPath): void => {
    if (typeof value === 'string') {
      if (value.includes('$'))
        for (const name of unsetIn(parseTemplate(value).parts, lookup)) found.push({ name, path: at, text: value });
    } else if (typeof value === 'object' && value !== null && !seen.has(value)) {
      seen.add(value);
      if (Array.isArray(value)) value.forEach((item, index) => visit(item, [...at, index]));
      else for (const [key, item] of Object.entries(value)) visit(item, [...at, key]);
    }
  };
  visit(root, path);
  return found;
}

/** Whether a text depends on a variable that has no value and no default, including `${X?}`. */
export function isUnsettled(text: string, lookup: (name: string) => string | undefined): boolean {
  return unsetIn(parseTemplate(text).parts, lookup, true).length > 0;
}

function unsetIn(
  parts: readonly TemplatePart[],
  lookup: (name: string) => string | undefined,
  required = false,
): string[] {
  return parts.flatMap((part) => {
    if (part.kind === 'text') return [];
    const value = lookup(part.name);
    const missing = value === undefined || (value === '' && part.operator?.startsWith(':'));
    switch (part.operator) {
      case undefined:
        return value === undefined ? [part.name] : [];
      case ':-':
      case '-':
        return missing ? unsetIn(part.word, lookup, required) : [];
      case ':+':
      case '+':
        return missing ? [] : unsetIn(part.word, lookup, required);
      case ':?':
      case '?':
        return required && missing ? [part.name] : [];
    }
  });
}
