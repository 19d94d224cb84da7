import { type ChildProcess, spawn } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import { errorCode, errorMessage, InterruptedError, LaconicError } from './errors.js';
import { forEachLine, programMissing, signalExitCode } from './process.js';

export interface GroupOptions {
  cwd: string;
  /** The whole environment of the program. */
  env: NodeJS.ProcessEnv;
  signal: AbortSignal;
  /** Called for each line of stdout and stderr as it comes. */
  onLine: (line: string) => void;
}

/** How long what is told to end may take for it, in milliseconds, before it is killed. */
const patience = 10_000;

/**
 * How long output is waited for, in milliseconds, that a process in the background may still hold open when the program
 * has ended.
 */
const lateOutput = 1000;

/**
 * Runs a program with exactly these arguments (no shell) in a process group of its own, without a terminal and without
 * stdin, so that all it started can be ended with it: a script that is told to end leaves the programs it calls
 * running.
 * @returns the exit code; 128 + n when it died of signal n
 * @throws InterruptedError when `signal` stopped it: the group has ended by then
 */
export async function runInGroup(program: string, args: readonly string[], options: GroupOptions): Promise<number> {
  const { cwd, env, signal, onLine } = options;
  if (signal.aborted) throw new InterruptedError();
  const child = spawn(program, args, { cwd, env, stdio: ['ignore', 'pipe', 'pipe'], detached: true });
  forEachLine(child.stdout, onLine);
  forEachLine(child.stderr, onLine);
  // We may leave at once, after a second Ctrl-C.
  const killAll = (): void => void sendToGroup(child, 'SIGKILL');
  process.once('exit', killAll);
  let stopped: Promise<void> | undefined;
  const stop = (): void => {
    stopped = endGroup(child);
  };
  signal.addEventListener('abort', stop, { once: true });
  try {
    const code = await ended(child, program);
    if (signal.aborted) {
      await stopped;
      throw new InterruptedError();
    }
    return code;
  } finally {
    signal.removeEventListener('abort', stop);
    process.removeListener('exit', killAll);
    child.stdout.destroy();
    child.stderr.destroy();
  }
}

/** Resolves to the exit code when the program has ended and all it wrote was read. */
async function ended(child: ChildProcess, program: string): Promise<number> {
  const closed = new Promise<void>((resolve) => child.once('close', () => resolve()));
  const code = await new Promise<number>((resolve, reject) => {
    child.once('error', (error) => {
      reject(
        errorCode(error) === 'ENOENT'
          ? programMissing(program, error)
          : new LaconicError(`cannot run ${program}: ${errorMessage(error)}`, { cause: error }),
      );
    });
    child.once('exit', (exitCode, signalName) => resolve(exitCode ?? signalExitCode(signalName)));
  });
  await Promise.race([closed, sleep(lateOutput, undefined, { ref: false })]);
  return code;
}

/** Asks the group to end, and kills what has not ended in time. */
async function endGroup(child: ChildProcess): Promise<void> {
  const until = Date.now() + patience;
  sendToGroup(child, 'SIGTERM');
  while (Date.now() < until) {
    if (!sendToGroup(child, 0)) return;
    await sleep(50);
  }
  sendToGroup(child, 'SIGKILL');
}

/**
 * Sends a signal to all processes of a group that a child leads; 0 only looks. @returns whether any process of the
 * group is there
 */
export function sendToGroup(child: ChildProcess, signal: NodeJS.Signals | 0): boolean {
  if (child.pid === undefined) return false;
  try {
    process.kill(-child.pid, signal);
    return true;
  } catch (error) {
    return errorCode(error) === 'EPERM';
  }
}
