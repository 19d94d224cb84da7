import { UsageError } from './errors.js';

/**
 * Parses a number of seconds, such as `30` or `0.5`.
 * @param name of the option or environment variable that it is the value of
 * @throws UsageError
 */
export function parseSeconds(text: string, name: string): number {
  if (/^\d+(\.\d+)?$/.test(text)) return Number(text);
  throw new UsageError(`${name}: ${text} is not a number of seconds`);
}
