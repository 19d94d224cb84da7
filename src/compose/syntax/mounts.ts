import { splitShortForm } from './split.js';

/** One entry of a service's `volumes`. */
export interface ComposeMount {
  /** `volume`: a named volume; `other`: a different type, or a source known only after interpolation. */
  kind: 'volume' | 'bind' | 'anonymous' | 'tmpfs' | 'other';
  /** Volume name or host path, as written. */
  source?: string;
  /** Path in the container; empty if the long form has none. */
  target: string;
  readOnly: boolean;
}

/**
 * Parses a mount in short form (`data:/x:ro`, `./conf:/etc/x`, `/anonymous`) or long form.
 * @returns undefined if it is neither
 */
export function parseMount(value: unknown): ComposeMount | undefined {
  if (typeof value === 'string') return parseShort(value);
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return parseLong({ ...value });
  return undefined;
}

function parseShort(text: string): ComposeMount | undefined {
  const mount = splitMount(text);
  if (mount === undefined) return undefined;
  const { type, source, target, readOnly } = mount;
  if (source === undefined) return { kind: 'anonymous', target, readOnly };
  return { kind: source.startsWith('$') && !source.startsWith('$$') ? 'other' : type, source, target, readOnly };
}

/** A mount in short form, split into its parts. */
export interface ShortMount {
  type: 'bind' | 'volume';
  source: string | undefined;
  target: string;
  readOnly: boolean;
  /** As written, including `ro` and `rw`. */
  options: string[];
}

/**
 * Splits a mount in short form as Compose does: at `:`, except after a Windows drive, which is any single letter. So
 * `a:/x` is a target without a source.
 * @returns undefined if a part is empty, or if there are too many
 */
export function splitMount(text: string): ShortMount | undefined {
  const pieces = splitShortForm(text, ':').reduce<string[]>((done, piece) => {
    const before = done.at(-1) ?? '';
    return /^\p{L}$/u.test(before) ? [...done.slice(0, -1), `${before}:${piece}`] : [...done, piece];
  }, []);
  if (pieces.includes('') || pieces.length > 3) return undefined;
  const [source, target, given] = pieces.length === 1 ? [undefined, ...pieces] : pieces;
  const options = given?.split(',') ?? [];
  return {
    type: /^(?:[./~]|\\\\|\p{L}:)/u.test(source ?? '') ? 'bind' : 'volume',
    source,
    target: target ?? '',
    readOnly: options.findLast((option) => option === 'ro' || option === 'rw') === 'ro',
    options,
  };
}

function parseLong(value: Record<string, unknown>): ComposeMount | undefined {
  if (typeof value.type !== 'string') return undefined;
  const source = typeof value.source === 'string' && value.source !== '' ? value.source : undefined;
  return {
    kind: longKind(value.type, source),
    source,
    target: typeof value.target === 'string' ? value.target : '',
    readOnly: value.read_only === true || value.read_only === 'true',
  };
}

function longKind(type: string, source: string | undefined): ComposeMount['kind'] {
  if (type === 'bind' || type === 'tmpfs') return type;
  if (type !== 'volume') return 'other';
  return source === undefined ? 'anonymous' : 'volume';
}
