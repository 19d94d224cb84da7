import type { Command } from 'commander';
import { type ContextOf, parseFormat, targetOf } from '../shared/arguments.js';
import { subcommand } from '../shared/program.js';

/** Declares `deployment ps`. */
export default function declare(group: Command, contextOf: ContextOf): void {
  subcommand(group, 'ps', 'list the containers of the deployment')
    .option('--format <text|json>', 'output format', 'text')
    .action(async (options: { format: string }, self: Command) => {
      const { listDeployment } = await import('../../deployers/lifecycle/operations.js');
      await listDeployment(targetOf(self), parseFormat(options.format), contextOf(self));
    });
}
