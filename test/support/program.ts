import { join } from 'node:path';
import { callCommand } from '../../src/commands/call.js';
import { run } from '../../src/system/process/process.js';

/** Absolute path of the built program: `dist/cli.js`, or the build that `LACONIC_TEST_CLI` names. */
export const cliPath = process.env.LACONIC_TEST_CLI ?? join(import.meta.dirname, '..', '..', 'dist', 'cli.js');

/** The result of a call of the program. */
export interface CliResult {
  code: number;
  stdout: string;
  stderr: string;
}

/** Where the program is called, what its environment has in addition, and its stdin, which is closed otherwise. */
interface CallOptions {
  cwd?: string;
  env?: NodeJS.ProcessEnv;
  input?: string;
}

/** Runs the built program (`npm run build` first) as a user's shell would, and resolves whatever the exit code. */
export async function runProgram(args: readonly string[], { cwd, env, input }: CallOptions = {}): Promise<CliResult> {
  const { code, stdout, stderr } = await run(process.execPath, ['--', cliPath, ...args], {
    ...(cwd === undefined ? {} : { cwd }),
    ...(input === undefined ? {} : { input }),
    env: { ...process.env, ...env },
  });
  return { code, stdout, stderr };
}

/** Commands that connect a container's output to the terminal. */
const connecting: ReadonlySet<string> = new Set(['exec', 'logs', 'run-job']);

/** Variables that are read by the process, or by its start. */
const ofProcess = ['HOME', 'TMPDIR', 'NODE_EXTRA_CA_CERTS', 'NODE_OPTIONS'];

/**
 * Calls the program, and resolves whatever the exit code: within this process, which takes half of the time, unless it
 * needs its own. The output of its children is then not in the result: use {@link runProgram} for that.
 */
export async function runCli(args: readonly string[], options: CallOptions = {}): Promise<CliResult> {
  const { cwd = process.cwd(), env = {}, input } = options;
  const own =
    process.env.LACONIC_TEST_CLI !== undefined ||
    input !== undefined ||
    args.some((arg) => connecting.has(arg)) ||
    ofProcess.some((name) => name in env);
  return own ? runProgram(args, options) : callInProcess(args, { cwd, env });
}

/**
 * Calls the program in this process, as `cli.ts` does in its own, which takes half of the time. What its children write
 * to the terminal is not in the result, and nobody can interrupt it.
 */
async function callInProcess(
  args: readonly string[],
  { cwd, env }: { cwd: string; env: NodeJS.ProcessEnv },
): Promise<CliResult> {
  const output = { stdout: '', stderr: '' };
  const code = await callCommand(args, {
    streams: {
      stdout: { write: (text: string) => (output.stdout += text) },
      stderr: { write: (text: string) => (output.stderr += text) },
    },
    env: { ...process.env, ...env },
    cwd,
    signalFor: () => new AbortController().signal,
  });
  return { code, ...output };
}
