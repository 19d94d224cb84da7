import { errorCode, InterruptedError } from '../errors.js';
import { loadExeca, ProgramMissingError, type RunResult } from './process.js';

/** A program and its exact arguments. */
export type PipedCommand = readonly [program: string, ...args: string[]];

/**
 * Runs two programs, piping stdout of the first into stdin of the second, without buffering it here. Resolves for any
 * exit code.
 * @returns how each ended
 * @throws LaconicError if a program is not installed; InterruptedError if `signal` stopped them
 */
export async function runPiped(
  from: PipedCommand,
  to: PipedCommand,
  options: { env: NodeJS.ProcessEnv; signal: AbortSignal },
): Promise<{ from: RunResult; to: RunResult }> {
  const execa = await loadExeca();
  const common = { env: options.env, extendEnv: false, cancelSignal: options.signal, reject: false } as const;
  const [program, ...args] = from;
  const [target, ...targetArgs] = to;
  const source = execa(program, args, { ...common, stdin: 'ignore', buffer: { stdout: false } });
  const destination = await source.pipe(target, targetArgs, { ...common, buffer: { stdout: false } });
  const origin = await source;
  if (origin.isCanceled || destination.isCanceled) throw new InterruptedError();
  return { from: asResult(program, origin), to: asResult(target, destination) };
}

interface Ended {
  readonly cause?: unknown;
  readonly exitCode?: number | undefined;
  readonly stderr: unknown;
  readonly escapedCommand: string;
}

function asResult(program: string, { cause, exitCode, stderr, escapedCommand }: Ended): RunResult {
  if (errorCode(cause) === 'ENOENT' && exitCode === undefined) throw new ProgramMissingError(program, cause);
  const text = typeof stderr === 'string' ? stderr : '';
  return { stdout: '', stderr: text, code: exitCode ?? 1, command: escapedCommand };
}
