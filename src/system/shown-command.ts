/** A command line that can be pasted into a POSIX shell; words are quoted where needed. For messages only. */
export function shownCommand(words: readonly string[]): string {
  return words.map((word) => (/^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`)).join(' ');
}
