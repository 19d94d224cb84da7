/**
 * Splits a `command` or `entrypoint` that is written as one text into words, as Compose does: quotes and backslashes
 * almost as in a POSIX shell (a backslash in double quotes escapes any character); text in backquotes or `$(…)` is kept
 * together and not run; variables are not expanded. Compose silently stops at `;`, `&`, `|`, `<` and `>` outside of
 * quotes.
 * @returns the words, and the ignored rest; undefined if Compose refuses the text (a quote or bracket is not closed)
 */
export function splitWords(text: string): { words: string[]; ignored?: string } | undefined {
  const words: string[] = [];
  let word = '';
  let begun = false;
  let escaped = false;
  // These are independent of each other: quotes also count inside backquotes.
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
      // In `2>file` the number belongs to the ignored rest.
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
    // An opening quote alone does not begin a word, but its closing one does.
    begun = true;
  }
  if (escaped || !(!open.single && !open.double && !open.back && !open.dollar)) return undefined;
  if (begun) words.push(word);
  return { words };
}
