/** Keys from the root of a document: map keys and list indexes. */
export type KeyPath = readonly (string | number)[];

const plainKey = /^[\w$@%+/-][\w $@%+/-]{0,80}$/;

/** Formats a path as `network.ports.web[1]`; keys with dots or unprintable characters are quoted: `config["a.b"]`. */
export function formatKeyPath(path: KeyPath): string {
  return path
    .map((key, index) => {
      if (typeof key === 'number') return `[${key}]`;
      if (!plainKey.test(key)) return `[${quote(key)}]`;
      return index === 0 ? key : `.${key}`;
    })
    .join('');
}

/** Quotes text from a file for a message: on one line, shortened, without control characters. */
export function quote(text: string): string {
  const shown = text.length > 80 ? `${text.slice(0, 77)}...` : text;
  return JSON.stringify(shown).replace(
    /[\u007f-\u009f\u2028\u2029\u202a-\u202e\u2066-\u2069]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}
