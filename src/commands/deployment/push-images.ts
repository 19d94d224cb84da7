import type { Command } from 'commander';
import { jsonDocument } from '../../output/json.js';
import { ExitError } from '../../system/errors.js';
import { type ContextOf, parseFormat } from '../shared/arguments.js';
import { openTarget } from '../shared/open.js';
import { subcommand } from '../shared/program.js';

/** Declares `deployment push-images`. */
export default function declare(group: Command, contextOf: ContextOf): void {
  subcommand(group, 'push-images', "push the images that were built for the deployment to its spec's image-registry")
    .option('--format <text|json>', 'output format', 'text')
    .action(async (options: { format: string }, self: Command) => {
      const format = parseFormat(options.format);
      const context = contextOf(self);
      const outcome = await (await openTarget(self, context)).pushImages();
      if (format === 'json' && !context.options.dryRun) context.report.write(jsonDocument(outcome));
      if (!outcome.complete) throw new ExitError(1);
    });
}
