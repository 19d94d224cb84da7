import type { Command } from 'commander';
import type { ContextOf } from './arguments.js';
import { configure, subcommand } from './program.js';

/** Declares `hooks setup`. */
export function declare(command: Command, contextOf: ContextOf): void {
  subcommand(
    configure(command),
    'setup',
    'make the Python environment that hooks of stacks run with (~/.laconic-so/python)',
  ).action(async (_options: object, self: Command) => {
    const { setUpHookPython } = await import('../stack/hooks/setup-python.js');
    await setUpHookPython(contextOf(self));
  });
}
