import type { Command } from 'commander';
import { ExitError } from '../system/errors.js';
import { type ContextOf, parseCount } from './shared/arguments.js';
import { configure } from './shared/program.js';

interface Options {
  include?: string;
  exclude?: string;
  forceRebuild: boolean;
  extraBuildArgs?: string;
  jobs: string;
  publishImages: boolean;
  imageRegistry?: string;
  publishTag?: string;
}

/** Declares `build-containers`. */
export default function declare(command: Command, contextOf: ContextOf): void {
  configure(command)
    .option('--include <containers>', 'only these containers of the stack (comma-separated)')
    .option('--exclude <containers>', 'all containers of the stack except these (comma-separated)')
    .option('--force-rebuild', 'do not use the build cache', false)
    .option('--extra-build-args <arguments>', 'additional arguments for docker build')
    .option('--jobs <n>', 'how many independent images to build in parallel', '1')
    .option('--publish-images', 'push the images to --image-registry once they are built', false)
    .option('--image-registry <host/path>', 'where to push the images, as <host/path>/<container>:<time>-<image id>')
    .option('--publish-tag <tag>', 'the tag of the pushed images, instead of time and image id')
    .action(async (options: Options, self: Command) => {
      const context = contextOf(self);
      const jobs = parseCount(options.jobs, '--jobs');
      const { buildStackContainers } = await import('../builds/build-stack.js');
      const succeeded = await buildStackContainers({ ...options, jobs }, context);
      if (!succeeded) throw new ExitError(1);
    });
}
