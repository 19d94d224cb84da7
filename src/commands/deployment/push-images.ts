import type { Command } from 'commander';
import { ExitError } from '../../system/errors.js';
import { type ContextOf, parseFormat, targetOf } from '../shared/arguments.js';
import { subcommand } from '../shared/program.js';

/** Declares `deployment push-images`. */
export default function declare(group: Command, contextOf: ContextOf): void {
  subcommand(group, 'push-images', "push the images that were built for the deployment to its spec's image-registry")
    .option('--format <text|json>', 'output format', 'text')
    .action(async (options: { format: string }, self: Command) => {
      const { pushDeployment } = await import('../../deployers/lifecycle/operations.js');
      const complete = await pushDeployment(targetOf(self), parseFormat(options.format), contextOf(self));
      if (!complete) throw new ExitError(1);
    });
}
