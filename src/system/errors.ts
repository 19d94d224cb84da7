/**
 * The failures this program explains: what failed, why, and what to do. Each is thrown where it happens and shown once,
 * at the top. Any other error that reaches the top is a bug in laconic-so.
 */

/**
 * A failure with a message for the operator. `hint` says what to do; `exitCode` (0–255) becomes that of the process.
 */
export class LaconicError extends Error {
  readonly hint: string | undefined;
  readonly exitCode: number = 1;

  constructor(message: string, options: { hint?: string; cause?: unknown } = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = new.target.name;
    this.hint = options.hint;
  }
}

/** Whether an error is an explained failure of the work itself: not of the command line, and no interruption. */
export function isExplained(error: unknown): error is LaconicError {
  return error instanceof LaconicError && error.exitCode === 1;
}

/** The command line itself is invalid: exit code 2. */
export class UsageError extends LaconicError {
  override readonly exitCode = 2;
}

/** One problem in a file: where it is, what is wrong, and what is allowed instead. */
export interface Problem {
  /** Path of the file as the operator knows it. */
  file: string;
  /** 1-based line; absent when the problem concerns the whole file. */
  line?: number | undefined;
  /** Dotted path of the key, such as `network.ports.web[1]`. */
  key?: string | undefined;
  message: string;
}

/** Formats a problem as `spec.yml:12 volumes.data: what is wrong`. */
export function formatProblem(problem: Problem): string {
  const place = problem.line === undefined ? problem.file : `${problem.file}:${problem.line}`;
  const key = problem.key ? ` ${problem.key}` : '';
  return `${place}${key}: ${problem.message}`;
}

/** A file of the operator is not usable. Holds every problem found, not only the first. */
export class InvalidFileError extends LaconicError {
  readonly problems: readonly Problem[];

  constructor(problems: readonly Problem[]) {
    super(problems.map(formatProblem).join('\n'));
    this.problems = problems;
  }
}

/** An external program failed. The message shows its stderr, or else the command (ready to paste) and the exit code. */
export class CommandFailedError extends LaconicError {
  readonly command: string;
  readonly code: number | undefined;
  readonly stderr: string;

  constructor(
    what: string,
    details: { command: string; code: number | undefined; stderr: string; hint?: string; cause?: unknown },
  ) {
    const said = details.stderr.trim();
    super(
      said === '' ? `${what}: \`${details.command}\` returned ${details.code ?? 'no exit code'}` : `${what}: ${said}`,
      details,
    );
    this.command = details.command;
    this.code = details.code;
    this.stderr = details.stderr;
  }
}

/**
 * Everything has been explained already, or the exit code is another program's: only the exit code remains to be set.
 */
export class ExitError extends LaconicError {
  override readonly exitCode: number;

  constructor(exitCode: number) {
    super(`exit ${exitCode}`);
    this.exitCode = exitCode;
  }
}

/** Interrupted by Ctrl-C, SIGTERM or a closed terminal: exit code 130. */
export class InterruptedError extends LaconicError {
  override readonly exitCode = 130;

  constructor() {
    super('interrupted');
  }
}

/** The `code` of a Node system error (`ENOENT`, `EEXIST`, …), or undefined. */
export function errorCode(error: unknown): string | undefined {
  if (error instanceof Error && 'code' in error && typeof error.code === 'string') return error.code;
  return undefined;
}

/** The message of a thrown value of any type. */
export function errorMessage(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
