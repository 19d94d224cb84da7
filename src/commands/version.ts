import type { Command } from 'commander';
import type { ContextOf } from './shared/arguments.js';
import { versionText } from './shared/program.js';

/** Declares `version`, which prints one line. */
export default function declare(command: Command, contextOf: ContextOf): void {
  command.action(() => {
    contextOf(command).report.print(versionText());
  });
}
