import { type Command, InvalidArgumentError } from 'commander';
import type { Context } from '../system/context.js';
import { LaconicError, UsageError } from '../system/errors.js';

/** Returns the context of a command's call. */
export type ContextOf = (command: Command) => Context;

/**
 * Parses a number of seconds from the command line, such as `30` or `0.5`.
 * @throws UsageError
 */
export function parseSeconds(text: string, option: string): number {
  if (/^\d+(\.\d+)?$/.test(text)) return Number(text);
  throw new UsageError(`${option}: ${text} is not a number of seconds`);
}

/**
 * Parses a whole number of seconds, as engines and clusters expect.
 * @throws UsageError
 */
export function parseWholeSeconds(text: string, option: string): number {
  if (/^\d{1,9}$/.test(text)) return Number(text);
  throw new UsageError(`${option}: ${text} is not a whole number of seconds`);
}

/**
 * Parses a count from 1 to 64.
 * @throws UsageError
 */
export function parseCount(text: string, option: string): number {
  if (/^[1-9]\d?$/.test(text) && Number(text) <= 64) return Number(text);
  throw new UsageError(`${option}: ${text} is not a number from 1 to 64`);
}

/**
 * Parses `--format`.
 * @throws UsageError
 */
export function parseFormat(text: string): 'text' | 'json' {
  if (text === 'text' || text === 'json') return text;
  throw new UsageError(`--format: ${text} is not text or json`);
}

/**
 * Parses a path from the command line. An empty one is most likely an unset variable of a script.
 * @throws InvalidArgumentError if it is empty
 */
export function parsePath(text: string): string {
  if (text === '') throw new InvalidArgumentError('It must not be empty.');
  return text;
}

/** The error for missing arguments: the usage line and exit code 1 that scripts rely on, and what is missing. */
export function missingArgument(usage: string, missing: string): LaconicError {
  return new LaconicError(`Usage: ${usage}`, { hint: `missing: ${missing}` });
}

/**
 * The deployment that a subcommand of `deployment` works on.
 * @throws UsageError without `--dir`
 */
export function targetOf(command: Command): { directory: string; lockWaitSeconds: number } {
  const options = command.optsWithGlobals<{ dir?: string; lockWait: string }>();
  // Not left to the parser, which would report this first even if the option is only misspelt or misplaced.
  if (options.dir === undefined) throw new UsageError("required option '--dir <path>' not specified");
  return { directory: options.dir, lockWaitSeconds: parseSeconds(options.lockWait, '--lock-wait') };
}

/** Collects the values of a repeatable option. */
export function collect(value: string, before: string[] = []): string[] {
  return [...before, value];
}

/** The options of every command that waits for readiness, as typed. */
export interface WaitFlags {
  wait: boolean;
  waitTimeout?: string;
  steady?: string;
}

/** Adds these options to a command. */
export function addWaitOptions(command: Command): Command {
  return command
    .option('--no-wait', 'return once the containers are started, without waiting until they are ready')
    .option('--wait-timeout <seconds>', 'maximum time to wait for anything, then fail (default: no limit)')
    .option(
      '--steady <seconds>',
      'how long a container without a healthcheck must run without a restart (default: 2, or LACONIC_SO_STEADY)',
    );
}

/** A server that is merely slow, as on a busy machine, answers within this time (seconds). */
const leastAnswerSeconds = 10;

/** Returns the context of a command with these options: `--wait-timeout` also limits each answer of a server. */
export function limitAnswers(context: Context, { waitTimeout }: { waitTimeout?: number }): Context {
  if (waitTimeout === undefined) return context;
  return { ...context, answerSeconds: Math.max(waitTimeout, leastAnswerSeconds) };
}

/**
 * Parses these options.
 * @throws UsageError
 */
export function parseWait(flags: WaitFlags): { wait: boolean; waitTimeout?: number; steadySeconds?: number } {
  const { wait, waitTimeout, steady } = flags;
  return {
    wait,
    ...(waitTimeout === undefined ? {} : { waitTimeout: parseSeconds(waitTimeout, '--wait-timeout') }),
    ...(steady === undefined ? {} : { steadySeconds: parseSeconds(steady, '--steady') }),
  };
}
