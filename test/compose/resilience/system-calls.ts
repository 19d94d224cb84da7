import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { cliPath } from '../../support/program.js';

/** A fault in one system call of a run. */
export interface Fault {
  call: string;
  /** Which call of this kind, from 1, in the thread that makes the most of them. */
  number: number;
  what: 'SIGKILL' | 'ENOSPC';
}

export interface FaultyRun {
  /** The run reached the fault. */
  hit: boolean;
  code: number | null;
  stderr: string;
}

/**
 * Runs the program under strace, which kills it at a system call or makes the call fail once. Only the program itself
 * is disturbed, not its child processes. One thread does all file operations, so that a number always means the same
 * call.
 */
export async function runWithFault(args: readonly string[], cwd: string, fault: Fault): Promise<FaultyRun> {
  const { call, number, what } = fault;
  const how = what === 'SIGKILL' ? 'signal=SIGKILL' : `error=${what}`;
  const { log, signal, ...ended } = await trace(args, cwd, [call], ['-e', `inject=${call}:${how}:when=${number}`]);
  // strace ends with the signal of the traced program.
  return { ...ended, hit: what === 'SIGKILL' ? signal === what : log.includes('(INJECTED)') };
}

/** How often an undisturbed run makes each of these system calls, in the thread that makes the most. */
export async function countCalls(args: readonly string[], cwd: string, calls: readonly string[]) {
  const { log } = await trace(args, cwd, calls);
  const byThread = new Map<string, number>();
  for (const [, thread = '', call = ''] of log.matchAll(/^(\d+)\s+(\w+)\(/gm)) {
    const key = `${thread} ${call}`;
    byThread.set(key, (byThread.get(key) ?? 0) + 1);
  }
  const most = (call: string): number =>
    Math.max(0, ...[...byThread].filter(([key]) => key.endsWith(` ${call}`)).map(([, count]) => count));
  return new Map(calls.map((call) => [call, most(call)]));
}

let traces = 0;

async function trace(args: readonly string[], cwd: string, calls: readonly string[], more: readonly string[] = []) {
  // Outside the ground, which may contain only deployments.
  const file = join(cwd, '..', `trace-${(traces += 1)}`);
  const watched = ['-f', '-b', 'execve', '-o', file, '-e', `trace=${calls.join(',')}`, '-e', 'signal=none', ...more];
  const child = spawn('strace', [...watched, process.execPath, '--', cliPath, ...args], {
    cwd,
    env: { ...process.env, UV_THREADPOOL_SIZE: '1', UV_USE_IO_URING: '0' },
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let stderr = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
  // `close` would not do: processes that a killed program leaves behind keep the pipe open.
  const [code, signal] = (await once(child, 'exit')) as [number | null, NodeJS.Signals | null];
  child.stderr.destroy();
  const log = await readFile(file, 'utf8');
  await rm(file);
  return { code, signal, stderr, log };
}
