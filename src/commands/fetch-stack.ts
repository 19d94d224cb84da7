import type { Command } from 'commander';
import type { RepositoryOptions } from '../repositories/setup-repositories.js';
import { repositoriesDocument } from '../output/repositories.js';
import { jsonDocument } from '../output/json.js';
import { ExitError } from '../system/errors.js';
import { answeringIn, type ContextOf, parseFormat } from './shared/arguments.js';
import { configure } from './shared/program.js';

/** Declares `fetch-stack`. */
export default function declare(command: Command, contextOf: ContextOf): void {
  configure(command)
    .argument('<stack-locator>', 'the repository: [host/]org/repo[@ref], or a URL')
    .option('--git-ssh', 'clone over ssh, with the keys of your agent, instead of https', false)
    .option('--check-only', 'report what would be done, without changing anything', false)
    .option('--pull', 'fetch an existing clone too, and fast-forward its branch', false)
    .option('--format <text|json>', 'output format', 'text')
    .action(async (locator: string, options: Omit<RepositoryOptions, 'jobs'> & { format: string }, self: Command) => {
      const format = parseFormat(options.format);
      const context = answeringIn(format, contextOf(self));
      const { fetchStack, listStacks } = await import('../repositories/fetch-stack.js');
      const { stacks, ...outcome } = await fetchStack(locator, { ...options, jobs: 1 }, context);
      if (format === 'json') context.report.write(jsonDocument({ ...repositoriesDocument(outcome), stacks }));
      if (!outcome.complete) throw new ExitError(1);
      if (stacks !== undefined) listStacks(outcome, stacks, context);
    });
}
