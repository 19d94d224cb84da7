import { readdir, readFile } from 'node:fs/promises';
import { basename } from 'node:path';
import type { Context } from '../../system/context.js';
import { pause } from '../../system/process/pause.js';

/** A process that a killed command left running. */
interface Survivor {
  pid: number;
  command: readonly string[];
}

/** How long processes of a killed command may continue, and how long they may take to end after SIGTERM. */
const patienceMilliseconds = { beforeSignal: 10_000, afterSignal: 5_000 };
const pollMilliseconds = 100;

/**
 * Waits for the processes of a killed command before its lock is taken over. A kill -9 ends only laconic-so itself: a
 * `docker compose` or a hook it started keeps running, and would interfere with the next command. After a while,
 * `docker compose` and `kind create` get SIGTERM; anything else (a hook may have started a service) is only reported.
 * Processes are recognised by `LACONIC_SO_LOCK`, which everything started under a lock inherits. Linux only.
 * @throws InterruptedError
 */
export async function awaitSurvivors(holder: { token: string; command: string }, context: Context): Promise<void> {
  let left = await survivorsOf(holder.token);
  if (left.length === 0) return;
  context.report.info(`waiting for processes of the killed "${holder.command}": ${names(left)}`);
  left = await untilEnded(holder.token, patienceMilliseconds.beforeSignal, context);
  const ours = left.filter(mayBeEnded);
  if (ours.length > 0) {
    context.report.info(`ending ${names(ours)}`);
    for (const { pid } of ours) terminate(pid);
    left = await untilEnded(holder.token, patienceMilliseconds.afterSignal, context, mayBeEnded);
  }
  if (left.length > 0) context.report.warn(`still running after the killed "${holder.command}": ${names(left)}`);
}

async function untilEnded(
  token: string,
  milliseconds: number,
  context: Context,
  which: (survivor: Survivor) => boolean = () => true,
): Promise<Survivor[]> {
  const deadline = Date.now() + milliseconds;
  for (;;) {
    const left = await survivorsOf(token);
    if (!left.some(which) || Date.now() >= deadline) return left;
    await pause(pollMilliseconds, context.signal);
  }
}

async function survivorsOf(token: string): Promise<Survivor[]> {
  const pids = (await readdir('/proc').catch(() => [] as string[])).filter((name) => /^\d+$/.test(name));
  const found = await Promise.all(
    pids.map(async (pid) => {
      // Processes of other users cannot be read, and some end in the meantime.
      const environment = await readFile(`/proc/${pid}/environ`, 'utf8').catch(() => '');
      if (!environment.split('\0').includes(`LACONIC_SO_LOCK=${token}`)) return undefined;
      const command = await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '');
      return { pid: Number(pid), command: command.split('\0').filter((word) => word !== '') };
    }),
  );
  return found.filter((one) => one !== undefined && one.pid !== process.pid && one.command.length > 0) as Survivor[];
}

function mayBeEnded({ command: [program = '', ...words] }: Survivor): boolean {
  // A partial cluster is created again, and a failing kind would remove the new one.
  if (basename(program) === 'kind' && words[0] === 'create') return true;
  return basename(program).startsWith('docker') && words.find((word) => !word.startsWith('--')) === 'compose';
}

function terminate(pid: number): void {
  try {
    process.kill(pid, 'SIGTERM');
  } catch {
    // It has ended in the meantime.
  }
}

/** Program names and process ids, without arguments: those of a hook may contain anything. */
function names(survivors: readonly Survivor[]): string {
  return survivors.map(({ pid, command }) => `${basename(command[0] ?? '')} (process ${pid})`).join(', ');
}
