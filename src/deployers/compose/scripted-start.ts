import type { ConfigTransfer } from '../../stack/parse.js';
import type { StartOptions } from '../deployer.js';
import { type PodScript, runPodScripts } from '../pod-scripts.js';
import type { ComposeProject } from './cli/project.js';
import { runTransfers, transferLimits } from '../transfer.js';
import { projectContainers } from './operate/transfer-containers.js';
import { type PreviewDeps, previewStart } from './preview/start.js';
import { startPreviewLines } from './preview/text.js';
import { type StartDeps, startProject } from './start/start.js';

/** What a stack runs around the start of its project. */
export interface StartScripts {
  preStart: readonly PodScript[];
  postStart: readonly PodScript[];
  transfers: readonly ConfigTransfer[];
}

/**
 * Starts a project between its scripts; the transfers run while it becomes ready.
 * @param changed see Project.start
 * @returns see startProject
 */
export async function startWithScripts(
  project: ComposeProject,
  { preStart, postStart, transfers }: StartScripts,
  options: StartOptions,
  deps: Omit<StartDeps, 'afterUp'>,
  changed: () => Promise<void>,
): Promise<boolean> {
  const { context, engine } = deps;
  await runPodScripts(preStart, project, context, options.waitTimeout);
  const afterUp = async (): Promise<void> => {
    await runPodScripts(postStart, project, context, options.waitTimeout);
    await changed();
    await runTransfers(transfers, projectContainers(project, engine, context), context, transferLimits(options));
  };
  // Scripts may have started containers.
  const listed = preStart.length === 0 ? deps.listed : undefined;
  return startProject(project, options, { ...deps, listed, afterUp });
}

/** Prints what a start would do, including scripts and transfers in order. */
export async function printPlannedStart(
  project: ComposeProject,
  { preStart, postStart, transfers }: StartScripts,
  options: StartOptions,
  deps: PreviewDeps,
): Promise<void> {
  const { context, engine } = deps;
  const preview = await previewStart(project, options, deps);
  await runPodScripts(preStart, project, context);
  for (const line of startPreviewLines(preview)) context.report.print(line);
  await runPodScripts(postStart, project, context);
  await runTransfers(transfers, projectContainers(project, engine, context), context);
}
