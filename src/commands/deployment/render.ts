import type { Command } from 'commander';
import { type ContextOf, targetOf } from '../shared/arguments.js';
import { subcommand } from '../shared/program.js';

/**
 * Declares `deployment render`, which prints what `start` would apply. Contacts the target only to look for a copy of a
 * lost secret.
 */
export default function declare(group: Command, contextOf: ContextOf): void {
  subcommand(
    group,
    'render',
    'print what start passes to Docker Compose or Kubernetes, including secret values',
  ).action(async (_: unknown, self: Command) => {
    const context = contextOf(self);
    const { renderDeployment } = await import('../../deployers/lifecycle/render.js');
    context.report.write(await renderDeployment(targetOf(self), context));
  });
}
