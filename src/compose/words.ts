/**
 * Splits a `command` or `entrypoint` that is written as one text into words, as Compose does: quotes and backslashes
 * nearly as in a POSIX shell (a backslash counts between double quotes too, whatever follows it); what stands in
 * backquotes or `$(…)` is kept together and not run; no variable is expanded. Compose stops silently at `;`, `&`, `|`,
 * `<` and `>` outside of quotes.
 * @returns the words, and what Compose leaves out; undefined when Compose refuses the text (something does not close)
 */
export function splitWords(text: string): { words: string[]; ignored?: string } | undefined {
  const words: string[] = [];
  let word = '';
  let begun = false;
  let escaped = false;
  // These are independent of each other: inside of backquotes, quotes count too.
  const open = { single: false, double: false, back: false, dollar: false };
  let at = 0;
  for (const character of text) {
    const start = at;
    at += character.length;
    if (escaped) {
      word += character;
      escaped = false;
      begun = true;
      continue;
    }
    if (character === '\\' && !open.single) {
      escaped = true;
      continue;
    }
    const outside = !open.single && !open.double && !open.back && !open.dollar;
    if (' \t\r\n'.includes(character)) {
      if (!outside) word += character;
      else if (begun) {
        words.push(word);
        word = '';
        begun = false;
      }
      continue;
    }
    if (character === '"' && !open.single && !open.dollar) {
      begun ||= open.double;
      open.double = !open.double;
      continue;
    }
    if (character === "'" && !open.double && !open.dollar) {
      begun ||= open.single;
      open.single = !open.single;
      continue;
    }
    if (outside && ';&|<>'.includes(character)) {
      // In `2>file` the number belongs to what is left out.
      if (begun && !(character === '>' && /^\d/.test(word))) words.push(word);
      return { words, ignored: text.slice(start) };
    }
    if (!open.single && !open.double) {
      if (character === '`' && !open.dollar) open.back = !open.back;
      else if (character === ')' && !open.back) open.dollar = !open.dollar;
      else if (character === '(' && !open.back) {
        if (open.dollar || !word.endsWith('$')) return undefined;
        open.dollar = true;
      }
    }
    word += character;
    // An opening bracket alone begins no word, but what closes it does.
    begun = true;
  }
  if (escaped || !(!open.single && !open.double && !open.back && !open.dollar)) return undefined;
  if (begun) words.push(word);
  return { words };
}
