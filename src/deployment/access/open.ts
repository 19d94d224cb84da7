import { isAbsolute, resolve } from 'node:path';
import type { Spec } from '../../spec/parse.js';
import { identity, parseUsableSpec } from '../../spec/usable-sections.js';
import { parseStack, type Stack } from '../../stack/parse.js';
import type { Context } from '../../system/context.js';
import { errorCode, InvalidFileError, isExplained, LaconicError, type Problem } from '../../system/errors.js';
import { kindOf, readTextIfAny } from '../../system/files/files.js';
import { readJournal } from './journal.js';
import { type DeploymentLayout, layoutOf } from '../directory/layout.js';
import { isInsideLock, type Lock, takeLock } from './lock.js';
import { type DeploymentRecord, readRecord } from '../directory/record.js';
import { recoverUpdate, reportInterruptedUpdate } from './recover-update.js';

/** A deployment directory, read and validated. */
export interface Deployment {
  readonly layout: DeploymentLayout;
  readonly record: DeploymentRecord;
  readonly spec: Spec;
  /** Problems of the spec; their sections were left out. */
  readonly ignored: readonly Problem[];
  readonly stack: Stack;
  /** False for a directory that the Python program created. */
  readonly ours: boolean;
}

/** Errors that make writing impossible for anybody. */
const unwritable: ReadonlySet<string> = new Set(['ENOSPC', 'EDQUOT', 'EROFS']);

/** How long a reader waits for the renames of an update in progress, which take milliseconds. */
const readerPatienceSeconds = 5;

/**
 * Returns the layout of a deployment directory given on the command line, after checking it. Nothing, not even a lock,
 * is written into other directories.
 * @throws LaconicError if it is not a deployment directory, or its creation did not finish
 */
export async function findDeployment(directory: string, context: Context): Promise<DeploymentLayout> {
  const root = isAbsolute(directory) ? resolve(directory) : resolve(context.cwd, directory);
  const kind = await kindOf(root);
  if (kind === undefined) throw new LaconicError(`deployment directory ${directory} does not exist`);
  if (kind !== 'directory') {
    throw new LaconicError(`supplied deployment directory path ${directory} exists but is a file not a directory`);
  }
  const layout = layoutOf(root);
  // A create hook may use the directory that is being created.
  if ((await kindOf(layout.incomplete)) !== undefined && !(await isInsideLock(layout.createLock, context))) {
    throw new LaconicError(`the creation of ${root} did not finish`, {
      hint: 'run the deploy create command again: it starts over',
    });
  }
  await readRecord(layout);
  return layout;
}

/**
 * Acquires the deployment's lock for a command that changes something, and completes an interrupted update. A command
 * called by a hook shares the lock of the command that runs the hook.
 * @param options `must`: what has to be possible in more cases. `stop` continues without a lock if nothing can be
 * written, since a full disk must not prevent stopping what fills it, and with an update that cannot be completed;
 * `update` continues with an update whose new files are lost, which it writes again
 * @throws LaconicError if the lock is held; InterruptedError
 */
export async function lockDeployment(
  layout: DeploymentLayout,
  waitSeconds: number,
  context: Context,
  { must }: { must?: 'stop' | 'update' | undefined } = {},
): Promise<Lock> {
  const lock = await takeLock(layout.lock, `deployment ${layout.root}`, waitSeconds, context).catch(
    (error: unknown) => {
      if (must !== 'stop' || !(error instanceof LaconicError) || !unwritable.has(errorCode(error.cause) ?? ''))
        throw error;
      context.report.warn(`continuing without a lock: ${error.message}`);
      return { token: '', release: async () => undefined };
    },
  );
  if (lock.token === context.env.LACONIC_SO_LOCK) return lock;
  try {
    await recoverUpdate(layout, must === 'update', context);
    return lock;
  } catch (error) {
    if (must === 'stop' && isExplained(error)) {
      context.report.warn(`the files stay as they are: ${error.message}`);
      return lock;
    }
    await lock.release();
    throw error;
  }
}

/**
 * Reads a deployment for a read-only command: waits for the renames of an update, and completes an interrupted one. A
 * dry run only reports it.
 */
export async function openForReading(directory: string, context: Context): Promise<Deployment> {
  const layout = await findDeployment(directory, context);
  if (context.options.dryRun) await reportInterruptedUpdate(layout, context);
  else if ((await readJournal(layout))?.phase === 'files') {
    const lock = await lockDeployment(layout, readerPatienceSeconds, context);
    await lock.release();
  }
  return readDeployment(layout);
}

/**
 * Reads a deployment directory whose lock the caller holds or does not need.
 * @throws LaconicError, InvalidFileError if it is not usable
 */
export async function readDeployment(layout: DeploymentLayout): Promise<Deployment> {
  const record = await readRecord(layout);
  if ((await kindOf(`${layout.root}/chart`)) === 'directory' && (await kindOf(layout.compose)) === undefined) {
    throw new LaconicError(`${layout.root} is a Helm chart deployment, which this version cannot run`);
  }
  const { spec, ignored } = parseUsableSpec(await readRequired(layout.spec), layout.spec, identity);
  // On Compose the sections left out were never used; a cluster must not get objects that lack them.
  if (spec.deployTo !== 'compose' && ignored.length > 0) throw new InvalidFileError(ignored);
  const stack = parseStack(await readRequired(layout.stack), layout.stack);
  return { layout, record, spec, ignored, stack, ours: (await kindOf(layout.createArguments)) === 'file' };
}

async function readRequired(path: string): Promise<string> {
  const text = await readTextIfAny(path);
  if (text === undefined) throw new LaconicError(`${path} is missing: this is not a complete deployment directory`);
  return text;
}
