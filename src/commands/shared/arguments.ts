import { type Command, InvalidArgumentError } from 'commander';
import type { LogsOptions, PortQuery } from '../../deployers/deployer.js';
import type { TargetOptions } from '../../deployers/lifecycle/target-options.js';
import type { Context } from '../../system/context.js';
import { LaconicError, UsageError } from '../../system/errors.js';
import { parseSeconds } from '../../system/seconds.js';

/** Returns the context of a command's call. */
export type ContextOf = (command: Command) => Context;

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

/** Returns the context of a command with JSON output: no other line may be on stdout. */
export function answeringIn(format: 'text' | 'json', context: Context): Context {
  return format === 'text' ? context : { ...context, report: { ...context.report, print: () => undefined } };
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

/** Returns the switch for the kind cluster that was given, if any. */
export function clusterSwitch(command: Command): TargetOptions {
  if (command.getOptionValueSource('manageCluster') === 'default') return {};
  const { manageCluster } = command.opts<{ manageCluster: boolean }>();
  return { [manageCluster ? '--perform-cluster-management' : '--skip-cluster-management']: true };
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

/**
 * Parses a container port from the command line.
 * @throws UsageError unless it is 1–65535
 */
export function parsePortNumber(text: string): number {
  const port = /^\d{1,5}$/.test(text) ? Number(text) : 0;
  if (port < 1 || port > 65535) throw new UsageError(`not a port: ${text} (a number from 1 to 65535)`);
  return port;
}

/**
 * Parses `--protocol`.
 * @throws UsageError unless it is tcp, udp or sctp
 */
export function parseProtocol(text: string): PortQuery['protocol'] {
  if (text === 'tcp' || text === 'udp' || text === 'sctp') return text;
  throw new UsageError(`--protocol: ${text} is not tcp, udp or sctp`);
}

/**
 * Parses `--index`, the number of a service's container.
 * @throws UsageError unless it is a number from 1 on
 */
export function parseIndex(text: string): number {
  if (/^[1-9]\d{0,5}$/.test(text)) return Number(text);
  throw new UsageError(`--index: ${text} is not a number of 1 or more`);
}

/**
 * Parses `--tail`: lines per container, undefined for `all`.
 * @throws UsageError
 */
export function parseTail(text: string): number | undefined {
  if (text === 'all') return undefined;
  if (/^\d{1,15}$/.test(text)) return Number(text);
  throw new UsageError(`--tail: ${text} is not a number of lines or "all"`);
}

/**
 * Parses repeated `--env NAME=VALUE`.
 * @throws UsageError
 */
export function parseVariables(assignments: readonly string[]): Map<string, string> {
  return new Map(
    assignments.map((text) => {
      const [, name, value] = /^([A-Za-z_][A-Za-z0-9_]*)=([^]*)$/.exec(text) ?? [];
      if (name === undefined || value === undefined) throw new UsageError(`--env: ${text} is not NAME=VALUE`);
      return [name, value];
    }),
  );
}

/** The options of `logs` as typed. */
export interface LogsFlags {
  tail: string;
  follow: boolean;
  since?: string;
  until?: string;
  timestamps: boolean;
  previous?: boolean;
}

/**
 * Parses the options of `logs`.
 * @throws UsageError
 */
export function logsOptions(services: readonly string[], flags: LogsFlags): LogsOptions {
  const { tail: lines, previous, ...rest } = flags;
  const tail = parseTail(lines);
  return { services, ...rest, tail, kubernetes: { previous } };
}
