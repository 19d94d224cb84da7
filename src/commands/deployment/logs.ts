import type { Command } from 'commander';
import { type ContextOf, type LogsFlags, logsOptions } from '../shared/arguments.js';
import { openTarget, type OpenProject } from '../shared/open.js';
import { subcommand } from '../shared/program.js';

/** Adds `logs` to a group. */
export function declareLogs(group: Command, contextOf: ContextOf, open: OpenProject): Command {
  return subcommand(group, 'logs [services...]', 'show the output of the containers')
    .option('-n, --tail <lines>', 'number of lines to show from the end of each log, or "all"', 'all')
    .option('-f, --follow', 'follow the output until Ctrl-C', false)
    .option('--since <time>', 'show output since a timestamp (2026-01-02T13:23:37Z) or relative time (42m)')
    .option('--until <time>', 'show output before a timestamp or relative time')
    .option('-t, --timestamps', 'show timestamps', false)
    .action(async (services: string[], flags: LogsFlags, self: Command) => {
      const options = logsOptions(services, flags);
      const context = contextOf(self);
      const project = await open(self, context);
      if (context.options.dryRun)
        context.report.print(`would show the logs of ${services.join(', ') || 'all services'}`);
      else await project.logs(options);
    });
}

/** Declares `deployment logs`. */
export default function declare(group: Command, contextOf: ContextOf): void {
  declareLogs(group, contextOf, (self, context) =>
    openTarget(self, context, { '--previous': self.opts<LogsFlags>().previous }),
  ).option('--previous', 'on Kubernetes, show the output of the previous run of the containers', false);
}
