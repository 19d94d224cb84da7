import type { KeyPath } from '../system/yaml.js';
import { parseTemplate, type TemplatePart } from './template.js';

/** A variable without a value and without a default: Compose puts an empty text in its place. */
export interface UnsetVariable {
  name: string;
  /** Where the value that mentions it stands, and the value. */
  path: KeyPath;
  text: string;
}

/**
 * The variables below a value of a compose file that `docker compose` would warn of: mentioned in a text, set nowhere,
 * and without a default that takes their place. `${X?}` is not among them, which Compose refuses, nor is a name in
 * `environment` without a value, which is left out of the container. Keys are not interpolated. Shared (aliased) values
 * are reported once.
 * @param lookup the value of a variable; undefined when it is not set
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

/** Whether a text is not settled yet: a variable in it has no value and no default, `${X?}` included. */
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
