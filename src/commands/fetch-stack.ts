import type { Command } from 'commander';
import type { RepositoryOptions } from '../repositories/setup-repositories.js';
import { type ContextOf, parseFormat } from './shared/arguments.js';
import { configure } from './shared/program.js';

/** Declares `fetch-stack`. */
export default function declare(command: Command, contextOf: ContextOf): void {
  configure(command)
    .argument('<stack-locator>', 'the repository: [host/]org/repo[@ref], or a URL')
    .option('--git-ssh', 'clone over ssh, with the keys of your agent, instead of https', false)
    .option('--check-only', 'report what would be done, without changing anything', false)
    .option('--pull', 'fetch an existing clone too, and fast-forward its branch', false)
    .option('--format <text|json>', 'output format', 'text')
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
