import { type ChildProcess, spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { errorCode } from './errors.js';
import { LimitPassed } from './limit.js';

/**
 * Ends a child when the signal is aborted: SIGTERM, and SIGKILL once it has not ended in time. Where a limit of time
 * has passed all that the child started is ended with it: a script that is told to end leaves the programs that it
 * calls running. After Ctrl-C the terminal has told them already, and a second signal would be an order to leave at
 * once.
 * @param graceMs how long the child may take for it, in milliseconds
 * @returns what undoes this, to be called when the child has ended
 */
export function endOnAbort(child: ChildProcess, signal: AbortSignal, graceMs: number): () => void {
  let timer: NodeJS.Timeout | undefined;
  const stop = (): void => {
    const send = signal.reason instanceof LimitPassed ? sendToTree : sendToChild;
    send(child, 'SIGTERM');
    timer = setTimeout(() => send(child, 'SIGKILL'), graceMs);
  };
  // It may have been aborted while the child was being started.
  if (signal.aborted) stop();
  else signal.addEventListener('abort', stop, { once: true });
  return () => {
    clearTimeout(timer);
    signal.removeEventListener('abort', stop);
  };
}

function sendToChild(child: ChildProcess, signal: NodeJS.Signals): void {
  child.kill(signal);
}

/** At once: those below a process that has ended are no longer known to be its. */
function sendToTree({ pid: root }: ChildProcess, signal: NodeJS.Signals): void {
  if (root === undefined) return;
  const parents = parentsByPid();
  const tree = [root];
  for (const above of tree) for (const [pid, parent] of parents) if (parent === above) tree.push(pid);
  for (const pid of tree) {
    try {
      process.kill(pid, signal);
    } catch (error) {
      // It has ended by itself, or is another user's.
      if (errorCode(error) !== 'ESRCH' && errorCode(error) !== 'EPERM') throw error;
    }
  }
}

/** The parent of each process of this machine. */
function parentsByPid(): Map<number, number> {
  if (process.platform !== 'linux') {
    const { stdout } = spawnSync('ps', ['-A', '-o', 'pid=,ppid='], { encoding: 'utf8' });
    return new Map(
      [...stdout.matchAll(/^\s*(\d+)\s+(\d+)\s*$/gm)].map(([, pid, parent]) => [Number(pid), Number(parent)]),
    );
  }
  const parents = new Map<number, number>();
  for (const pid of readdirSync('/proc').filter((name) => /^\d+$/.test(name))) {
    try {
      // The name of the program, in brackets, may have any characters in it.
      const [, parent] = /\) \S (\d+) [^)]*$/.exec(readFileSync(`/proc/${pid}/stat`, 'utf8')) ?? [];
      parents.set(Number(pid), Number(parent));
    } catch (error) {
      if (errorCode(error) !== 'ENOENT' && errorCode(error) !== 'ESRCH') throw error;
    }
  }
  return parents;
}
