import type { Command } from 'commander';
import { ExitError, UsageError } from '../../system/errors.js';
import { parseSeconds } from '../../system/seconds.js';
import { collect, type ContextOf, parseVariables, targetOf } from '../shared/arguments.js';
import { subcommand } from '../shared/program.js';

interface Options {
  env: string[];
  wait: boolean;
  timeout?: string;
}

/** Declares `deployment run-job`. */
export default function declare(group: Command, contextOf: ContextOf): void {
  subcommand(
    group,
    'run-job <job> [args...]',
    'run a job of the stack and return its exit code; its arguments go after --',
  )
    .option('--env <name=value>', 'a variable for the job; may be repeated', collect, [])
    .option('--no-wait', 'start the job without waiting for it to end')
    .option('--timeout <seconds>', 'end the job after this time, with exit code 1')
    .option('--helm-release <name>', 'for Helm deployments only')
    .action(async (job: string, args: string[], options: Options, self: Command) => {
      const { wait, timeout } = options;
      if (timeout !== undefined && !wait) throw new UsageError('--timeout and --no-wait cannot be used together');
      const { runJob } = await import('../../deployers/lifecycle/run-job.js');
      const timeoutSeconds = timeout === undefined ? undefined : parseSeconds(timeout, '--timeout');
      const how = { args, env: parseVariables(options.env), wait, timeoutSeconds };
      const code = await runJob(targetOf(self), job, how, contextOf(self));
      if (code !== 0) throw new ExitError(code);
    });
}
