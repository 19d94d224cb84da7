import type { Command } from 'commander';
import { ExitError } from '../../system/errors.js';
import { type ContextOf, targetOf } from '../arguments.js';
import { subcommand } from '../program.js';

/** `run-job` (02 §7.11). */
export function declare(group: Command, contextOf: ContextOf): void {
  subcommand(
    group,
    'run-job <job> [args...]',
    'run a job of the stack to its end, with its exit code; arguments after --',
  )
    .option('--helm-release <name>', 'for Helm deployments only')
    .action(async (job: string, args: string[], _: unknown, self: Command) => {
      const { runJob } = await import('../../deployers/operations.js');
      const code = await runJob(targetOf(self), job, args, contextOf(self));
      if (code !== 0) throw new ExitError(code);
    });
}
