import { quote } from '../../system/yaml/text.js';

const maxLength = 200;

/** Names to which git gives a special meaning. */
const reserved = new Set(['HEAD', 'FETCH_HEAD', 'ORIG_HEAD', 'MERGE_HEAD', '@']);

/**
 * Why this text cannot be a branch, tag or commit; undefined if it can: by the rules of git-check-ref-format, and
 * without anything that git would read as an option or an expression (`-x`, `main~1`, `a..b`).
 */
export function refProblem(ref: string): string | undefined {
  const parts = ref.split('/');
  const valid =
    ref.length <= maxLength &&
    /^[!"#$%&'()+,./0-9:;<=>A-Z\]_`a-z{|}@-]+$/.test(ref) &&
    !/:|\.\.|@\{/.test(ref) &&
    !ref.startsWith('-') &&
    !ref.endsWith('.') &&
    parts.every((part) => part !== '' && !part.startsWith('.') && !part.endsWith('.lock')) &&
    !reserved.has(ref);
  return valid ? undefined : `${quote(ref)} after "@" cannot be the name of a branch, tag or commit`;
}

/** Whether this text may be a full or abbreviated commit id. */
export function looksLikeCommit(ref: string): boolean {
  return /^[0-9a-f]{7,64}$/i.test(ref);
}

/** Whether this text has the length of a whole commit id. */
export function isFullCommit(ref: string): boolean {
  return /^(?:[0-9a-f]{40}|[0-9a-f]{64})$/i.test(ref);
}
