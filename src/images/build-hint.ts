import { shownCommand } from '../system/shown-command.js';

/** Returns the hint for a missing image that this stack builds. */
export function buildHint(stack: string): string {
  return `build it first: ${shownCommand(['laconic-so', '--stack', stack, 'build-containers'])}`;
}
