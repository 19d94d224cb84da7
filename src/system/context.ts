import type { Reporter } from './report.js';

/** Global options, given before the command's name. */
export interface GlobalOptions {
  stack?: string | undefined;
  quiet: boolean;
  verbose: boolean;
  dryRun: boolean;
  localStack: boolean;
  debug: boolean;
  continueOnError: boolean;
}

/** What every operation needs from its caller: options, output, cancellation, environment, working directory. */
export interface Context {
  readonly options: GlobalOptions;
  readonly report: Reporter;
  /** Aborted by the first Ctrl-C, SIGTERM or SIGHUP: start no new work and leave a consistent state. */
  readonly signal: AbortSignal;
  /** The environment of this process. */
  readonly env: NodeJS.ProcessEnv;
  /** Absolute path of the working directory. */
  readonly cwd: string;
  /** Maximum wait for a single answer of the Docker engine or an API server, in seconds; absent: no limit. */
  readonly answerSeconds?: number;
}
