import { stat } from 'node:fs/promises';
import { join, relative } from 'node:path';
import type { Context } from '../system/context.js';
import { kindOf, readTextIfAny, secretMode } from '../system/files.js';
import type { CreateArguments } from './create.js';
import { type JournalStep, readJournal } from './journal.js';
import { type DeploymentLayout, secretsCopyPath } from './layout.js';
import { currentChecksum, impliedManifest, type Manifest, readManifest, renderManifest } from './manifest.js';
import type { Prepared } from './prepare.js';
import { editRecord, readRecord, recordFor } from './record.js';
import { inOrder } from './step-order.js';
import { checksumOf, type GeneratedFile, isSecret } from './tree.js';
import { isBelow } from '../system/path-names.js';

type RemoveStep = Extract<JournalStep, { op: 'remove' }>;

/** What an update writes. */
export interface UpdatePlan {
  steps: JournalStep[];
  staged: GeneratedFile[];
  /**
   * Files whose content stays and whose permissions do not: copies follow their source, secrets are their owner's only.
   */
  modes: GeneratedFile[];
  /** New volumes inside the directory, relative, with their seeds. */
  volumes: { volume: string; path: string; seed: string | undefined }[];
  /** Files among the steps that somebody edited in the directory since they were generated. */
  edited: string[];
  /** Paths of files that are not generated any more, where somebody has put something else than a file. */
  left: string[];
}

/** Whether a generated file is not what the last create or update left; no where that is not known. */
export function isEdited(manifest: Manifest | undefined, path: string, now: string | undefined): boolean {
  const left = manifest?.[path];
  return left !== undefined && now !== undefined && now !== left;
}

/**
 * Whoever edited a file that the stack or the spec determines must hear that it was taken away, and where the edit is.
 */
export function warnAboutEdit(path: string, change: 'replaced' | 'removed', { report }: Context): void {
  report.warn(
    `${path} was edited in this directory and is ${change}: the edit is in ${path}.bak (after the next change in .laconic/history); make such changes in the stack or the spec`,
  );
}

/**
 * What has to be written so that the directory is what was prepared. Reads, and writes nothing.
 * @param createArguments new arguments for the create hooks, to be kept for the updates after this one
 * @throws LaconicError for what somebody put where a file or a folder is to be
 */
export async function planUpdate(
  layout: DeploymentLayout,
  prepared: Prepared,
  createArguments: CreateArguments | undefined,
): Promise<UpdatePlan> {
  const { tree } = prepared.generated;
  const steps: JournalStep[] = [];
  const staged: GeneratedFile[] = [];
  const modes: GeneratedFile[] = [];
  // While hooks are still to do, what they did by then cannot be told from somebody's edits.
  const unfinished = (await readJournal(layout))?.phase === 'hooks';
  const manifestBefore = unfinished ? undefined : await readManifest(layout);
  const edited: string[] = [];
  const own = [...(await recordFile(layout, prepared)), ...argumentsFile(createArguments)];
  for (const file of [...tree.files, ...own]) {
    const before = await currentChecksum(join(layout.root, file.path));
    if (before === (await checksumOf(file))) {
      if (await hasOtherMode(layout, file)) modes.push(file);
      continue;
    }
    staged.push(file);
    const ofOperator = !own.includes(file) && file.path !== secretsCopyPath;
    if (ofOperator && isEdited(manifestBefore, file.path, before)) edited.push(file.path);
    steps.push({
      op: 'replace',
      path: file.path,
      backup: before !== undefined && ofOperator,
      secret: isSecret(file),
    });
  }
  const { removals, left } = await noLongerGenerated(layout, tree.files);
  for (const step of removals) {
    steps.push(step);
    if (step.backup && !unfinished) edited.push(step.path);
  }

  const volumes = [];
  for (const volume of tree.volumes) {
    if (!isBelow(volume.path, layout.root) || (await kindOf(volume.path)) !== undefined) continue;
    const path = relative(layout.root, volume.path);
    volumes.push({ volume: volume.volume, path, seed: volume.seed });
    steps.push({ op: 'directory', path });
  }

  const manifest = await renderManifest(tree.files);
  if ((await readTextIfAny(layout.manifest)) !== manifest) {
    const path = relative(layout.root, layout.manifest);
    staged.push({ path, source: { text: manifest }, mode: secretMode });
    steps.push({ op: 'replace', path, backup: false, secret: true });
  }
  return { steps: await inOrder(layout.root, steps, tree.directories), staged, modes, volumes, edited, left };
}

async function hasOtherMode(layout: DeploymentLayout, file: GeneratedFile): Promise<boolean> {
  if (!('copyOf' in file.source) && !isSecret(file)) return false;
  return ((await stat(join(layout.root, file.path))).mode & 0o777) !== file.mode;
}

/** Files the last update generated and this one does not: taken away, kept as `.bak` where somebody edited them. */
async function noLongerGenerated(
  layout: DeploymentLayout,
  files: readonly GeneratedFile[],
): Promise<{ removals: RemoveStep[]; left: string[] }> {
  const before: Manifest = (await readManifest(layout)) ?? (await impliedManifest(layout));
  const wanted = new Set(files.map((file) => file.path));
  const removals: RemoveStep[] = [];
  const left: string[] = [];
  for (const [path, checksum] of Object.entries(before)) {
    // Secrets are never deleted by us: another spec may want them back.
    if (wanted.has(path) || path === 'secrets.env' || path === secretsCopyPath) continue;
    const now = await currentChecksum(join(layout.root, path));
    if (now !== undefined) removals.push({ op: 'remove', path, backup: now !== checksum });
    else if ((await kindOf(join(layout.root, path))) !== undefined) left.push(path);
  }
  return { removals, left };
}

/** `deployment.yml` with the stack's present place and where credentials are kept, where either differs. */
async function recordFile(layout: DeploymentLayout, { location, spec }: Prepared): Promise<GeneratedFile[]> {
  const record = await readRecord(layout);
  const wanted = recordFor({ ...record, stackSource: location.directory }, spec);
  if (wanted.stackSource === record.stackSource && wanted.credentials === record.credentials) return [];
  const { stackSource, credentials } = wanted;
  const text = (await readTextIfAny(layout.deployment)) ?? '';
  const edited = editRecord(text, layout.deployment, { stackSource, ...(credentials && { credentials }) });
  return [{ path: 'deployment.yml', source: { text: edited }, mode: 0o644 }];
}

function argumentsFile(createArguments: CreateArguments | undefined): GeneratedFile[] {
  if (createArguments === undefined) return [];
  return [{ path: '.laconic/create.json', source: { text: JSON.stringify(createArguments) }, mode: secretMode }];
}
