import type { Command } from 'commander';
import { ExitError } from '../../system/errors.js';
import { type ContextOf, missingArgument, parseIndex } from '../shared/arguments.js';
import { openTarget, type OpenProject } from '../shared/open.js';
import { subcommand } from '../shared/program.js';

/** Adds `exec` to a group. Options after the service name belong to the command. */
export function declareExec(group: Command, contextOf: ContextOf, open: OpenProject): void {
  subcommand(group, 'exec [service] [command...]', 'run a command in a running container')
    .passThroughOptions()
    .allowUnknownOption()
    .option('--index <number>', 'index of the container if the service has several', '1')
    .action(async (service: string | undefined, words: string[], options: { index: string }, self: Command) => {
      const command = words[0] === '--' ? words.slice(1) : words;
      const usage = 'exec <service> <cmd>';
      if (service === undefined) throw missingArgument(usage, '<service>, the name of a service of the stack');
      if (command.length === 0) throw missingArgument(usage, `<cmd>, the command to run in ${service}`);
      const index = parseIndex(options.index);
      const context = contextOf(self);
      const project = await open(self, context);
      if (context.options.dryRun) {
        context.report.print(`would run in ${service}: ${command.join(' ')}`);
        return;
      }
      const code = await project.exec({ service, command, index });
      if (code !== 0) throw new ExitError(code);
    });
}

/** Declares `deployment exec`. */
export default function declare(group: Command, contextOf: ContextOf): void {
  declareExec(group, contextOf, openTarget);
}
