import type { Command } from 'commander';
import { versionText } from './shared/program.js';

/** Declares `version`, which prints one line. */
export default function declare(command: Command): void {
  command.action(() => {
    process.stdout.write(`${versionText()}\n`);
  });
}
