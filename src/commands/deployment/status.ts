import type { Command } from 'commander';
import { ExitError } from '../../system/errors.js';
import { type ContextOf, parseFormat, targetOf } from '../shared/arguments.js';
import { subcommand } from '../shared/program.js';

/** Declares `deployment status`. */
export default function declare(group: Command, contextOf: ContextOf): void {
  subcommand(group, 'status', 'show the state of every container of the deployment')
    .option('--format <text|json>', 'output format', 'text')
    .option('--exit-code', 'exit 1 when a service is missing, has failed or is unhealthy', false)
    .action(async (options: { format: string; exitCode: boolean }, self: Command) => {
      const { deploymentStatus } = await import('../../deployers/lifecycle/operations.js');
      const format = parseFormat(options.format);
      const sound = await deploymentStatus(targetOf(self), format, options.exitCode, contextOf(self));
      if (!sound) throw new ExitError(1);
    });
}
