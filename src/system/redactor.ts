import { stripVTControlCharacters } from 'node:util';

/** Shorter secrets occur in too many words. */
const shortest = 4;

/**
 * Makes text safe for a terminal and for logs that others may read: secrets are masked, and control characters (which
 * names in files and output of containers may contain) are removed or escaped.
 */
export class Redactor {
  #hidden: readonly string[] = [];

  /** Shows these texts, and each of their lines, as `***` from now on. */
  conceal(values: Iterable<string>): void {
    const pieces = [...values].flatMap((value) => [value, ...value.split(/\r?\n/)]);
    const known = new Set([...this.#hidden, ...pieces.filter((piece) => piece.trim().length >= shortest)]);
    // Longest first: a secret may contain another one.
    this.#hidden = [...known].sort((a, b) => b.length - a.length);
  }

  /** Returns the text with secrets masked and control characters removed or escaped. */
  redact(text: string): string {
    let shown = stripVTControlCharacters(text);
    for (const secret of this.#hidden) shown = shown.replaceAll(secret, '***');
    return shown
      .replace(/\r+(?=\n|$)/g, '')
      .replace(
        /[\u0000-\u0008\u000b-\u001f\u007f-\u009f]/g,
        (character) => `\\x${character.charCodeAt(0).toString(16).padStart(2, '0')}`,
      );
  }
}
