import type { Command } from 'commander';
import type { Context, GlobalOptions } from '../system/context.js';
import { addCommand, commandTable } from './table.js';

/**
 * Parses a command line and runs its command, whose module only is loaded.
 * @param program from `createProgram`
 * @param contextFor returns the context of the command; called when the command runs
 * @throws CommanderError after the help or a usage error, which is printed; whatever the command throws
 */
export async function callCommand(
  program: Command,
  argv: readonly string[],
  contextFor: (options: GlobalOptions) => Context,
): Promise<void> {
  const contextOf = (): Context => contextFor(program.opts<GlobalOptions>());
  const commands = commandTable.map((entry) => ({ entry, command: addCommand(program, entry) }));
  const called = program.parseOptions([...argv]).operands[0];
  const found = called === undefined ? undefined : commands.find(({ entry }) => entry.names.includes(called));
  if (found !== undefined) (await found.entry.load()).default(found.command, contextOf);
  await program.parseAsync([...argv], { from: 'user' });
}
