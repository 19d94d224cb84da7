import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Context } from '../system/context.js';
import { readText } from '../system/files/files.js';
import { packageDirectory } from '../system/package.js';
import { type LoadedStack, loadStack, repositoryBaseOf } from './load.js';
import { parseStack, type Stack } from './parse.js';

/** Which containers a command works on. */
export interface ContainerScope {
  containers: readonly string[];
  /** Undefined without `--stack`: the containers are the bundled ones. */
  loaded?: LoadedStack;
}

/** Returns the containers of `--stack`, else the bundled ones, with a message. */
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

/** Which repositories a command works on. */
export interface RepositoryScope {
  /** The stacks that list them, with the paths of their `stack.yml`. */
  stacks: readonly { stack: Stack; file: string }[];
  /** The folder of working copies: see {@link repositoryBaseOf}. */
  repositoryBase: string;
}

/** Returns the stack of `--stack`, else all bundled ones, with a message. */
export async function repositoryScope(context: Context): Promise<RepositoryScope> {
  const { options, report } = context;
  if (options.stack !== undefined) {
    const { stack, location, repositoryBase } = await loadStack(options.stack, context);
    if (stack.repos.length === 0) report.warn(`stack ${options.stack} does not define any repositories`);
    return { stacks: [{ stack, file: location.file }], repositoryBase };
  }
  const folder = join(packageDirectory(), 'stacks');
  const files = (await readdir(folder)).sort().map((name) => join(folder, name, 'stack.yml'));
  const stacks = await Promise.all(
    files.map(async (file) => ({ file, stack: parseStack(await readText(file), file) })),
  );
  const entries = stacks.flatMap(({ stack }) => stack.repos);
  report.info(
    `without --stack these are the repositories of the stacks that ship with laconic-so: ${entries.join(', ')}`,
  );
  return { stacks, repositoryBase: repositoryBaseOf(context) };
}
