import type { Command } from 'commander';
import type { LogsFlags } from '../../deployers/operations.js';
import { type ContextOf, targetOf } from '../arguments.js';
import { subcommand } from '../program.js';

/** Adds the options of `logs`, shared with the quick workflow. */
export function addLogsOptions(command: Command): Command {
  return command
    .option('-n, --tail <lines>', 'only the last lines of each container, or "all"', 'all')
    .option('-f, --follow', 'go on as more is written, until Ctrl-C', false)
    .option('--since <time>', 'only what was written after a time (2026-01-02T13:23:37Z) or for a while (42m)')
    .option('--until <time>', 'only what was written before a time')
    .option('-t, --timestamps', 'show when each line was written', false);
}

/** Declares `deployment logs`. */
export function declare(group: Command, contextOf: ContextOf): void {
  addLogsOptions(subcommand(group, 'logs [services...]', 'show the output of the containers'))
    .option('--previous', "on Kubernetes, the output of the containers' last run before this one", false)
    .action(async (services: string[], options: LogsFlags, self: Command) => {
      const { deploymentLogs, logsOptions } = await import('../../deployers/operations.js');
      await deploymentLogs(targetOf(self), logsOptions(services, options), contextOf(self));
    });
}
