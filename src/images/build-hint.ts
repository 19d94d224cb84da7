import { shownCommand } from '../system/shown-command.js';

/** What to do about an image of this stack that was not built. */
export function buildHint(stack: string): string {
  return `build it first: ${shownCommand(['laconic-so', '--stack', stack, 'build-containers'])}`;
}
