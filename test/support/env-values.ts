/** Texts that env files treat specially, and a few plain ones to stand between them. */
export const envFileSpecials = [
  '$',
  '#',
  "'",
  '"',
  '\\',
  '=',
  ' ',
  '\t',
  '\n',
  '\r',
  '\r\n',
  '{',
  '}',
  'A',
  'n',
  '0',
] as const;
