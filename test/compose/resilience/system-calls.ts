import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { cliPath } from '../../support/engine.js';

/** What happens to one system call of a run. */
export interface Fault {
  call: string;
  /** Which one of its kind, from 1, in the thread that makes the most of them. */
  number: number;
  what: 'SIGKILL' | 'ENOSPC';
}

export interface FaultyRun {
  /** The run came as far as the fault. */
  hit: boolean;
  code: number | null;
  stderr: string;
}

/**
 * Runs the program under strace, which kills it at a system call, or lets that fail once. Only the program itself is
 * disturbed, and not what it starts. One thread does all its work with files, so that a number means the same each
 * time.
 */
export async function runWithFault(args: readonly string[], cwd: string, fault: Fault): Promise<FaultyRun> {
  const { call, number, what } = fault;
  const how = what === 'SIGKILL' ? 'signal=SIGKILL' : `error=${what}`;
  const { log, signal, ...ended } = await trace(args, cwd, [call], ['-e', `inject=${call}:${how}:when=${number}`]);
  // strace ends as what it traces does.
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
  // Beside the ground, where nothing but deployments may be.
  const file = join(cwd, '..', `trace-${(traces += 1)}`);
  const watched = ['-f', '-b', 'execve', '-o', file, '-e', `trace=${calls.join(',')}`, '-e', 'signal=none', ...more];
  const child = spawn('strace', [...watched, process.execPath, '--', cliPath, ...args], {
    cwd,
    env: { ...process.env, UV_THREADPOOL_SIZE: '1', UV_USE_IO_URING: '0' },
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let stderr = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
  // Not `close`: what a killed program left behind holds the pipe open.
  const [code, signal] = (await once(child, 'exit')) as [number | null, NodeJS.Signals | null];
  child.stderr.destroy();
  const log = await readFile(file, 'utf8');
  await rm(file);
  return { code, signal, stderr, log };
}
