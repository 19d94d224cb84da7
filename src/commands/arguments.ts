import { type Command, InvalidArgumentError } from 'commander';
import type { Context } from '../system/context.js';
import { LaconicError, UsageError } from '../system/errors.js';

/** How a command gets the context of its call. */
export type ContextOf = (command: Command) => Context;

/** A number of seconds from the command line, such as `30` or `0.5`. @throws UsageError */
export function parseSeconds(text: string, option: string): number {
  if (/^\d+(\.\d+)?$/.test(text)) return Number(text);
  throw new UsageError(`${option}: ${text} is not a number of seconds`);
}

/** A whole number of seconds, as engines and clusters take them. @throws UsageError */
export function parseWholeSeconds(text: string, option: string): number {
  if (/^\d{1,9}$/.test(text)) return Number(text);
  throw new UsageError(`${option}: ${text} is not a whole number of seconds`);
}

/** How many, from 1 to 64. @throws UsageError */
export function parseCount(text: string, option: string): number {
  if (/^[1-9]\d?$/.test(text) && Number(text) <= 64) return Number(text);
  throw new UsageError(`${option}: ${text} is not a number from 1 to 64`);
}

/** `--format`. @throws UsageError */
export function parseFormat(text: string): 'text' | 'json' {
  if (text === 'text' || text === 'json') return text;
  throw new UsageError(`--format: ${text} is not text or json`);
}

/** A path from the command line. An empty one is most likely a variable of a script that was never set. */
export function parsePath(text: string): string {
  if (text === '') throw new InvalidArgumentError('It must not be empty.');
  return text;
}

/** A call with too few arguments: the line that scripts know with its exit code 1, and what is missing. */
export function missingArgument(usage: string, missing: string): LaconicError {
  return new LaconicError(`Usage: ${usage}`, { hint: `missing: ${missing}` });
}

/** The deployment a subcommand of `deployment` works on. */
export function targetOf(command: Command): { directory: string; lockWaitSeconds: number } {
  const options = command.optsWithGlobals<{ dir?: string; lockWait: string }>();
  // Not left to the parser, which would complain of this first where the option is only misspelt or misplaced.
  if (options.dir === undefined) throw new UsageError("required option '--dir <path>' not specified");
  return { directory: options.dir, lockWaitSeconds: parseSeconds(options.lockWait, '--lock-wait') };
}

/** Collects the values of an option that may be repeated. */
export function collect(value: string, before: string[] = []): string[] {
  return [...before, value];
}

/** The options of every command that waits for readiness, as typed. */
export interface WaitFlags {
  wait: boolean;
  waitTimeout?: string;
  steady?: string;
}

/** Adds them. */
export function addWaitOptions(command: Command): Command {
  return command
    .option('--no-wait', 'return when the containers are started, ready or not')
    .option(
      '--wait-timeout <seconds>',
      'how long anything is awaited; not ready by then is a failure (no limit without it)',
    )
    .option(
      '--steady <seconds>',
      'how long what has no healthcheck must run without a restart (2, or LACONIC_SO_STEADY)',
    );
}

/** A server that is only slow, as on a busy machine, answers within this time (seconds). */
const leastAnswerSeconds = 10;

/** The context of a command with these options: `--wait-timeout` holds for what servers are asked, too. */
export function limitAnswers(context: Context, { waitTimeout }: { waitTimeout?: number }): Context {
  if (waitTimeout === undefined) return context;
  return { ...context, answerSeconds: Math.max(waitTimeout, leastAnswerSeconds) };
}

/** What they mean. @throws UsageError */
export function parseWait(flags: WaitFlags): { wait: boolean; waitTimeout?: number; steadySeconds?: number } {
  const { wait, waitTimeout, steady } = flags;
  return {
    wait,
    ...(waitTimeout === undefined ? {} : { waitTimeout: parseSeconds(waitTimeout, '--wait-timeout') }),
    ...(steady === undefined ? {} : { steadySeconds: parseSeconds(steady, '--steady') }),
  };
}
