import { type ChildProcess, spawn } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import { errorCode, errorMessage, InterruptedError, LaconicError } from '../errors.js';
import { forEachLine, ProgramMissingError, signalExitCode } from './process.js';

export interface GroupOptions {
  cwd: string;
  /** The complete environment of the program. */
  env: NodeJS.ProcessEnv;
  signal: AbortSignal;
  /** Called for each line of stdout and stderr as it comes. */
  onLine: (line: string) => void;
}

/** How long a group may take to end after SIGTERM before it is killed, in milliseconds. */
const patience = 10_000;

/** How long to wait for output after the program has ended, in milliseconds: a background process may hold it open. */
const lateOutput = 1000;

/**
 * Runs a program with exactly these arguments (no shell), without a terminal or stdin, in its own process group, so
 * that everything it started can be ended with it: a script that gets SIGTERM leaves the programs it called running.
 * @returns the exit code; 128 + n if signal n ended it
 * @throws LaconicError if it cannot be started; InterruptedError if `signal` stopped it (the group has ended then)
 */
export async function runInGroup(program: string, args: readonly string[], options: GroupOptions): Promise<number> {
  const { cwd, env, signal, onLine } = options;
  if (signal.aborted) throw new InterruptedError();
  const child = spawn(program, args, { cwd, env, stdio: ['ignore', 'pipe', 'pipe'], detached: true });
  forEachLine(child.stdout, onLine);
  forEachLine(child.stderr, onLine);
  // A second Ctrl-C exits immediately, and must not leave the group running.
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

/** Resolves to the exit code when the program has ended and its output has been read. */
async function ended(child: ChildProcess, program: string): Promise<number> {
  const closed = new Promise<void>((resolve) => child.once('close', () => resolve()));
  const code = await new Promise<number>((resolve, reject) => {
    child.once('error', (error) => {
      reject(
        errorCode(error) === 'ENOENT'
          ? new ProgramMissingError(program, error)
          : new LaconicError(`cannot run ${program}: ${errorMessage(error)}`, { cause: error }),
      );
    });
    child.once('exit', (exitCode, signalName) => resolve(exitCode ?? signalExitCode(signalName)));
  });
  await Promise.race([closed, sleep(lateOutput, undefined, { ref: false })]);
  return code;
}

/** Sends SIGTERM to the group, and SIGKILL to what is left after {@link patience}. */
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
 * Sends a signal to the process group that a child leads; 0 only checks.
 * @returns whether any process of the group exists
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
