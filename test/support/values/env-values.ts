/** Texts that env files treat specially, and a few plain ones to put between them. */
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
