import { stripVTControlCharacters } from 'node:util';

/** Shorter secrets occur in too many words. */
const shortest = 4;

/** Makes a function that shows these texts, and each of their lines, as `***`. */
export function masking(values: Iterable<string>): (text: string) => string {
  const pieces = new Set([...values].flatMap((value) => [value, ...value.split(/\r?\n/)]));
  const hidden = [...pieces]
    .filter((piece) => piece.trim().length >= shortest)
    // Longest first: a secret may contain another one.
    .sort((a, b) => b.length - a.length);
  return (text) => hidden.reduce((shown, secret) => shown.replaceAll(secret, '***'), text);
}

/**
 * Makes text safe for a terminal and for logs that others may read: secrets are masked, and control characters (which
 * names in files and output of containers may contain) are removed or escaped.
 */
export class Redactor {
  readonly #secrets = new Set<string>();
  #mask = masking([]);

  /** Masks these texts from now on. */
  conceal(values: Iterable<string>): void {
    for (const value of values) this.#secrets.add(value);
    this.#mask = masking(this.#secrets);
  }

  /** Returns the text with secrets masked and control characters removed or escaped. */
  redact(text: string): string {
    return this.#mask(stripVTControlCharacters(text))
      .replace(/\r+(?=\n|$)/g, '')
      .replace(
        /[\u0000-\u0008\u000b-\u001f\u007f-\u009f]/g,
        (character) => `\\x${character.charCodeAt(0).toString(16).padStart(2, '0')}`,
      );
  }
}
