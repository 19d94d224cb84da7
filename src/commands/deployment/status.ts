import type { Command } from 'commander';
import { statusNotes, statusText } from '../../output/status.js';
import { jsonDocument } from '../../output/json.js';
import { ExitError } from '../../system/errors.js';
import { type ContextOf, parseFormat } from '../shared/arguments.js';
import { openTarget, readOrReport } from '../shared/open.js';
import { subcommand } from '../shared/program.js';

/** Declares `deployment status`. */
export default function declare(group: Command, contextOf: ContextOf): void {
  subcommand(group, 'status', 'show the state of every container of the deployment')
    .option('--format <text|json>', 'output format', 'text')
    .option('--exit-code', 'exit 1 when a service is missing, has failed or is unhealthy', false)
    .action(async (options: { format: string; exitCode: boolean }, self: Command) => {
      const json = parseFormat(options.format) === 'json';
      const context = contextOf(self);
      const { report } = context;
      const deployer = await openTarget(self, context);
      const read = () => deployer.status(options.exitCode || json);
      const status = await readOrReport(read, 'would show the state of every container', context);
      if (status === undefined) return;
      if (!json) for (const line of statusNotes(status)) report.info(line);
      report.write(json ? jsonDocument(status) : statusText(status));
      if (options.exitCode && status.degraded) throw new ExitError(1);
    });
}
