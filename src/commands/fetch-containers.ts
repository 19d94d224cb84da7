import type { Command } from 'commander';
import type { FetchOptions } from '../builds/fetch-stack-containers.js';
import { jsonDocument } from '../output/json.js';
import { ExitError } from '../system/errors.js';
import { answeringIn, type ContextOf, parseFormat } from './shared/arguments.js';
import { configure } from './shared/program.js';

/** Declares `fetch-containers`. */
export default function declare(command: Command, contextOf: ContextOf): void {
  configure(command)
    .requiredOption('--image-registry <host/org>', 'where the images are, for example ghcr.io/my-org')
    .option('--registry-username <name>', 'user name (default: the one of docker login, else anonymous)')
    .option('--registry-token-stdin', 'read the token from stdin (default: from LACONIC_SO_REGISTRY_TOKEN)', false)
    .option('--registry-token <token>', 'the token itself, visible to every user of this machine')
    .option('--force-local-overwrite', 'also fetch images that exist locally, and replace name:local', false)
    .option('--include <containers>', 'only these containers of the stack (comma-separated)')
    .option('--exclude <containers>', 'all containers of the stack except these (comma-separated)')
    .option('--format <text|json>', 'output format', 'text')
    .action(async (flags: FetchOptions & { format: string }, self: Command) => {
      const format = parseFormat(flags.format);
      const context = contextOf(self);
      const { fetchStackContainers } = await import('../builds/fetch-stack-containers.js');
      const outcome = await fetchStackContainers(
        flags,
        context.options.dryRun ? context : answeringIn(format, context),
      );
      if (format === 'json' && !context.options.dryRun) context.report.write(jsonDocument(outcome));
      if (!outcome.complete) throw new ExitError(1);
    });
}
