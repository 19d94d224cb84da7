import { isExplained, LaconicError } from '../system/errors.js';

/** Says first that a command was not run; interruptions and other exit codes are returned unchanged. */
export function notRun(error: unknown): unknown {
  if (!isExplained(error)) return error;
  return new LaconicError(`the command was not run: ${error.message}`, { hint: error.hint, cause: error });
}

/** The command to execute for the words after the service name: a single word is a line for the shell. */
export function shellOrDirect(words: readonly string[]): string[] {
  const [only = ''] = words;
  return words.length === 1 ? ['sh', '-c', only] : [...words];
}

/** Whether a terminal can be passed on: Docker refuses it unless stdin and stdout are terminals. */
export function hasTerminal(): boolean {
  return process.stdin.isTTY && process.stdout.isTTY;
}
