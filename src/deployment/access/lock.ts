import { randomBytes } from 'node:crypto';
import { link, lstat, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { dirname } from 'node:path';
import type { Context } from '../../system/context.js';
import { errorCode, errorMessage, InterruptedError, LaconicError } from '../../system/errors.js';
import { kindOf, makeDirectory, readTextIfAny } from '../../system/files/files.js';
import { isProcessAlive, pidNamespace, removeLeftovers, temporaryBeside } from '../../system/files/temporary-files.js';
import { mapOf } from '../../system/plain-map.js';
import { awaitSurvivors } from './recover-processes.js';
import { pause } from '../../system/process/pause.js';

/** The holder of a lock. It is gone when its process has ended. */
interface Holder {
  /** Unique for each acquisition; child processes get it in `LACONIC_SO_LOCK`. */
  token: string;
  pid: number;
  /** The kernel's start time of the process, in clock ticks since boot: detects a reused pid. */
  startTime: string;
  bootId: string;
  /** The namespace of the pid; absent in locks of earlier versions, and if the system does not report it. */
  pidNamespace?: string;
  host: string;
  command: string;
  since: string;
}

export interface Lock {
  readonly token: string;
  /** Releases the lock; safe to call twice. */
  release(): Promise<void>;
}

const pollMilliseconds = 200;

const unknownBoot = 'unknown';

async function startTimeOf(pid: number): Promise<string | undefined> {
  const text = await readTextIfAny(`/proc/${pid}/stat`);
  // The second field is the program's name in parentheses and may hold blanks: count from the last parenthesis.
  return text?.slice(text.lastIndexOf(')') + 2).split(' ')[19];
}

async function bootId(): Promise<string> {
  return (await readTextIfAny('/proc/sys/kernel/random/boot_id'))?.trim() ?? unknownBoot;
}

/** Whether the holder's process is visible from here; an invisible one counts as alive. */
async function isVisible({ host, bootId: boot, pidNamespace: namespace }: Holder): Promise<boolean> {
  if (namespace === undefined) return host === hostname();
  if (namespace !== pidNamespace) return false;
  // A host that was renamed, or that is a container with another name for it, is the same machine until it reboots.
  return host === hostname() || (boot !== unknownBoot && boot === (await bootId()));
}

async function isGone(holder: Holder): Promise<boolean> {
  const rebooted = holder.bootId !== (await bootId());
  if (rebooted && holder.host === hostname()) return true;
  if (!(await isVisible(holder))) return false;
  if (!isProcessAlive(holder.pid)) return true;
  const started = await startTimeOf(holder.pid);
  return started !== undefined && started !== holder.startTime;
}

async function readHolder(path: string): Promise<Holder | undefined> {
  const damaged = (what: string): LaconicError =>
    new LaconicError(`the lock file ${path} is ${what}`, {
      hint: 'if no other laconic-so runs on this deployment, delete it',
    });
  // A dangling link is not a lock, but prevents creating one.
  if ((await lstat(path).catch(() => undefined))?.isSymbolicLink()) throw damaged('a symbolic link');
  const text = await readTextIfAny(path);
  if (text === undefined) return undefined;
  try {
    const value: unknown = JSON.parse(text);
    if (isHolder(value)) return value;
  } catch {
    // Reported below.
  }
  throw damaged('damaged');
}

function isHolder(value: unknown): value is Holder {
  const holder = mapOf(value);
  const texts = ['token', 'startTime', 'bootId', 'host', 'command', 'since'].map((name) => holder[name]);
  return typeof holder.pid === 'number' && texts.every((text) => typeof text === 'string');
}

/** Moves a stale lock away; restores it if it turns out to be somebody's new one. */
async function discardStale(path: string, stale: Holder): Promise<void> {
  const aside = temporaryBeside(path);
  try {
    await rename(path, aside);
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return;
    throw new LaconicError(`cannot take over the lock ${path}: ${errorMessage(error)}`, { cause: error });
  }
  const taken = await readHolder(aside);
  if (taken !== undefined && taken.token !== stale.token) await link(aside, path).catch(() => undefined);
  await removeQuietly(aside);
}

/** If this fails, the file is a leftover that the next command removes. */
async function removeQuietly(path: string): Promise<void> {
  await rm(path, { force: true }).catch(() => undefined);
}

async function heldMessage(what: string, path: string, holder: Holder): Promise<LaconicError> {
  const seen = await isVisible(holder);
  const where = holder.host === hostname() ? '' : ` on host ${holder.host}`;
  return new LaconicError(
    `${what} is in use by "${holder.command}" (process ${holder.pid}${where}, since ${holder.since})`,
    {
      hint: `wait for it, or use --lock-wait SECONDS${
        seen ? '' : `; it runs in another container or on another host: if that no longer exists, delete ${path}`
      }`,
    },
  );
}

/** Whether this process was started by the holder of the lock at `path`, by its hook or by what that called. */
export async function isInsideLock(path: string, context: Context): Promise<boolean> {
  const token = context.env.LACONIC_SO_LOCK;
  return token !== undefined && (await readHolder(path))?.token === token;
}

/**
 * Acquires the lock file at `path`, or waits up to `waitSeconds` for it. The file appears complete (written aside, then
 * linked), so that a kill never leaves an empty one. A lock whose process is gone is taken over, after the processes it
 * started have ended too. A process started by the holder (a hook) shares the lock through `LACONIC_SO_LOCK`.
 * @param what the name of the locked thing in messages
 * @throws LaconicError with the holder if the lock is held, or with the system's error as its cause if the file cannot
 * be written
 */
export async function takeLock(path: string, what: string, waitSeconds: number, context: Context): Promise<Lock> {
  const token = randomBytes(16).toString('hex');
  const holder: Holder = {
    token,
    pid: process.pid,
    startTime: (await startTimeOf(process.pid)) ?? 'unknown',
    bootId: await bootId(),
    ...(pidNamespace === undefined ? {} : { pidNamespace }),
    host: hostname(),
    command: commandForOthers(process.argv.slice(2)),
    since: new Date().toISOString(),
  };
  const deadline = Date.now() + waitSeconds * 1000;
  for (;;) {
    const other = await readHolder(path);
    if (other === undefined) {
      if (await place(path, holder, what)) break;
      if (context.signal.aborted) throw new InterruptedError();
      continue;
    }
    if (other.token === context.env.LACONIC_SO_LOCK) return { token: other.token, release: async () => undefined };
    if (await isGone(other)) {
      context.report.verbose(`taking over the lock of "${other.command}", whose process ${other.pid} is gone`);
      await awaitSurvivors(other, context);
      await discardStale(path, other);
      continue;
    }
    if (Date.now() >= deadline) throw await heldMessage(what, path, other);
    await pause(pollMilliseconds, context.signal);
  }
  await removeLeftovers(path);
  return { token, release: () => release(path, token, context) };
}

/** @returns false if another process was faster */
async function place(path: string, holder: Holder, what: string): Promise<boolean> {
  const temporary = temporaryBeside(path);
  if ((await kindOf(dirname(path))) === undefined) await makeDirectory(dirname(path), 0o700);
  try {
    await writeFile(temporary, JSON.stringify(holder), { mode: 0o600, flag: 'wx' });
    await link(temporary, path);
    return true;
  } catch (error) {
    if (errorCode(error) === 'EEXIST') return false;
    throw new LaconicError(`cannot lock ${what}: ${errorMessage(error)}`, { cause: error });
  } finally {
    await removeQuietly(temporary);
  }
}

/** If the file cannot be removed, the next command takes the lock over, since this process will be gone. */
async function release(path: string, token: string, { report }: Context): Promise<void> {
  const text = await readFile(path, 'utf8').catch(() => undefined);
  if (text?.includes(token) !== true) return;
  await rm(path, { force: true }).catch((error: unknown) => {
    report.warn(`cannot remove the lock ${path}: ${errorMessage(error)}`);
  });
}

/** Options whose values are not secret. */
const shownValues: ReadonlySet<string> = new Set(['--stack', '--dir', '--spec-file', '--deployment-dir']);

/** A command line to show to others: arguments for hooks may contain passwords, so only known values are included. */
export function commandForOthers(words: readonly string[]): string {
  const shown = ['laconic-so'];
  let commandWords = 0;
  for (const [index, word] of words.entries()) {
    if (word === '--') break;
    const [option = ''] = word.split('=');
    if (word.startsWith('-')) shown.push(shownValues.has(option) ? word : option);
    else if (shownValues.has(words[index - 1] ?? '')) shown.push(word);
    else if (commandWords++ < 2) shown.push(word);
    else if (shown.at(-1) !== '…') shown.push('…');
  }
  return shown.join(' ');
}
