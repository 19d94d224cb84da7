import { type ChildProcess, spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { errorCode } from '../errors.js';
import { LimitPassed } from './limit.js';

/**
 * Ends a child when the signal is aborted: SIGTERM, then SIGKILL if it does not end in time. If a time limit has
 * passed, all its descendants are ended too: a script that gets SIGTERM leaves the programs it called running. After
 * Ctrl-C they got the terminal's signal already, and many programs exit at once on a second one.
 * @param graceMs how long the child may take to end, in milliseconds
 * @returns a function that undoes this; call it when the child has ended
 */
export function endOnAbort(child: ChildProcess, signal: AbortSignal, graceMs: number): () => void {
  let timer: NodeJS.Timeout | undefined;
  const stop = (): void => {
    const send = signal.reason instanceof LimitPassed ? sendToTree : sendToChild;
    send(child, 'SIGTERM');
    timer = setTimeout(() => send(child, 'SIGKILL'), graceMs);
  };
  // The signal may have been aborted while the child was starting.
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

/**
 * Collects the tree before sending anything: children of a process that has ended are no longer known to be its own.
 */
function sendToTree({ pid: root }: ChildProcess, signal: NodeJS.Signals): void {
  if (root === undefined) return;
  const parents = parentsByPid();
  const tree = [root];
  for (const above of tree) for (const [pid, parent] of parents) if (parent === above) tree.push(pid);
  for (const pid of tree) {
    try {
      process.kill(pid, signal);
    } catch (error) {
      // It has ended on its own, or belongs to another user.
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
      // The program name, in parentheses, may contain any character.
      const [, parent] = /\) \S (\d+) [^)]*$/.exec(readFileSync(`/proc/${pid}/stat`, 'utf8')) ?? [];
      parents.set(Number(pid), Number(parent));
    } catch (error) {
      if (errorCode(error) !== 'ENOENT' && errorCode(error) !== 'ESRCH') throw error;
    }
  }
  return parents;
}
