/** A command line as it can be copied into a POSIX shell: words are quoted where they need it. For messages only. */
export function shownCommand(words: readonly string[]): string {
  return words.map((word) => (/^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`)).join(' ');
}
