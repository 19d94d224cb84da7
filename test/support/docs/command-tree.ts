import type { Command } from 'commander';
import { createProgram } from '../../../src/commands/shared/program.js';
import { addCommand, commandTable } from '../../../src/commands/table.js';

/** The program with all its commands, options and arguments declared. None of them can be run. */
export async function commandTree(): Promise<Command> {
  const program = createProgram();
  for (const entry of commandTable) {
    const { default: declare } = await entry.load();
    declare(addCommand(program, entry), () => {
      throw new Error('this tree is only for looking at');
    });
  }
  return program;
}
