import type { Command } from 'commander';
import { versionText } from './program.js';

/** `version` (02 §4): one line. */
export function declare(command: Command): void {
  command.action(() => {
    process.stdout.write(`${versionText()}\n`);
  });
}
