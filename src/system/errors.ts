/**
 * The failures this program explains. Each is thrown where it happens and shown once, at the top:
 * what failed, why, what to do. Everything else that reaches the top is a defect of ours.
 */

/** A failure with a message for the operator. `hint` says what to do; `exitCode` is the process's own (0–255). */
export class LaconicError extends Error {
  readonly hint: string | undefined;
  readonly exitCode: number = 1;

  constructor(message: string, options: { hint?: string; cause?: unknown } = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = new.target.name;
    this.hint = options.hint;
  }
}

/** The command line itself is wrong: exit 2. */
export class UsageError extends LaconicError {
  override readonly exitCode = 2;
}

/** One thing that is wrong in a file: where it stands, what is wrong, and what is allowed instead. */
export interface Problem {
  /** Path of the file as the operator knows it. */
  file: string;
  /** 1-based line; absent when the file as a whole is meant. */
  line?: number | undefined;
  /** Dotted path of the key, such as `network.ports.web[1]`. */
  key?: string | undefined;
  message: string;
}

/** `spec.yml:12 volumes.data: what is wrong`. */
export function formatProblem(problem: Problem): string {
  const place = problem.line === undefined ? problem.file : `${problem.file}:${problem.line}`;
  const key = problem.key ? ` ${problem.key}` : '';
  return `${place}${key}: ${problem.message}`;
}

/** A file of the operator cannot be used. Holds every problem found, not only the first. */
export class InvalidFileError extends LaconicError {
  readonly problems: readonly Problem[];

  constructor(problems: readonly Problem[]) {
    super(problems.map(formatProblem).join('\n'));
    this.problems = problems;
  }
}

/** A program we called failed. The message shows the command as one could paste it, and the program's own words. */
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
      {
        ...(details.hint === undefined ? {} : { hint: details.hint }),
        cause: details.cause,
      },
    );
    this.command = details.command;
    this.code = details.code;
    this.stderr = details.stderr;
  }
}

/**
 * The outcome is explained already (or is another program's own exit code to pass on): only the exit code is left to
 * say.
 */
export class ExitError extends LaconicError {
  override readonly exitCode: number;

  constructor(exitCode: number) {
    super(`exit ${exitCode}`);
    this.exitCode = exitCode;
  }
}

/** The operator pressed Ctrl-C (or sent SIGTERM, or closed the terminal): exit 130. */
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

/** A thrown value's message, whatever was thrown. */
export function errorMessage(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
