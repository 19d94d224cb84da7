import { spawnSync } from 'node:child_process';
import type { Context } from '../../../system/context.js';
import { CommandFailedError, InterruptedError, LaconicError } from '../../../system/errors.js';
import { readText } from '../../../system/files/files.js';
import { commandLine, run, type RunResult } from '../../../system/process/process.js';
import { parseYaml } from '../../../system/yaml/yaml.js';
import { type ComposeLine, parseComposeLine, warnOnce } from './compose-progress.js';
import { type ComposeProject, composeArguments } from './project.js';

export interface ComposeCallOptions {
  /** Called for each line of stderr that is not a warning, as it arrives. */
  onLine?: (line: ComposeLine) => void;
  /** Aborts the call; absent: the signal of the context. */
  signal?: AbortSignal;
}

/**
 * The environment for calls of Compose. laconic-so finds and removes orphans itself, regardless of the operator's
 * shell, so Compose need not warn about them.
 */
export function callEnvironment(project: Pick<ComposeProject, 'env'>): NodeJS.ProcessEnv {
  return { ...project.env, COMPOSE_REMOVE_ORPHANS: undefined, COMPOSE_IGNORE_ORPHANS: 'true' };
}

/** How long docker may take while this process exits, in milliseconds. */
const lastMoment = 20_000;

/**
 * Calls docker while this process exits: after a second Ctrl-C nothing waits any more for what was started, and it
 * would go on unnoticed. docker gets its own process group, so that a third Ctrl-C does not reach it.
 */
export function callAtExit(args: readonly string[], env: NodeJS.ProcessEnv): void {
  // spawnSync accepts `detached` like spawn, although its types do not declare it.
  const apart = { env, stdio: 'ignore' as const, timeout: lastMoment, detached: true };
  spawnSync('docker', args, apart);
}

/** Arguments of `docker` for a call of Compose on a project. */
export function callArguments(project: ComposeProject, args: readonly string[]): string[] {
  const selection = composeArguments(project);
  selection.splice(selection.indexOf('compose') + 1, 0, '--progress', 'plain');
  return [...selection, ...args];
}

/**
 * Runs `docker compose … <args>` with stdin closed and plain progress. Each warning is reported once.
 * @throws CommandFailedError that starts with `what` and contains Compose's message without progress and warnings
 */
export async function composeOrFail(
  what: string,
  project: ComposeProject,
  args: readonly string[],
  context: Context,
  options: ComposeCallOptions = {},
): Promise<RunResult> {
  const messages: string[] = [];
  const signal = options.signal ?? context.signal;
  const words = callArguments(project, args);
  context.report.verbose(commandLine('docker', words));
  const result = await run('docker', words, {
    env: callEnvironment(project),
    signal,
    onStderrLine: (raw) => {
      const line = parseComposeLine(raw);
      if (line.kind === 'warning') warnOnce(context, line.text, project.reportedUnset);
      else options.onLine?.(line);
      if (line.kind === 'other' && line.text.trim() !== '') messages.push(line.text);
    },
  });
  if (result.code === 0) return result;
  // If Ctrl-C reaches Compose first, it ends by itself with its own exit code.
  if (signal.aborted) throw new InterruptedError();
  if (
    /unknown command: docker compose|'compose' is not a docker command|unknown flag: --progress/.test(result.stderr)
  ) {
    throw new LaconicError(`${what}: the docker program has no Compose v2 (2.20 or newer)`, {
      hint: 'install it: Debian calls it docker-compose, Docker calls it docker-compose-plugin',
    });
  }
  if (messages.some((line) => line.startsWith('yaml: '))) await nameBrokenFile(project);
  throw new CommandFailedError(what, { ...result, stderr: messages.join('\n') });
}

/**
 * Compose 2.26 reports a YAML error without the file: our own parser may find it.
 * @throws InvalidFileError
 */
async function nameBrokenFile(project: ComposeProject): Promise<void> {
  for (const file of project.files) parseYaml(await readText(file), file);
}
