/** A JSON value. */
export type Plain = string | number | boolean | null | readonly Plain[] | { readonly [key: string]: Plain | undefined };

/**
 * Text that every YAML 1.1 and 1.2 reader takes as a string without quotes, except for the words below: some read `E0`
 * as a number.
 */
const bare = /^[A-Za-z/_](?:[A-Za-z0-9_./@%+=,-]|:(?=[A-Za-z0-9_./@%+=-])| (?=[A-Za-z0-9_./@%+=]))*$/;
const words = /^(?:true|false|null|yes|no|on|off|y|n|e[-+]?[\d_]+)$/i;

/** Kubernetes quantities that no reader takes for a number. */
const quantity = /^\d+(?:[KMGTP]i|[kmMGT])$/;

/** Several lines that can be written as a block scalar: printable, and the first neither indented nor empty. */
const lines = /^(?![ \n\t])(?:[\t\x20-\x7e\u00a0-\u2027\u202a-\ud7ff\ue000-\ufefe]|\n)+$/;

/**
 * Writes plain data as a YAML document in block style, keys in their order, without undefined values. The yaml package
 * gives the same result but is far too slow for hundreds of objects.
 */
export function writePlainYaml(value: Plain): string {
  return `${block(value, '').replace(/^\n| /, '')}\n`;
}

/** The text after a key or a dash: ` value`, or the lines below it. */
function block(value: Plain, indent: string): string {
  if (typeof value === 'string') return ` ${text(value, indent)}`;
  if (typeof value !== 'object' || value === null) return ` ${String(value)}`;
  if (Array.isArray(value)) {
    const items = value as readonly Plain[];
    return items.length === 0 ? ' []' : items.map((item) => `\n${indent}-${nested(item, `${indent}  `)}`).join('');
  }
  const entries = Object.entries(value).filter((entry): entry is [string, Plain] => entry[1] !== undefined);
  if (entries.length === 0) return ' {}';
  return entries.map(([key, item]) => `\n${indent}${quoted(key)}:${block(item, below(item, indent))}`).join('');
}

/** An item of a list; a map or a list starts on the line of its dash. */
function nested(item: Plain, indent: string): string {
  const made = block(item, indent);
  return made.startsWith(`\n${indent}`) ? ` ${made.slice(indent.length + 1)}` : made;
}

function below(item: Plain, indent: string): string {
  return typeof item === 'object' || typeof item === 'string' ? `${indent}  ` : indent;
}

function text(value: string, indent: string): string {
  if (!value.includes('\n') || !lines.test(value) || /[ \t](?:\n|$)/.test(value)) return quoted(value);
  const end = /\n*$/.exec(value)?.[0].length ?? 0;
  const chomping = end === 0 ? '-' : end === 1 ? '' : '+';
  const body = end === 0 ? value : value.slice(0, -1);
  return `|${chomping}\n${body.replace(/^(?=.)/gm, indent)}`;
}

function quoted(value: string): string {
  return (bare.test(value) && !words.test(value)) || quantity.test(value) ? value : writeJsonForYaml(value);
}

/**
 * Writes JSON that YAML readers understand the same way: characters that JSON allows but YAML forbids or folds are
 * escaped.
 */
export function writeJsonForYaml(value: Plain): string {
  return JSON.stringify(value).replace(
    /[\u007f-\u009f\u2028\u2029\ufeff\ufffe\uffff]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}
