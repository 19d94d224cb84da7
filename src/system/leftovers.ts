import { createHash, randomBytes } from 'node:crypto';
import { readlinkSync, rmSync } from 'node:fs';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { hostname, tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { errorCode } from './errors.js';

/**
 * The set of processes that this one's number counts in: containers share directories with their host, but not process
 * numbers. Undefined where the system does not tell.
 */
export const pidNamespace = linkText('/proc/self/ns/pid');

function linkText(path: string): string | undefined {
  try {
    return readlinkSync(path);
  } catch {
    return undefined;
  }
}

/** Names host and namespace in what is left behind: of a process of another one, nobody here knows whether it runs. */
const machine = createHash('sha256')
  .update(`${hostname()} ${pidNamespace ?? ''}`)
  .digest('hex')
  .slice(0, 8);

/** Whether a process with this number runs on this host, whoever's it is. */
export function isProcessAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return errorCode(error) === 'EPERM';
  }
}

/** A name beside `path` for what will be renamed or linked to it. It tells whose it is: see {@link removeLeftovers}. */
export function temporaryBeside(path: string): string {
  return join(dirname(path), `.${basename(path)}.${machine}-${process.pid}-${randomBytes(6).toString('hex')}.tmp`);
}

/**
 * Whether the process that made this name is gone.
 * @param name the last part of a name of {@link temporaryBeside}, after the name of the file; those of earlier versions
 * name no machine
 */
export function isLeftover(name: string): boolean {
  const [, where, pid] = /^(?:([0-9a-f]{8})-)?(\d+)-[0-9a-f]{12}\.tmp$/.exec(name) ?? [];
  return pid !== undefined && (where ?? machine) === machine && !isProcessAlive(Number(pid));
}

/**
 * Removes what killed processes left under the names of {@link temporaryBeside} for `path`, so that kills leave no heap
 * of them. What cannot be looked at or removed stays: it is in nobody's way.
 */
export async function removeLeftovers(path: string): Promise<void> {
  const prefix = `.${basename(path)}.`;
  const names = await readdir(dirname(path)).catch(() => [] as string[]);
  for (const name of names) {
    if (!name.startsWith(prefix)) continue;
    if (!isLeftover(name.slice(prefix.length))) continue;
    await rm(join(dirname(path), name), { recursive: true, force: true }).catch(() => undefined);
  }
}

/**
 * Calls back with a new folder in the system's temporary directory, 0700, and removes it afterwards, also where the
 * process exits meanwhile. Those of processes that were killed go first.
 * @param kind what it is for: a word of its name, `laconic-so-<kind>-…`
 */
export async function withTemporaryFolder<T>(kind: string, work: (folder: string) => Promise<T>): Promise<T> {
  const prefix = `laconic-so-${kind}-${machine}-`;
  await removeFolders(prefix);
  const folder = await mkdtemp(join(tmpdir(), `${prefix}${process.pid}-`));
  const removeAtExit = (): void => rmSync(folder, { recursive: true, force: true });
  process.once('exit', removeAtExit);
  try {
    return await work(folder);
  } finally {
    process.removeListener('exit', removeAtExit);
    await rm(folder, { recursive: true, force: true });
  }
}

async function removeFolders(prefix: string): Promise<void> {
  const names = await readdir(tmpdir()).catch(() => [] as string[]);
  for (const name of names) {
    if (!name.startsWith(prefix)) continue;
    const pid = /^(\d+)-\w{6}$/.exec(name.slice(prefix.length))?.[1];
    if (pid === undefined || isProcessAlive(Number(pid))) continue;
    // Another user's stays.
    await rm(join(tmpdir(), name), { recursive: true, force: true }).catch(() => undefined);
  }
}
