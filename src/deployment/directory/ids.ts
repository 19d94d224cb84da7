import { randomInt } from 'node:crypto';

/** 2024-01-01T00:00:00Z in milliseconds: ids count tenths of a second from here. */
const epoch = 1_704_067_200_000;
const alphabet = '0123456789abcdefghijklmnopqrstuvwxyz';

/**
 * Creates an identifier `laconic-<T><RR>`: T is the time in tenths of a second in base 36, RR are two random
 * characters, so that ids sort by creation time.
 * @param now milliseconds since 1970
 */
export function newId(now: number = Date.now()): string {
  const time = Math.floor((now - epoch) / 100).toString(36);
  const random = [randomInt(36), randomInt(36)].map((index) => alphabet[index]).join('');
  return `laconic-${time}${random}`;
}

/** Whether a value is a valid Compose project name, which both ids may become. */
export function isProjectName(value: string): boolean {
  return /^[a-z0-9][a-z0-9_-]*$/.test(value);
}
