import { runSetupHooks } from '../../deployment/hooks/run-hooks.js';
import type { SetupParameters } from '../../stack/hooks/contexts.js';
import { loadStack } from '../../stack/load.js';
import type { Context } from '../../system/context.js';
import { LaconicError } from '../../system/errors.js';
import type { Project, QuickOptions } from '../deployer.js';
import { onlyOnCompose } from './choose-deployer.js';

/**
 * Opens a stack that runs in place: its own compose files, plain volumes, no deployment directory.
 * @throws LaconicError
 */
export async function openInPlace(reference: string, options: QuickOptions, context: Context): Promise<Project> {
  if (options.deployTo !== 'compose') {
    throw new LaconicError(`a stack runs in place on compose only, not on ${options.deployTo}`, {
      hint: 'make a deployment with deploy init and deploy create, and use deployment --dir',
    });
  }
  const { inPlaceProjectOf } = await onlyOnCompose.inPlace();
  return inPlaceProjectOf(reference, options, context);
}

/** `deploy setup`: runs the stack's setup hooks. */
export async function setupStack(
  reference: string,
  options: QuickOptions,
  parameters: SetupParameters,
  extraArgs: readonly string[],
  context: Context,
): Promise<void> {
  const loaded = await loadStack(reference, context);
  if (context.options.dryRun) {
    for (const source of await loaded.assets.hookSources()) context.report.print(`would call setup of ${source.file}`);
    return;
  }
  const { projectNames } = await onlyOnCompose.inPlace();
  const facts = {
    deployTo: options.deployTo,
    project: options.cluster ?? projectNames(reference, loaded, options, context.cwd).current,
    envFile: options.envFile ?? null,
  };
  await runSetupHooks(loaded, facts, parameters, extraArgs, context);
}
