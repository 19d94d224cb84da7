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
  const pieces = splitShortForm(text, ':');
  if (pieces.includes('') || pieces.length > 3) return undefined;
  const [first = '', target, options] = pieces;
  if (target === undefined) return { kind: 'anonymous', target: first, readOnly: false };
  return { kind: kindOfSource(first), source: first, target, readOnly: options?.split(',').includes('ro') ?? false };
}

function kindOfSource(source: string): ComposeMount['kind'] {
  if (/^[./~]/.test(source)) return 'bind';
  return source.startsWith('$') && !source.startsWith('$$') ? 'other' : 'volume';
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
