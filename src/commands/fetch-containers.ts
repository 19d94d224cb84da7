import type { Command } from 'commander';
import type { FetchOptions } from '../builds/fetch-stack-containers.js';
import { ExitError } from '../system/errors.js';
import { type ContextOf, parseFormat } from './arguments.js';
import { configure } from './program.js';

/** Declares `fetch-containers`. */
export function declare(command: Command, contextOf: ContextOf): void {
  configure(command)
    .requiredOption('--image-registry <host/org>', 'where the images are, for example ghcr.io/my-org (required)')
    .option('--registry-username <name>', 'who asks; default: who is logged in by docker login, else nobody')
    .option(
      '--registry-token-stdin',
      'read the token from stdin; else it is taken from LACONIC_SO_REGISTRY_TOKEN',
      false,
    )
    .option('--registry-token <token>', 'the token itself: every user of the machine can read it here')
    .option(
      '--force-local-overwrite',
      'fetch images that are here already, and let name:local be the fetched one',
      false,
    )
    .option('--include <containers>', 'only these containers of the stack (comma-separated)')
    .option('--exclude <containers>', 'all containers of the stack but these (comma-separated)')
    .option('--format <text|json>', 'how to print the outcome', 'text')
    .action(async (flags: Omit<FetchOptions, 'format'> & { format: string }, self: Command) => {
      const context = contextOf(self);
      const { fetchStackContainers } = await import('../builds/fetch-stack-containers.js');
      const options = { ...flags, format: parseFormat(flags.format) };
      if (!(await fetchStackContainers(options, context))) throw new ExitError(1);
    });
}
