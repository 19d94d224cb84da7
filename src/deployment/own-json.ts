import { LaconicError } from '../system/errors.js';

/**
 * The value of a file below `.laconic/`, which only this program writes.
 * @param remedy what the operator can do about a damaged one
 * @throws LaconicError for one that is cut off or was edited into something else
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
