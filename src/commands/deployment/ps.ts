import type { Command } from 'commander';
import { psText } from '../../output/ps.js';
import { jsonDocument } from '../../output/json.js';
import { type ContextOf, parseFormat } from '../shared/arguments.js';
import { openTarget, type OpenProject, readOrReport } from '../shared/open.js';
import { subcommand } from '../shared/program.js';

/** Adds `ps` to a group. */
export function declarePs(group: Command, description: string, contextOf: ContextOf, open: OpenProject): void {
  subcommand(group, 'ps', description)
    .option('--format <text|json>', 'output format', 'text')
    .action(async (options: { format: string }, self: Command) => {
      const format = parseFormat(options.format);
      const context = contextOf(self);
      const project = await open(self, context);
      const list = await readOrReport(() => project.ps(), 'would list the containers', context);
      if (list !== undefined) context.report.write(format === 'json' ? jsonDocument(list) : psText(list));
    });
}

/** Declares `deployment ps`. */
export default function declare(group: Command, contextOf: ContextOf): void {
  declarePs(group, 'list the containers of the deployment', contextOf, openTarget);
}
