import type { Reporter } from './report.js';

/** The options every command accepts before its name. */
export interface GlobalOptions {
  stack?: string | undefined;
  quiet: boolean;
  verbose: boolean;
  dryRun: boolean;
  localStack: boolean;
  debug: boolean;
  continueOnError: boolean;
}

/** What every operation gets from the edge: how it was called, where it runs, how it speaks, when to stop. */
export interface Context {
  readonly options: GlobalOptions;
  readonly report: Reporter;
  /** Aborted by the first Ctrl-C, SIGTERM or SIGHUP: stop starting work, leave a consistent state. */
  readonly signal: AbortSignal;
  /** The process environment of the program. */
  readonly env: NodeJS.ProcessEnv;
  /** Absolute current directory. */
  readonly cwd: string;
  /**
   * The longest that one answer of the Docker engine or an API server is awaited, in seconds; without it, as long as it
   * takes.
   */
  readonly answerSeconds?: number;
}
