import { LaconicError } from '../../system/errors.js';

/** The operators between a variable's name and its word: `${NAME:-word}`. */
export type TemplateOperator = ':-' | '-' | ':?' | '?' | ':+' | '+';

/** A part of a text in a compose file or env file, parsed for interpolation. */
export type TemplatePart =
  | { kind: 'text'; text: string }
  | { kind: 'variable'; name: string; operator?: TemplateOperator; word: readonly TemplatePart[] };

export interface Template {
  parts: readonly TemplatePart[];
  /** False if Compose would refuse the text; `parts` then holds everything before the mistake. */
  valid: boolean;
}

/** A text that Compose would refuse to interpolate, or a required variable without a value. */
export class InterpolationError extends LaconicError {}

/** `${X?}` without a value: Compose may still succeed where the variable is set. */
export class MissingValueError extends InterpolationError {}

/** Deeper nesting is refused: it does not occur in practice, and would exhaust the stack. */
const maxDepth = 64;

/** The flags `iu` matter: Compose folds case by Unicode rules, so that a long s (ſ) can be part of a name. */
const nameAt = /[_a-z][_a-z0-9]*/iuy;
const operatorAt = /:?[-+?]/y;

/**
 * Parses Compose's interpolation syntax: `$X`, `${X}`, `${X:-d}` and the like, nested, and `$$`. A `$` before anything
 * else is literal. Unbalanced braces are handled as in Compose: the closing brace is the one that balances, counting
 * every `{`, or else the last one of the line.
 */
export function parseTemplate(text: string): Template {
  return parseAt(text, 0);
}

function parseAt(text: string, depth: number): Template {
  const parts: TemplatePart[] = [];
  let literal = '';
  let at = 0;
  const variable = (name: string, operator: TemplateOperator | undefined, word: readonly TemplatePart[]): void => {
    if (literal !== '') parts.push({ kind: 'text', text: literal });
    literal = '';
    parts.push({ kind: 'variable', name, operator, word });
  };
  const finish = (valid: boolean): Template => {
    if (literal !== '') parts.push({ kind: 'text', text: literal });
    return { parts, valid };
  };

  while (at < text.length) {
    const dollar = text.indexOf('$', at);
    if (dollar < 0) {
      literal += text.slice(at);
      break;
    }
    literal += text.slice(at, dollar);
    const braced = text[dollar + 1] === '{';
    const name = matchAt(nameAt, text, dollar + (braced ? 2 : 1));
    if (text[dollar + 1] === '$') {
      literal += '$';
      at = dollar + 2;
    } else if (!braced) {
      if (name === undefined) literal += '$';
      else variable(name, undefined, []);
      at = dollar + 1 + (name?.length ?? 0);
    } else {
      if (name === undefined) return finish(false);
      const afterName = dollar + 2 + name.length;
      const operator = matchAt(operatorAt, text, afterName) as TemplateOperator | undefined;
      const end = operator === undefined ? afterName : closingBrace(text, dollar);
      if (text[end] !== '}' || depth === maxDepth) return finish(false);
      const word =
        operator === undefined ? undefined : parseAt(text.slice(afterName + operator.length, end), depth + 1);
      variable(name, operator, word?.parts ?? []);
      if (word?.valid === false) return finish(false);
      at = end + 1;
    }
  }
  return finish(true);
}

function matchAt(pattern: RegExp, text: string, at: number): string | undefined {
  pattern.lastIndex = at;
  return pattern.exec(text)?.[0];
}

/** Index of the brace that closes the expression starting with `${` at `start`; -1 when its line has none. */
function closingBrace(text: string, start: number): number {
  let open = 0;
  let last = -1;
  for (let at = start; at < text.length && text[at] !== '\n'; at += 1) {
    if (text[at] === '}') {
      open -= 1;
      last = at;
      if (open === 0) return at;
    } else if (text[at] === '{') {
      open += 1;
      // Compose skips one character after each opening brace, so `{}` opens and never closes.
      at += 1;
      if (text[at] === '\n') break;
      if (text[at] === '}') last = at;
    }
  }
  return last;
}

/** All variables that a text mentions, including those in words of other variables. */
export function namesIn(text: string): Set<string> {
  const names = new Set<string>();
  const collect = (parts: readonly TemplatePart[]): void => {
    for (const part of parts) {
      if (part.kind === 'text') continue;
      names.add(part.name);
      collect(part.word);
    }
  };
  if (text.includes('$')) collect(parseTemplate(text).parts);
  return names;
}

/**
 * Interpolates a text as Compose does: unset variables are empty.
 * @throws InterpolationError for a text that Compose refuses; MissingValueError for `${X?}` without a value, even in a
 * word that is not used
 */
export function interpolate(text: string, lookup: (name: string) => string | undefined): string {
  const template = parseTemplate(text);
  if (!template.valid)
    throw new InterpolationError('invalid interpolation: expected $NAME or ${NAME}; a $ of its own is written $$');
  return evaluate(template.parts, lookup);
}

function evaluate(parts: readonly TemplatePart[], lookup: (name: string) => string | undefined): string {
  return parts
    .map((part) => {
      if (part.kind === 'text') return part.text;
      // Compose evaluates the word even if it is not used.
      const word = evaluate(part.word, lookup);
      const value = lookup(part.name);
      switch (part.operator) {
        case ':-':
          return value === undefined || value === '' ? word : value;
        case '-':
          return value ?? word;
        case ':+':
          return value === undefined || value === '' ? (value ?? '') : word;
        case '+':
          return value === undefined ? '' : word;
        case ':?':
        case '?':
          if (value === undefined || (value === '' && part.operator === ':?')) {
            throw new MissingValueError(`required variable ${part.name} is missing a value: ${word}`);
          }
          return value;
        case undefined:
          return value ?? '';
      }
    })
    .join('');
}
