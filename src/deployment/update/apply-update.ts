import { mkdir, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { errorMessage, LaconicError } from '../../system/errors.js';
import { copyTree, syncPath } from '../../system/files/files.js';
import { applySteps, type JournalStep, writeJournal } from '../access/journal.js';
import type { DeploymentLayout } from '../directory/layout.js';
import {
  currentChecksum,
  nextGeneration,
  pruneGenerations,
  readManifest,
  stageGeneration,
} from '../directory/manifest.js';
import { writeGenerated } from '../directory/tree.js';
import type { UpdatePlan } from './plan.js';

/**
 * Stages the files, writes the journal, and applies the steps. A failure before the steps leaves nothing behind.
 * @param hook the first hook that must run afterwards
 * @throws LaconicError
 */
export async function applyChanges(
  layout: DeploymentLayout,
  plan: UpdatePlan,
  hook: string | undefined,
): Promise<void> {
  let steps: JournalStep[];
  try {
    const generation = await stage(layout, plan);
    steps = [
      { op: 'directory', path: generation },
      ...(await Promise.all(plan.steps.map((step) => withChecksum(layout, step)))),
      ...plan.folders.map((path) => ({ op: 'directory' as const, path })),
      ...plan.modes.map(({ path, mode }) => ({ op: 'mode' as const, path, mode })),
    ];
    await writeJournal(layout, { phase: 'files', steps, hook });
  } catch (error) {
    await rm(layout.next, { recursive: true, force: true });
    throw error instanceof LaconicError
      ? error
      : new LaconicError(`cannot update ${layout.root}: ${errorMessage(error)}`, { cause: error });
  }
  await applySteps(layout, steps);
  await pruneGenerations(layout);
}

/** So that whoever completes the update can tell whether the file is lost or in place. */
async function withChecksum({ next }: DeploymentLayout, step: JournalStep): Promise<JournalStep> {
  if (step.op !== 'replace') return step;
  const checksum = await currentChecksum(join(next, step.path));
  return checksum === undefined ? step : { ...step, checksum };
}

/** @returns the path of the generation that the update replaces, see stageGeneration */
async function stage(layout: DeploymentLayout, plan: UpdatePlan): Promise<string> {
  await rm(layout.next, { recursive: true, force: true });
  await mkdir(layout.next, { recursive: true });
  const generated = Object.keys((await readManifest(layout)) ?? {});
  const generation = await stageGeneration(
    layout,
    generated.length > 0 ? generated : plan.steps.map((step) => step.path),
    await nextGeneration(layout),
  );
  await writeGenerated(layout.next, plan.staged, plan.folders);
  for (const volume of plan.volumes) {
    const target = join(layout.next, volume.path);
    await mkdir(dirname(target), { recursive: true });
    if (volume.seed === undefined) await mkdir(target);
    else await copyTree(volume.seed, target, 'followed');
    await syncPath(target);
  }
  return generation;
}
