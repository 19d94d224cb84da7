import { type Command, CommanderError } from 'commander';
import type { Context, GlobalOptions } from '../system/context.js';
import { ExitError, InterruptedError, LaconicError, UsageError } from '../system/errors.js';
import { createReporter, type Reporter, type Streams, wantsColor } from '../system/report.js';
import { createProgram, usageText } from './shared/program.js';
import { addCommand, commandTable } from './table.js';

/** A command while it runs. */
export interface RunningCall {
  readonly report: Reporter;
  /** Whether it only reads: then there is nothing to report when it is interrupted. */
  readonly reads: boolean;
}

/** Who calls the program: the process, or a test. */
export interface Caller {
  streams: Streams;
  env: NodeJS.ProcessEnv;
  cwd: string;
  /** Returns the signal that interrupts the command. The call changes until the command runs. */
  signalFor: (call: RunningCall) => AbortSignal;
}

const readers: ReadonlySet<string> = new Set(['logs', 'ps', 'status', 'port', 'render']);

/**
 * Parses a command line, runs its command, whose module only is loaded, and reports its error.
 * @returns the exit code
 */
export async function callCommand(argv: readonly string[], caller: Caller): Promise<number> {
  const { streams, env, cwd } = caller;
  const reporterFor = (options: Pick<GlobalOptions, 'quiet' | 'verbose' | 'debug'>): Reporter =>
    createReporter(streams, {
      ...options,
      color: wantsColor(env, streams.stderr.isTTY),
      redraw: env.TERM !== 'dumb',
    });
  const program = createProgram(streams);
  let current: Command = program;
  const call = {
    report: reporterFor({ quiet: false, verbose: false, debug: argv.includes('--debug') }),
    get reads() {
      return readers.has(current.name());
    },
  };
  const signal = caller.signalFor(call);
  const contextOf = (): Context => {
    const options = program.opts<GlobalOptions>();
    call.report = reporterFor(options);
    return { options, report: call.report, signal, env, cwd };
  };
  program.hook('preAction', (_, action) => {
    current = action;
  });
  try {
    const commands = commandTable.map((entry) => ({ entry, command: addCommand(program, entry) }));
    const called = program.parseOptions([...argv]).operands[0];
    const found = called === undefined ? undefined : commands.find(({ entry }) => entry.names.includes(called));
    if (found !== undefined) (await found.entry.load()).default(found.command, contextOf);
    await program.parseAsync([...argv], { from: 'user' });
    return 0;
  } catch (error) {
    if (error instanceof CommanderError) return usageExit(error);
    if (error instanceof UsageError) streams.stderr.write(usageText(current, error.message));
    return error instanceof UsageError ? error.exitCode : explain(error, call);
  }
}

/** Commander has already printed the help or the usage error; only the exit code is left to determine. */
function usageExit(error: CommanderError): number {
  return error.code === 'commander.helpDisplayed' || error.code === 'commander.version' ? 0 : 2;
}

/**
 * Reports an error once, on stderr: what went wrong, why, and what to do.
 * @returns the exit code
 */
function explain(error: unknown, { report, reads }: RunningCall): number {
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
