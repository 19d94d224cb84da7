import { randomBytes } from 'node:crypto';
import { link, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { dirname } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Context } from '../system/context.js';
import { errorCode, errorMessage, InterruptedError, LaconicError } from '../system/errors.js';
import { kindOf, makeDirectory, readTextIfAny } from '../system/files.js';
import { isProcessAlive, removeLeftovers, temporaryBeside } from '../system/leftovers.js';
import { outliveSurvivors } from './survivors.js';

/** Who holds a lock. A holder is gone when its process is (decision 5). */
interface Holder {
  /** Unique for this taking of the lock; children find it in `LACONIC_SO_LOCK`. */
  token: string;
  pid: number;
  /** Kernel's start time of the process, in clock ticks since boot: tells a process from a later one with its pid. */
  startTime: string;
  bootId: string;
  host: string;
  command: string;
  since: string;
}

export interface Lock {
  readonly token: string;
  /** Gives the lock back; safe to call twice. */
  release(): Promise<void>;
}

const pollMilliseconds = 200;

async function startTimeOf(pid: number): Promise<string | undefined> {
  const text = await readTextIfAny(`/proc/${pid}/stat`);
  // The second field is the program's name in parentheses and may hold blanks: count from the last parenthesis.
  return text?.slice(text.lastIndexOf(')') + 2).split(' ')[19];
}

async function bootId(): Promise<string> {
  return (await readTextIfAny('/proc/sys/kernel/random/boot_id'))?.trim() ?? 'unknown';
}

async function isGone(holder: Holder): Promise<boolean> {
  if (holder.host !== hostname()) return false;
  if (holder.bootId !== (await bootId())) return true;
  if (!isProcessAlive(holder.pid)) return true;
  const started = await startTimeOf(holder.pid);
  return started !== undefined && started !== holder.startTime;
}

async function readHolder(path: string): Promise<Holder | undefined> {
  const text = await readTextIfAny(path);
  if (text === undefined) return undefined;
  try {
    return JSON.parse(text) as Holder;
  } catch {
    throw new LaconicError(`the lock file ${path} is damaged`, {
      hint: 'if no other laconic-so runs on this deployment, delete it',
    });
  }
}

/** Takes a stale lock out of the way; puts back what turns out to be somebody's fresh one. */
async function discardStale(path: string, stale: Holder): Promise<void> {
  const aside = temporaryBeside(path);
  try {
    await rename(path, aside);
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return;
    throw error;
  }
  const taken = await readHolder(aside);
  if (taken !== undefined && taken.token !== stale.token) await link(aside, path).catch(() => undefined);
  await rm(aside, { force: true });
}

function heldMessage(what: string, holder: Holder): LaconicError {
  const where = holder.host === hostname() ? '' : ` on host ${holder.host}`;
  return new LaconicError(
    `${what} is in use by "${holder.command}" (process ${holder.pid}${where}, since ${holder.since})`,
    {
      hint: 'wait for it, or give --lock-wait SECONDS to wait here',
    },
  );
}

/** True when this process was started by the holder of the lock at `path`: it is the holder's hook, or what that called. */
export async function isInsideLock(path: string, context: Context): Promise<boolean> {
  const token = context.env.LACONIC_SO_LOCK;
  return token !== undefined && (await readHolder(path))?.token === token;
}

/**
 * Takes the lock file at `path`, or fails at once naming the holder, or waits up to `waitSeconds` for it.
 * The file appears whole (written aside, then linked), so a kill never leaves an empty one. A lock whose process is
 * gone is taken over, once what that process started has ended too. A process started by the holder (a hook) passes
 * through on `LACONIC_SO_LOCK`.
 * @param what how the locked thing is called in messages
 * @throws LaconicError when somebody else holds it, or the file cannot be written: its cause is the system's error then
 */
export async function takeLock(path: string, what: string, waitSeconds: number, context: Context): Promise<Lock> {
  const token = randomBytes(16).toString('hex');
  const holder: Holder = {
    token,
    pid: process.pid,
    startTime: (await startTimeOf(process.pid)) ?? 'unknown',
    bootId: await bootId(),
    host: hostname(),
    command: ['laconic-so', ...process.argv.slice(2)].join(' '),
    since: new Date().toISOString(),
  };
  const deadline = Date.now() + waitSeconds * 1000;
  for (;;) {
    const other = await readHolder(path);
    if (other === undefined) {
      if (await place(path, holder, what)) break;
      continue;
    }
    if (other.token === context.env.LACONIC_SO_LOCK) return { token: other.token, release: async () => undefined };
    if (await isGone(other)) {
      context.report.verbose(`taking over the lock of "${other.command}", whose process ${other.pid} is gone`);
      await outliveSurvivors(other, context);
      await discardStale(path, other);
      continue;
    }
    if (Date.now() >= deadline) throw heldMessage(what, other);
    await sleep(pollMilliseconds, undefined, { signal: context.signal }).catch(() => {
      throw new InterruptedError();
    });
  }
  await removeLeftovers(path);
  return { token, release: () => release(path, token) };
}

/** @returns false when somebody was quicker */
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
    await rm(temporary, { force: true });
  }
}

async function release(path: string, token: string): Promise<void> {
  const text = await readFile(path, 'utf8').catch(() => undefined);
  if (text?.includes(token)) await rm(path, { force: true });
}
