import { LaconicError } from '../system/errors.js';

/**
 * The value of a file below `.laconic/`, which only this program writes.
 * @param remedy what the operator can do about a damaged one
 * @throws LaconicError for one that is cut off or was edited into something else
 */
export function parseOwnJson(text: string, path: string, remedy: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new LaconicError(`${path} is damaged`, { hint: remedy, cause: error });
  }
}
