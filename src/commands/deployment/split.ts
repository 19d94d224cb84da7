import type { Command } from 'commander';
import { type ContextOf, parsePath, targetOf } from '../shared/arguments.js';
import { subcommand } from '../shared/program.js';

/** Declares `deployment split`. */
export default function declare(group: Command, contextOf: ContextOf): void {
  subcommand(group, 'split', 'give this deployment its own Compose project if it shares one with another directory')
    .option('--shared-with <directory>', 'the other directory, if it cannot be found automatically', parsePath)
    .action(async (options: { sharedWith?: string }, self: Command) => {
      const { splitDeployment } = await import('../../deployers/lifecycle/split.js');
      await splitDeployment(targetOf(self), options.sharedWith, contextOf(self));
    });
}
