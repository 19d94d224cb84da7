import { chmod, link, lstat, mkdir, readdir, rename, rm, rmdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { errorCode, errorMessage, LaconicError } from '../../system/errors.js';
import {
  copyTree,
  kindOf,
  readTextIfAny,
  secretMode,
  syncPath,
  writeFileAtomically,
} from '../../system/files/files.js';
import { removeLeftovers, temporaryBeside } from '../../system/files/temporary-files.js';
import type { DeploymentLayout } from '../directory/layout.js';
import { currentChecksum } from '../directory/manifest.js';
import { parseOwnJson } from '../directory/state-file.js';

/** A step of an update, with a path relative to the deployment directory. */
export type JournalStep =
  /**
   * Replace the file by the staged one; with `backup`, the old one becomes `<file>.bak`. `checksum` is that of the
   * staged one; steps of earlier versions have none.
   */
  | { op: 'replace'; path: string; backup: boolean; secret: boolean; checksum?: string }
  /** Remove the file; with `backup`, it becomes `<file>.bak`. */
  | { op: 'remove'; path: string; backup: boolean }
  /** Put the staged directory (a new, seeded volume, or a folder) in place unless something exists there. */
  | { op: 'directory'; path: string }
  /** Give the file these permissions. */
  | { op: 'mode'; path: string; mode: number };

/** The steps of an update. Written and synced before the first step, so that any later command can finish it. */
export interface Journal {
  phase: 'files' | 'hooks';
  steps: JournalStep[];
  /** In phase `hooks` the running hook; in phase `files` the first one to run afterwards. */
  hook?: string;
}

/**
 * Reads the journal; undefined if no update is in progress.
 * @throws LaconicError if it is damaged
 */
export async function readJournal(layout: DeploymentLayout): Promise<Journal | undefined> {
  const text = await readTextIfAny(layout.journal);
  if (text === undefined) return undefined;
  return parseOwnJson(
    text,
    layout.journal,
    'delete it and run deploy create --update: every file is rewritten',
  ) as Journal;
}

/** Replaces the journal; only the owner can read it. */
export async function writeJournal(layout: DeploymentLayout, journal: Journal): Promise<void> {
  await writeFileAtomically(layout.journal, JSON.stringify(journal), secretMode);
}

/** Ends an update: removes the journal and the staging area. */
export async function clearJournal(layout: DeploymentLayout): Promise<void> {
  await rm(layout.journal, { force: true });
  await rm(layout.next, { recursive: true, force: true });
}

/**
 * Finds what the steps of a journal can no longer put in place: a file or directory that is neither staged as it was
 * recorded nor in place.
 * @returns the path where it was staged, absolute; undefined if the steps can be applied
 */
export async function lostStaged(
  { root, next }: DeploymentLayout,
  steps: Journal['steps'],
): Promise<string | undefined> {
  for (const step of steps) {
    const [staged, target] = [join(next, step.path), join(root, step.path)];
    if (step.op === 'directory' && !(await exists(staged)) && !(await exists(target))) return staged;
    if (step.op !== 'replace' || step.checksum === undefined) continue;
    const present = (await exists(staged)) ? staged : target;
    if ((await currentChecksum(present)) !== step.checksum) return staged;
  }
  return undefined;
}

/**
 * Applies the steps of a journal in phase `files`. Every step can be repeated after a kill at any moment: a missing
 * staged file was put in place already (see lostStaged).
 * @throws LaconicError with the path that could not be updated
 */
export async function applySteps(layout: DeploymentLayout, steps: readonly JournalStep[]): Promise<void> {
  const touched = new Set<string>();
  for (const step of steps) {
    const target = join(layout.root, step.path);
    try {
      if (step.op === 'replace') await replace(join(layout.next, step.path), target, step);
      else if (step.op === 'remove') await remove(target, step.backup);
      else if (step.op === 'mode') await changeMode(target, step.mode);
      else await place(join(layout.next, step.path), target);
    } catch (error) {
      throw new LaconicError(`cannot update ${target}: ${errorMessage(error)}`, {
        hint: 'the update is recorded: once the cause is fixed, the next command finishes it',
        cause: error,
      });
    }
    touched.add(dirname(target));
  }
  for (const directory of touched) if ((await kindOf(directory)) === 'directory') await syncPath(directory);
}

async function replace(staged: string, target: string, step: { backup: boolean; secret: boolean }): Promise<void> {
  if (!(await exists(staged))) return;
  if (step.backup) await backUp(target, step.secret);
  await mkdir(dirname(target), { recursive: true });
  await removeEmptyFolder(target);
  await move(staged, target);
}

/**
 * Removes an empty folder that becomes a file; its content was removed before (see inOrder).
 * @throws if it is not empty
 */
async function removeEmptyFolder(path: string): Promise<void> {
  if (!(await lstat(path).catch(() => undefined))?.isDirectory()) return;
  for (const name of await readdir(path)) await removeEmptyFolder(join(path, name));
  await rmdir(path);
}

async function remove(target: string, backup: boolean): Promise<void> {
  if (!(await exists(target))) return;
  if (backup) await rename(target, `${target}.bak`);
  else await rm(target);
}

async function changeMode(target: string, mode: number): Promise<void> {
  if (await exists(target)) await chmod(target, mode);
}

async function place(staged: string, target: string): Promise<void> {
  if (!(await exists(staged)) || (await exists(target))) return;
  await mkdir(dirname(target), { recursive: true });
  await move(staged, target);
}

/** Links the old file to a second name, so that the path always exists. */
async function backUp(target: string, secret: boolean): Promise<void> {
  if (!(await exists(target))) return;
  const backup = `${target}.bak`;
  if (secret) await chmod(target, secretMode);
  await rm(backup, { force: true });
  await link(target, backup);
}

async function move(from: string, to: string): Promise<void> {
  try {
    await rename(from, to);
  } catch (error) {
    // A folder of the deployment (mainly `data`) may be a mount point: a rename then needs a copy beside the target.
    if (errorCode(error) !== 'EXDEV') throw error;
    const beside = temporaryBeside(to);
    await removeLeftovers(to);
    try {
      await copyTree(from, beside);
      if (!(await lstat(beside)).isSymbolicLink()) await syncPath(beside);
      await rename(beside, to);
    } catch (failure) {
      await rm(beside, { recursive: true, force: true });
      throw failure;
    }
    await rm(from, { recursive: true });
  }
}

async function exists(path: string): Promise<boolean> {
  return lstat(path).then(
    () => true,
    () => false,
  );
}
