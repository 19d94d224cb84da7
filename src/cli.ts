import { setFlagsFromString } from 'node:v8';
import { type Command, CommanderError } from 'commander';
import { callCommand } from './commands/call.js';
import { createProgram, usageText } from './commands/shared/program.js';
import { ExitError, InterruptedError, LaconicError, UsageError } from './system/errors.js';
import { createReporter, type Reporter, wantsColor } from './system/report.js';
import type { Context, GlobalOptions } from './system/context.js';

// Commands are short: when V8 optimises a function at its usual threshold, it is hardly needed any more. A threshold
// seven times as high saves a third of the processor time of create and render, and does not slow down long runs.
setFlagsFromString('--interrupt-budget=1000000');
// A heap as small as this one is collected in one go, if at all before the command ends: incremental marking only costs
// time.
setFlagsFromString('--no-incremental-marking');

function reporterFor(options: Pick<GlobalOptions, 'quiet' | 'verbose' | 'debug'>): Reporter {
  const { env, stderr } = process;
  return createReporter(process, {
    ...options,
    color: wantsColor(env, stderr.isTTY),
    redraw: env.TERM !== 'dumb',
  });
}

/** Read-only commands: there is nothing to report when they are interrupted. */
const readers: ReadonlySet<string> = new Set(['logs', 'ps', 'status', 'port', 'render']);

const interruptedCode = new InterruptedError().exitCode;

/**
 * The first Ctrl-C stops new work and lets state be saved; the second exits at once. A closed terminal counts as the
 * first, never as the second: both the shell and the kernel report it.
 */
function interruptSignal(report: () => Reporter, reads: () => boolean): AbortSignal {
  const controller = new AbortController();
  const onSignal = (name: NodeJS.Signals): void => {
    if (controller.signal.aborted) {
      if (name !== 'SIGHUP') process.exit(interruptedCode);
      return;
    }
    controller.abort(new InterruptedError());
    if (!reads()) report().info('stopping: press Ctrl-C again to exit at once');
  };
  for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(name, onSignal);
  return controller.signal;
}

/**
 * Reports an error once, on stderr: what went wrong, why, and what to do.
 * @returns the exit code
 */
function explain(error: unknown, report: Reporter, reads: boolean): number {
  report.endProgress();
  if (!(error instanceof LaconicError)) {
    report.error(error instanceof Error ? error.message : String(error));
    // What the system refuses (a full disk, a file of another user) is not a bug.
    const refused = error instanceof Error && 'syscall' in error;
    if (!refused) report.info('this is a bug in laconic-so: --debug shows where it happened');
  } else if (error instanceof InterruptedError) {
    if (!reads) report.info('interrupted');
  } else if (!(error instanceof ExitError)) {
    // The hint belongs to the error: --quiet does not hide it.
    report.error(error.hint === undefined ? error.message : `${error.message}\n${error.hint}`);
  }
  if (error instanceof Error) report.debug(error.stack ?? '');
  return error instanceof LaconicError ? error.exitCode : 1;
}

async function main(argv: readonly string[]): Promise<number> {
  let report = reporterFor({ quiet: false, verbose: false, debug: argv.includes('--debug') });
  const program = createProgram();
  let current: Command = program;
  const reads = (): boolean => readers.has(current.name());
  const signal = interruptSignal(() => report, reads);
  const contextFor = (options: GlobalOptions): Context => {
    report = reporterFor(options);
    return { options, report, signal, env: process.env, cwd: process.cwd() };
  };
  program.hook('preAction', (_, action) => {
    current = action;
  });
  try {
    await callCommand(program, argv, contextFor);
    return 0;
  } catch (error) {
    if (error instanceof CommanderError) return usageExit(error);
    if (error instanceof UsageError) process.stderr.write(usageText(current, error.message));
    return error instanceof UsageError ? error.exitCode : explain(error, report, reads());
  }
}

/** Commander has already printed the help or the usage error; only the exit code is left to determine. */
function usageExit(error: CommanderError): number {
  if (error.code === 'commander.helpDisplayed' || error.code === 'commander.version') return 0;
  return 2;
}

// If a reader closes the pipe early (`| head -1`), it has what it wanted, and a full disk is no reason to leave work
// half done: the command is finished all the same.
let unwritten = false;
process.stderr.on('error', () => undefined);
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE' || unwritten) return;
  unwritten = true;
  process.stderr.write(`Error: cannot write to standard output: ${error.message}\n`);
  // The last output fails after the command's own code has been set.
  if (process.exitCode === 0) process.exitCode = 1;
});

/** Node's exit code, without a message, if nothing is left that could settle what a command waits for. */
const unsettledCode = 13;
const onUnsettled = (): void => {
  if (process.exitCode !== unsettledCode) return;
  process.stderr.write('Error: the command waits for something that never happens\nthis is a bug in laconic-so\n');
  process.exitCode = 1;
};
process.once('exit', onUnsettled);
const code = await main(process.argv.slice(2));
process.off('exit', onUnsettled);
process.exitCode = unwritten && code === 0 ? 1 : code;
// A JavaScript hook may have left a timer or a connection open, or still be waiting: that must not keep the process
// running. Pending output is written first.
const written = (stream: NodeJS.WriteStream): Promise<void> =>
  new Promise((resolve) => {
    stream.write('', () => resolve());
  });
await Promise.all([written(process.stdout), written(process.stderr)]);
process.exit();
