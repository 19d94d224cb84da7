import type { Command } from 'commander';
import type { RepositoryOptions } from '../repositories/setup-repositories.js';
import { type ContextOf, parseFormat } from './arguments.js';
import { configure } from './program.js';

/** Declares `fetch-stack`. */
export function declare(command: Command, contextOf: ContextOf): void {
  configure(command)
    .argument('<stack-locator>', 'the repository: [host/]org/repo[@ref], or a URL')
    .option('--git-ssh', 'clone over ssh, with the keys of your agent, instead of https', false)
    .option('--check-only', 'look at what is there and say what would be done; change nothing', false)
    .option('--pull', 'fetch what is there already, and fast-forward its branch', false)
    .option('--format <text|json>', 'how to print the outcome', 'text')
    .action(
      async (
        locator: string,
        options: Omit<RepositoryOptions, 'jobs' | 'format'> & { format: string },
        self: Command,
      ) => {
        const { fetchStack } = await import('../repositories/fetch-stack.js');
        await fetchStack(locator, { ...options, jobs: 1, format: parseFormat(options.format) }, contextOf(self));
      },
    );
}
