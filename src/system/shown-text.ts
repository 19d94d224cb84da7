import { stripVTControlCharacters } from 'node:util';

/** Shorter texts are found in too many words. */
const shortest = 4;

/**
 * Makes text fit for the operator's terminal and for a log that others may read: secrets are replaced, and nothing is
 * left that a terminal would act on (names from files and the output of containers are shown in messages).
 */
export class ShownText {
  #hidden: readonly string[] = [];

  /** From now on these texts, and each line of them, are shown as `***`. */
  conceal(values: Iterable<string>): void {
    const pieces = [...values].flatMap((value) => [value, ...value.split(/\r?\n/)]);
    const known = new Set([...this.#hidden, ...pieces.filter((piece) => piece.trim().length >= shortest)]);
    // The longest first: it may hold another one.
    this.#hidden = [...known].sort((a, b) => b.length - a.length);
  }

  /** The text as it may be shown. */
  of(text: string): string {
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
