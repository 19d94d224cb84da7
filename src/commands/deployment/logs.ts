import type { Command } from 'commander';
import { type ContextOf, type LogsFlags, logsOptions, targetOf } from '../shared/arguments.js';
import { subcommand } from '../shared/program.js';

/** Adds the options of `logs`, shared with the quick workflow. */
export function addLogsOptions(command: Command): Command {
  return command
    .option('-n, --tail <lines>', 'number of lines to show from the end of each log, or "all"', 'all')
    .option('-f, --follow', 'follow the output until Ctrl-C', false)
    .option('--since <time>', 'show output since a timestamp (2026-01-02T13:23:37Z) or relative time (42m)')
    .option('--until <time>', 'show output before a timestamp or relative time')
    .option('-t, --timestamps', 'show timestamps', false);
}

/** Declares `deployment logs`. */
export default function declare(group: Command, contextOf: ContextOf): void {
  addLogsOptions(subcommand(group, 'logs [services...]', 'show the output of the containers'))
    .option('--previous', 'on Kubernetes, show the output of the previous run of the containers', false)
    .action(async (services: string[], options: LogsFlags, self: Command) => {
      const { deploymentLogs } = await import('../../deployers/lifecycle/operations.js');
      await deploymentLogs(targetOf(self), logsOptions(services, options), contextOf(self));
    });
}
