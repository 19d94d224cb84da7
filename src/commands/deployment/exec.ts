import type { Command } from 'commander';
import { ExitError } from '../../system/errors.js';
import { type ContextOf, missingArgument, parseIndex, targetOf } from '../shared/arguments.js';
import { subcommand } from '../shared/program.js';

/** Adds `exec` to a group, with the action `run`. Options after the service name belong to the command. */
export function declareExec(
  group: Command,
  run: (self: Command, options: { service: string; command: string[]; index: number }) => Promise<number>,
): void {
  subcommand(group, 'exec [service] [command...]', 'run a command in a running container')
    .passThroughOptions()
    .allowUnknownOption()
    .option('--index <number>', 'index of the container if the service has several', '1')
    .action(async (service: string | undefined, command: string[], options: { index: string }, self: Command) => {
      const words = command[0] === '--' ? command.slice(1) : command;
      const usage = 'exec <service> <cmd>';
      if (service === undefined) throw missingArgument(usage, '<service>, the name of a service of the stack');
      if (words.length === 0) throw missingArgument(usage, `<cmd>, the command to run in ${service}`);
      const code = await run(self, { service, command: words, index: parseIndex(options.index) });
      if (code !== 0) throw new ExitError(code);
    });
}

/** Declares `deployment exec`. */
export default function declare(group: Command, contextOf: ContextOf): void {
  declareExec(group, async (self, options) => {
    const { deploymentExec } = await import('../../deployers/lifecycle/operations.js');
    return deploymentExec(targetOf(self), options, contextOf(self));
  });
}
