/**
 * Splits a short form (`host:container`, `source:target:ro`) at a separator, but not inside `${…}`, whose text is known
 * only after Compose has resolved it, nor inside an address in brackets at the beginning.
 */
export function splitShortForm(text: string, separator: ':' | '/'): string[] {
  const pieces: string[] = [];
  let piece = '';
  let depth = 0;
  for (let at = 0; at < text.length; at += 1) {
    const character = text[at] ?? '';
    const opens = (character === '{' && (depth > 0 || text[at - 1] === '$')) || (character === '[' && at === 0);
    if (opens) depth += 1;
    else if (depth > 0 && (character === '}' || character === ']')) depth -= 1;
    if (character === separator && depth === 0) {
      pieces.push(piece);
      piece = '';
    } else {
      piece += character;
    }
  }
  return [...pieces, piece];
}
