/** Keys from the root of a document: map keys and list indexes. */
export type KeyPath = readonly (string | number)[];

const plainKey = /^[\w$@%+/-][\w $@%+/-]{0,80}$/;

/** `network.ports.web[1]`; a key that holds dots or anything unprintable is quoted: `config["a.b"]`. */
export function formatKeyPath(path: KeyPath): string {
  return path
    .map((key, index) => {
      if (typeof key === 'number') return `[${key}]`;
      if (!plainKey.test(key)) return `[${quote(key)}]`;
      return index === 0 ? key : `.${key}`;
    })
    .join('');
}

/**
 * Text of a file as a message shows it: on one line, in double quotes, shortened, with nothing a terminal would act on.
 */
export function quote(text: string): string {
  const shown = text.length > 80 ? `${text.slice(0, 77)}...` : text;
  return JSON.stringify(shown).replace(
    /[\u007f-\u009f\u2028\u2029\u202a-\u202e\u2066-\u2069]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}
