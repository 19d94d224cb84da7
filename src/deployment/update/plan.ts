import { stat } from 'node:fs/promises';
import { join, relative } from 'node:path';
import type { Context } from '../../system/context.js';
import { kindOf, readTextIfAny, secretMode } from '../../system/files/files.js';
import type { CreateArguments } from '../hooks/run-hooks.js';
import { type JournalStep, readJournal } from '../access/journal.js';
import { type DeploymentLayout, secretsCopyPath } from '../directory/layout.js';
import {
  isEdited,
  currentChecksum,
  impliedManifest,
  type Manifest,
  readManifest,
  renderManifest,
} from '../directory/manifest.js';
import type { Prepared } from '../create/prepare.js';
import { editRecord, readRecord, recordFor } from '../directory/record.js';
import { inOrder } from './step-order.js';
import { checksumOf, type GeneratedFile, isSecret } from '../directory/tree.js';
import { isBelow } from '../../system/files/path-names.js';

type RemoveStep = Extract<JournalStep, { op: 'remove' }>;

/** What an update will write. */
export interface UpdatePlan {
  steps: JournalStep[];
  staged: GeneratedFile[];
  /**
   * Files whose permissions change but not their content: copies follow their source, secrets are for their owner only.
   */
  modes: GeneratedFile[];
  /** Relative paths of folders that do not exist yet, and may stay empty. */
  folders: string[];
  /** New volumes inside the directory, with relative paths and their seeds. */
  volumes: { volume: string; path: string; seed: string | undefined }[];
  /** Files to be replaced or removed that were edited in the directory since they were generated. */
  edited: string[];
  /** Paths that are no longer generated, and where something other than a file now exists. */
  left: string[];
}

/**
 * Warns that an edited file was replaced or removed because the stack or the spec determines it, and where the edit is.
 */
export function warnAboutEdit(path: string, change: 'replaced' | 'removed', { report }: Context): void {
  report.warn(
    `${path} was edited in this directory and is ${change}: the edited file is kept as ${path}.bak (after the next change in .laconic/history); make such changes in the stack or the spec`,
  );
}

/**
 * Plans what to write so that the directory matches what was prepared. Read-only.
 * @param createArguments new arguments for the create hooks, kept for later updates
 * @throws LaconicError if something else exists where a file or a folder is needed
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
  // What an unfinished update or its hooks have changed cannot be distinguished from edits.
  const unfinished = (await readJournal(layout)) !== undefined;
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
  // By themselves, they are not a change of the deployment.
  if (steps.length > 0) {
    for (const file of await changedRecords(layout, prepared)) {
      staged.push(file);
      steps.push({ op: 'replace', path: file.path, backup: false, secret: true });
    }
  }
  const folders = [];
  for (const path of tree.directories) {
    if ((await kindOf(join(layout.root, path))) !== 'directory') folders.push(path);
  }
  return { steps: await inOrder(layout.root, steps, tree.directories), staged, modes, folders, volumes, edited, left };
}

async function hasOtherMode(layout: DeploymentLayout, file: GeneratedFile): Promise<boolean> {
  if (!('copyOf' in file.source) && !isSecret(file)) return false;
  return ((await stat(join(layout.root, file.path))).mode & 0o777) !== file.mode;
}

/** Files generated by the last update but not by this one: removed, or kept as `.bak` if they were edited. */
async function noLongerGenerated(
  layout: DeploymentLayout,
  files: readonly GeneratedFile[],
): Promise<{ removals: RemoveStep[]; left: string[] }> {
  const before: Manifest = (await readManifest(layout)) ?? (await impliedManifest(layout));
  const wanted = new Set(files.map((file) => file.path));
  const removals: RemoveStep[] = [];
  const left: string[] = [];
  for (const [path, checksum] of Object.entries(before)) {
    // Secrets are never deleted: another spec may need them again.
    if (wanted.has(path) || path === 'secrets.env' || path === secretsCopyPath) continue;
    const now = await currentChecksum(join(layout.root, path));
    if (now !== undefined) removals.push({ op: 'remove', path, backup: now !== checksum });
    else if ((await kindOf(join(layout.root, path))) !== undefined) left.push(path);
  }
  return { removals, left };
}

/** `deployment.yml` with the present location of the stack and of credentials, if either differs. */
async function recordFile(layout: DeploymentLayout, { location, spec }: Prepared): Promise<GeneratedFile[]> {
  const record = await readRecord(layout);
  const wanted = recordFor({ ...record, stackSource: location.directory }, spec);
  if (wanted.stackSource === record.stackSource && wanted.credentials === record.credentials) return [];
  const { stackSource, credentials } = wanted;
  const text = (await readTextIfAny(layout.deployment)) ?? '';
  const edited = editRecord(text, layout.deployment, { stackSource, ...(credentials && { credentials }) });
  return [{ path: 'deployment.yml', source: { text: edited }, mode: 0o644 }];
}

/** The records of what the directory is generated from and of what was reported, if they change. */
async function changedRecords(layout: DeploymentLayout, prepared: Prepared): Promise<GeneratedFile[]> {
  const records = [
    { file: layout.sources, text: prepared.generated.sources },
    { file: layout.reportedWarnings, text: prepared.reported },
  ];
  const changed = records.map(async ({ file, text }) =>
    (await readTextIfAny(file)) === text
      ? []
      : [{ path: relative(layout.root, file), source: { text }, mode: secretMode }],
  );
  return (await Promise.all(changed)).flat();
}

function argumentsFile(createArguments: CreateArguments | undefined): GeneratedFile[] {
  if (createArguments === undefined) return [];
  return [{ path: '.laconic/create.json', source: { text: JSON.stringify(createArguments) }, mode: secretMode }];
}
