import type { Command } from 'commander';
import type { SetupOptions } from '../repositories/setup-repositories.js';
import { repositoriesDocument } from '../output/repositories.js';
import { jsonDocument } from '../output/json.js';
import { ExitError } from '../system/errors.js';
import { answeringIn, type ContextOf, parseCount, parseFormat } from './shared/arguments.js';
import { configure } from './shared/program.js';

/** Declares `setup-repositories`. */
export default function declare(command: Command, contextOf: ContextOf): void {
  configure(command)
    .option('--include <repositories>', 'only these repositories of the stack (comma-separated)')
    .option('--exclude <repositories>', 'all repositories of the stack except these (comma-separated)')
    .option('--git-ssh', 'clone over ssh, with the keys of your agent, instead of https', false)
    .option('--check-only', 'report what would be done, without changing anything', false)
    .option('--pull', 'fetch existing clones too, and fast-forward their branches', false)
    .option('--branches <repository@ref,…>', 'use these branches, tags or commits instead of those of the stack')
    .option('--jobs <n>', 'how many repositories to process in parallel', '4')
    .option('--format <text|json>', 'output format', 'text')
    .action(async (options: Omit<SetupOptions, 'jobs'> & { jobs: string; format: string }, self: Command) => {
      const jobs = parseCount(options.jobs, '--jobs');
      const format = parseFormat(options.format);
      const context = answeringIn(format, contextOf(self));
      const { setupRepositories } = await import('../repositories/setup-repositories.js');
      const outcome = await setupRepositories({ ...options, jobs }, context);
      if (format === 'json') context.report.write(jsonDocument(repositoriesDocument(outcome)));
      if (!outcome.complete) throw new ExitError(1);
    });
}
