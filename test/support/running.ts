import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { cliPath } from './program.js';
import { eventually } from './eventually.js';

/** Whether a process of this machine runs. A zombie does not count. */
export async function isRunning(pid: number): Promise<boolean> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '');
  return /\) [^ZX] /.test(stat);
}

/** A running call of the built program. @param program the program to run it with, if not Node alone */
export function launch(
  args: readonly string[],
  options: { cwd?: string; env?: NodeJS.ProcessEnv } = {},
  program: readonly string[] = [process.execPath, cliPath],
) {
  const [command = '', ...before] = program;
  const child = spawn(command, [...before, ...args], {
    ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
    env: { ...process.env, ...options.env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const said = { stdout: '', stderr: '' };
  child.stdout.setEncoding('utf8').on('data', (text: string) => (said.stdout += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (said.stderr += text));
  // The last output arrives after the exit, but processes that a killed program leaves behind keep the pipes open.
  const closed = once(child, 'close');
  const ended = once(child, 'exit').then(async ([code, signal]) => {
    if (signal === null) await closed;
    return { code: code as number | null, signal: signal as NodeJS.Signals | null, ...said };
  });
  /** Waits until it has printed this. */
  const printed = (words: string | RegExp): Promise<true> =>
    eventually(`it prints ${String(words)}`, async () => {
      const over = (child.exitCode ?? child.signalCode) !== null;
      if (over) await ended;
      const all = `${said.stdout}${said.stderr}`;
      const found = typeof words === 'string' ? all.includes(words) : words.test(all);
      if (over && !found) throw new Error(`never printed ${String(words)}:\n${all}`);
      return found;
    });
  return { child, said, ended, printed };
}
