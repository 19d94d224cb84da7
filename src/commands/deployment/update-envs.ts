import type { Command } from 'commander';
import { collect, type ContextOf, targetOf } from '../shared/arguments.js';
import { subcommand } from '../shared/program.js';

/** Declares `deployment update-envs`. */
export default function declare(group: Command, contextOf: ContextOf): void {
  subcommand(
    group,
    'update-envs',
    "regenerate config.env from the deployment's spec and recreate the containers that it affects",
  )
    .option('--rotate-secret <name>', 'give a generated secret a new value (repeatable)', collect, [])
    .option(
      '--accept-literal-values',
      'take config values literally where an old config.env was read differently',
      false,
    )
    .action(async (options: { rotateSecret: string[]; acceptLiteralValues: boolean }, self: Command) => {
      const { updateEnvironment } = await import('../../deployers/lifecycle/update-environment.js');
      await updateEnvironment(targetOf(self), options, contextOf(self));
    });
}
