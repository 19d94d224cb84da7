import { createHash, randomBytes } from 'node:crypto';
import { readlinkSync, rmSync } from 'node:fs';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { hostname, tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { errorCode } from '../errors.js';

/**
 * The PID namespace of this process: containers share directories with their host, but not process numbers. Undefined
 * if the system does not say.
 */
export const pidNamespace = linkText('/proc/self/ns/pid');

function linkText(path: string): string | undefined {
  try {
    return readlinkSync(path);
  } catch {
    return undefined;
  }
}

/**
 * Identifies host and PID namespace in the names of leftovers: whether a process of another one still runs is unknown.
 */
const machine = createHash('sha256')
  .update(`${hostname()} ${pidNamespace ?? ''}`)
  .digest('hex')
  .slice(0, 8);

/** Whether a process with this number runs on this host, no matter whose. */
export function isProcessAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return errorCode(error) === 'EPERM';
  }
}

/** A name beside `path` for a temporary file or directory. It identifies its creator: see {@link removeLeftovers}. */
export function temporaryBeside(path: string): string {
  return join(dirname(path), `.${basename(path)}.${machine}-${process.pid}-${randomBytes(6).toString('hex')}.tmp`);
}

/**
 * Whether the process that created this name has ended.
 * @param name the part of a {@link temporaryBeside} name after the name of the file; earlier versions put no machine
 * into it
 */
export function isLeftover(name: string): boolean {
  const [, where, pid] = /^(?:([0-9a-f]{8})-)?(\d+)-[0-9a-f]{12}\.tmp$/.exec(name) ?? [];
  return pid !== undefined && (where ?? machine) === machine && !isProcessAlive(Number(pid));
}

/**
 * Removes temporary files for `path` (see {@link temporaryBeside}) whose processes were killed. What cannot be read or
 * removed stays: it does no harm.
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
 * Calls back with a new folder (mode 0700) in the system's temporary directory, and removes it afterwards, also if the
 * process exits in between. Folders that killed processes left are removed first.
 * @param kind its purpose, a part of its name: `laconic-so-<kind>-…`
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
    // Folders of other users cannot be removed, and stay.
    await rm(join(tmpdir(), name), { recursive: true, force: true }).catch(() => undefined);
  }
}
