import { readdir, readFile } from 'node:fs/promises';
import { basename } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Context } from '../system/context.js';
import { InterruptedError } from '../system/errors.js';

/** A process that a killed command left behind. */
interface Survivor {
  pid: number;
  command: readonly string[];
}

/** How long what a killed command started may go on by itself, and how long it may take to end when it is told to. */
const patienceMilliseconds = { own: 10_000, told: 5_000 };
const pollMilliseconds = 100;

/**
 * A kill -9 ends only our process: a `docker compose` or a hook it had started goes on, and would work against whatever
 * comes next. So who takes over a killed command's lock waits until they have ended; then `docker compose` and `kind`
 * are told to end, as by Ctrl-C, and anything else (a hook may have started a service of its own) is only named. They
 * are known by `LACONIC_SO_LOCK`, which everything started under a lock inherits. Found on Linux only.
 */
export async function outliveSurvivors(holder: { token: string; command: string }, context: Context): Promise<void> {
  let left = await survivorsOf(holder.token);
  if (left.length === 0) return;
  context.report.info(`waiting for what the killed "${holder.command}" left running: ${names(left)}`);
  left = await untilEnded(holder.token, patienceMilliseconds.own, context);
  const ours = left.filter(mayBeEnded);
  if (ours.length > 0) {
    context.report.info(`ending ${names(ours)}`);
    for (const { pid } of ours) terminate(pid);
    left = await untilEnded(holder.token, patienceMilliseconds.told, context, mayBeEnded);
  }
  if (left.length > 0) context.report.warn(`still running, left by the killed "${holder.command}": ${names(left)}`);
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
    await sleep(pollMilliseconds, undefined, { signal: context.signal }).catch(() => {
      throw new InterruptedError();
    });
  }
}

async function survivorsOf(token: string): Promise<Survivor[]> {
  const pids = (await readdir('/proc').catch(() => [] as string[])).filter((name) => /^\d+$/.test(name));
  const found = await Promise.all(
    pids.map(async (pid) => {
      // Processes of others cannot be read, and some end while we look.
      const environment = await readFile(`/proc/${pid}/environ`, 'utf8').catch(() => '');
      if (!environment.split('\0').includes(`LACONIC_SO_LOCK=${token}`)) return undefined;
      const command = await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '');
      return { pid: Number(pid), command: command.split('\0').filter((word) => word !== '') };
    }),
  );
  return found.filter((one) => one !== undefined && one.pid !== process.pid && one.command.length > 0) as Survivor[];
}

function mayBeEnded({ command: [program = '', ...words] }: Survivor): boolean {
  // A cluster that is half made is made anew, and kind would remove the new one when its own fails.
  if (basename(program) === 'kind' && words[0] === 'create') return true;
  return basename(program).startsWith('docker') && words.find((word) => !word.startsWith('--')) === 'compose';
}

function terminate(pid: number): void {
  try {
    process.kill(pid, 'SIGTERM');
  } catch {
    // It has ended meanwhile.
  }
}

/** Programs and process numbers: arguments are left out, a hook may have put anything there. */
function names(survivors: readonly Survivor[]): string {
  return survivors.map(({ pid, command }) => `${basename(command[0] ?? '')} (process ${pid})`).join(', ');
}
