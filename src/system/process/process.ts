import { constants } from 'node:os';
import type { Readable } from 'node:stream';
import type { execa, Options } from 'execa';
import { CommandFailedError, errorCode, InterruptedError, LaconicError } from '../errors.js';
import { endOnAbort } from './process-tree.js';
import { shownCommand } from '../shown-command.js';

export interface RunOptions {
  cwd?: string;
  /** The complete environment of the child; absent: that of this process. */
  env?: NodeJS.ProcessEnv;
  signal?: AbortSignal;
  /** Text for the child's stdin. Absent: stdin is closed, or inherited if `stdin` says so. */
  input?: string;
  stdin?: 'inherit';
  /** Called for each line of a stream as it arrives. */
  onStderrLine?: (line: string) => void;
  onStdoutLine?: (line: string) => void;
}

export interface RunResult {
  stdout: string;
  stderr: string;
  /** The exit code; 128 + n if signal n ended the child. */
  code: number;
  /** The command, ready to paste into a shell. */
  command: string;
}

/** Loads execa on first use: commands that run no program start faster without it. */
export async function loadExeca(): Promise<typeof execa> {
  return (await import('execa')).execa;
}

/** The exit code that a shell reports for a child that a signal ended: 128 + its number. */
export function signalExitCode(signal: NodeJS.Signals | null): number {
  return 128 + (signal === null ? 0 : constants.signals[signal]);
}

function environment(env: NodeJS.ProcessEnv | undefined): Pick<Options, 'env' | 'extendEnv'> {
  return env === undefined ? {} : { env, extendEnv: false };
}

/** A program is not installed. The hint says what to install. */
export class ProgramMissingError extends LaconicError {
  constructor(program: string, cause: unknown) {
    super(`${program} is not installed, or not on the PATH`, {
      hint:
        program === 'docker'
          ? 'install the Docker engine and Compose v2 (docker compose version must answer)'
          : `install ${program}`,
      cause,
    });
  }
}

/** A command ready to paste into a shell: for messages, never to be run. */
export function commandLine(program: string, args: readonly string[]): string {
  return shownCommand([program, ...args]);
}

/**
 * Runs a program with exactly these arguments (no shell), capturing stdout and stderr. Resolves for any exit code.
 * @throws ProgramMissingError; LaconicError if it cannot be started; InterruptedError if `signal` stopped it
 */
export async function run(program: string, args: readonly string[], options: RunOptions = {}): Promise<RunResult> {
  const execa = await loadExeca();
  const child = execa(program, args, {
    ...environment(options.env),
    cwd: options.cwd,
    cancelSignal: options.signal,
    ...(options.input === undefined ? { stdin: options.stdin ?? ('ignore' as const) } : { input: options.input }),
    reject: false,
    stripFinalNewline: false,
    maxBuffer: 256 * 1024 * 1024,
  });
  if (options.onStderrLine) forEachLine(child.stderr, options.onStderrLine);
  if (options.onStdoutLine) forEachLine(child.stdout, options.onStdoutLine);
  const result = await child;
  if (result.isCanceled) throw new InterruptedError();
  if (errorCode(result.cause) === 'ENOENT' && result.exitCode === undefined)
    throw new ProgramMissingError(program, result.cause);
  const signalCode = result.signal ? signalExitCode(result.signal) : undefined;
  if (result.exitCode === undefined && signalCode === undefined) {
    throw new LaconicError(`cannot run ${program}: ${result.originalMessage ?? 'unknown reason'}`, {
      cause: result.cause,
    });
  }
  return {
    stdout: result.stdout,
    stderr: result.stderr,
    code: result.exitCode ?? signalCode ?? 1,
    command: result.escapedCommand,
  };
}

/** Like {@link run}, but throws a CommandFailedError that starts with `what` if the exit code is not 0. */
export async function runOrFail(
  what: string,
  program: string,
  args: readonly string[],
  options: RunOptions = {},
): Promise<RunResult> {
  const result = await run(program, args, options);
  if (result.code !== 0) throw new CommandFailedError(what, result);
  return result;
}

/** How long a script may ignore SIGTERM before it is killed, in milliseconds. */
const scriptGrace = 5_000;

/**
 * Runs a program on this terminal: stdout and stderr are inherited, and stdin by default. Resolves to its exit code.
 * @param options `script`: `signal` stops it as {@link endOnAbort} describes
 */
export async function runAttached(
  program: string,
  args: readonly string[],
  options: {
    cwd?: string;
    env?: NodeJS.ProcessEnv;
    signal?: AbortSignal;
    stdin?: 'inherit' | 'ignore';
    script?: boolean;
  } = {},
): Promise<number> {
  const execa = await loadExeca();
  const child = execa(program, args, {
    ...environment(options.env),
    cwd: options.cwd,
    ...(options.signal === undefined || options.script ? {} : { cancelSignal: options.signal }),
    stdin: options.stdin ?? 'inherit',
    stdout: 'inherit',
    stderr: 'inherit',
    reject: false,
  });
  const { script = false, signal } = options;
  const ended = script && signal !== undefined ? endOnAbort(child, signal, scriptGrace) : undefined;
  const result = await child;
  ended?.();
  if (result.isCanceled || (script && signal?.aborted)) throw new InterruptedError();
  if (errorCode(result.cause) === 'ENOENT' && result.exitCode === undefined)
    throw new ProgramMissingError(program, result.cause);
  return result.exitCode ?? (result.signal ? signalExitCode(result.signal) : 1);
}

/**
 * Calls back for every line of a stream, including a last one without a newline. Bytes that are not UTF-8 become
 * U+FFFD.
 */
export function forEachLine(stream: Readable, each: (line: string) => void): void {
  let rest = '';
  stream.setEncoding('utf8');
  stream.on('data', (text: string) => {
    const lines = (rest + text).split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) each(line.replace(/\r$/, ''));
  });
  stream.on('end', () => {
    if (rest !== '') each(rest);
  });
}
