import { setFlagsFromString } from 'node:v8';
import { callCommand, type RunningCall } from './commands/call.js';
import { InterruptedError } from './system/errors.js';

// Commands are short: when V8 optimises a function at its usual threshold, it is hardly needed any more. A threshold
// seven times as high saves a third of the processor time of create and render, and does not slow down long runs.
setFlagsFromString('--interrupt-budget=1000000');
// A heap as small as this one is collected in one go, if at all before the command ends: incremental marking only costs
// time.
setFlagsFromString('--no-incremental-marking');

const interruptedCode = new InterruptedError().exitCode;

/**
 * The first Ctrl-C stops new work and lets state be saved; the second exits at once. A closed terminal counts as the
 * first, never as the second: both the shell and the kernel report it.
 */
function interruptSignal(call: RunningCall): AbortSignal {
  const controller = new AbortController();
  const onSignal = (name: NodeJS.Signals): void => {
    if (controller.signal.aborted) {
      if (name !== 'SIGHUP') process.exit(interruptedCode);
      return;
    }
    controller.abort(new InterruptedError());
    if (!call.reads) call.report.info('stopping: press Ctrl-C again to exit at once');
  };
  for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(name, onSignal);
  return controller.signal;
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
const { env } = process;
const caller = { streams: process, env, cwd: process.cwd(), signalFor: interruptSignal };
const code = await callCommand(process.argv.slice(2), caller);
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
