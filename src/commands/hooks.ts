import type { Command } from 'commander';
import type { ContextOf } from './shared/arguments.js';
import { configure, subcommand } from './shared/program.js';

/** Declares `hooks setup`. */
export default function declare(command: Command, contextOf: ContextOf): void {
  subcommand(
    configure(command),
    'setup',
    'create the Python environment that stack hooks run in (~/.laconic-so/python)',
  ).action(async (_options: object, self: Command) => {
    const { setUpHookPython } = await import('../stack/hooks/setup-python.js');
    await setUpHookPython(contextOf(self));
  });
}
