import { LaconicError } from '../../system/errors.js';

/**
 * Parses a file in `.laconic/`, which only this program writes.
 * @param remedy what the operator can do if it is damaged
 * @throws LaconicError if it is truncated or was edited so that it is not a map
 */
export function parseOwnJson(text: string, path: string, remedy: string): unknown {
  const damaged = (cause?: unknown): LaconicError => new LaconicError(`${path} is damaged`, { hint: remedy, cause });
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw damaged(error);
  }
  // Each of these files holds a map.
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw damaged();
  return value;
}
