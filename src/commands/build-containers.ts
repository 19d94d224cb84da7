import type { Command } from 'commander';
import { ExitError } from '../system/errors.js';
import type { ContextOf } from './arguments.js';
import { configure } from './program.js';
import { requireStack } from './deploy/group.js';

interface Options {
  include?: string;
  exclude?: string;
  forceRebuild: boolean;
  extraBuildArgs?: string;
}

/** `build-containers` (05 §6). */
export function declare(command: Command, contextOf: ContextOf): void {
  configure(command)
    .option('--include <containers>', 'only these containers of the stack (comma-separated)')
    .option('--exclude <containers>', 'all containers of the stack but these (comma-separated)')
    .option('--force-rebuild', 'build without using what was built before', false)
    .option('--extra-build-args <arguments>', 'more arguments for docker build')
    .action(async (options: Options, self: Command) => {
      const context = contextOf(self);
      const { buildStackContainers } = await import('../builds/build-stack.js');
      const succeeded = await buildStackContainers(requireStack(context), options, context);
      if (!succeeded) throw new ExitError(1);
    });
}
