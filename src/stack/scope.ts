import { join } from 'node:path';
import type { Context } from '../system/context.js';
import { readText } from '../system/files.js';
import { packageDirectory } from '../system/package.js';
import { type LoadedStack, loadStack } from './load.js';

/** Which containers a command works on. */
export interface ContainerScope {
  containers: readonly string[];
  /** Undefined without `--stack`: the containers are those that ship with the program. */
  loaded?: LoadedStack;
}

/** The containers of `--stack`, else those that ship with this program (05 §1.2), which is said. */
export async function containerScope(context: Context): Promise<ContainerScope> {
  const { options, report } = context;
  if (options.stack !== undefined) {
    const loaded = await loadStack(options.stack, context);
    if (loaded.stack.containers.length === 0) report.warn(`stack ${options.stack} does not define any containers`);
    return { containers: loaded.stack.containers, loaded };
  }
  const list = await readText(join(packageDirectory(), 'containers', 'container-image-list.txt'));
  const containers = list.split('\n').filter((line) => line !== '');
  report.info(`without --stack these are the containers that ship with laconic-so: ${containers.join(', ')}`);
  return { containers };
}
