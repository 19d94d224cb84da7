import { homedir } from 'node:os';
import { join, resolve } from 'node:path';
import type { Context } from '../system/context.js';
import { LaconicError } from '../system/errors.js';
import { readText } from '../system/files/files.js';
import { packageDirectory } from '../system/package.js';
import { expandHome } from '../system/files/path-names.js';
import { createAssets, type StackAssets } from './assets.js';
import { locateStack, type StackLocation } from './locate.js';
import { parseStack, type Stack } from './parse.js';
import { findSetting } from './settings.js';

/** A stack on this machine: its location, its parsed `stack.yml` and its files. */
export interface LoadedStack {
  location: StackLocation;
  stack: Stack;
  assets: StackAssets;
  /** The folder of working copies: see {@link repositoryBaseOf}. */
  repositoryBase: string;
}

/**
 * Finds and parses a stack by name or path; relative paths start at `cwd`.
 * @throws LaconicError if it does not exist; InvalidFileError if its `stack.yml` is not valid
 */
export async function loadStack(reference: string, context: Context, cwd: string = context.cwd): Promise<LoadedStack> {
  const location = await locateStack(reference, { cwd, packageDirectory: packageDirectory(), home: homedir() });
  const stack = parseStack(await readText(location.file), location.file);
  const base = repositoryBaseOf(context);
  return {
    location,
    stack,
    assets: createAssets(location, stack, { packageDirectory: packageDirectory(), repositoryBase: base }),
    repositoryBase: base,
  };
}

/**
 * Returns the absolute path of the folder that holds working copies of repositories: the setting `CERC_REPO_BASE_DIR`,
 * else `~/cerc`; with `--local-stack` the folder above stack-orchestrator.
 * @throws LaconicError for `--local-stack` outside of such a folder
 */
export function repositoryBaseOf(context: Context): string {
  if (!context.options.localStack) {
    const home = context.env.HOME ?? homedir();
    const set = findSetting('CERC_REPO_BASE_DIR', context);
    return set === undefined ? join(home, 'cerc') : resolve(set.folder, expandHome(set.value, home));
  }
  const at = context.cwd.lastIndexOf('stack-orchestrator');
  if (at < 0) {
    throw new LaconicError(
      `--local-stack needs a current directory below a folder named stack-orchestrator, this is ${context.cwd}`,
    );
  }
  const base = context.cwd.slice(0, at).replace(/\/$/, '');
  context.report.print(`Local stack dev_root_path (CERC_REPO_BASE_DIR) overridden to: ${base}`);
  return base;
}
