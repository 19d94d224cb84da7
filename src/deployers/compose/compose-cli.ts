import { spawnSync } from 'node:child_process';
import type { Context } from '../../system/context.js';
import { CommandFailedError, InterruptedError, LaconicError } from '../../system/errors.js';
import { readText } from '../../system/files.js';
import { commandLine, run, type RunResult } from '../../system/process.js';
import { parseYaml } from '../../system/yaml.js';
import { type ComposeLine, parseComposeLine, warnOnce } from './compose-progress.js';
import { type ComposeProject, composeArguments } from './project.js';

export interface ComposeCallOptions {
  /** Each line of stderr that is no warning, as it comes. */
  onLine?: (line: ComposeLine) => void;
  /** Stops the call; absent: the context's own signal. */
  signal?: AbortSignal;
}

/**
 * The environment of our calls: orphans are ours to find and remove, whatever the operator's shell says, and
 * Compose need not warn about them.
 */
export function callEnvironment(project: Pick<ComposeProject, 'env'>): NodeJS.ProcessEnv {
  return { ...project.env, COMPOSE_REMOVE_ORPHANS: undefined, COMPOSE_IGNORE_ORPHANS: 'true' };
}

/** How long docker may take while our process exits, in milliseconds. */
const lastMoment = 20_000;

/**
 * Calls docker while our process exits: after a second Ctrl-C nobody waits any more for what was begun, and it would go
 * on unnoticed. docker gets a process group of its own, so that a third Ctrl-C does not reach it.
 */
export function callAtExit(args: readonly string[], env: NodeJS.ProcessEnv): void {
  // spawnSync takes `detached` as spawn does, which its types do not say.
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
 * `docker compose … <args>` with stdin closed and plain progress. Warnings go to the reporter, once each.
 * @throws CommandFailedError that starts with `what` and holds Compose's own words without its progress and warnings
 */
export async function composeOrFail(
  what: string,
  project: ComposeProject,
  args: readonly string[],
  context: Context,
  options: ComposeCallOptions = {},
): Promise<RunResult> {
  const said: string[] = [];
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
      if (line.kind === 'other' && line.text.trim() !== '') said.push(line.text);
    },
  });
  if (result.code === 0) return result;
  // Compose may end by itself, with a code of its own, when Ctrl-C reaches it first.
  if (signal.aborted) throw new InterruptedError();
  if (
    /unknown command: docker compose|'compose' is not a docker command|unknown flag: --progress/.test(result.stderr)
  ) {
    throw new LaconicError(`${what}: the docker program has no Compose v2 (2.20 or newer)`, {
      hint: 'install it: Debian calls it docker-compose, Docker calls it docker-compose-plugin',
    });
  }
  if (said.some((line) => line.startsWith('yaml: '))) await nameBrokenFile(project);
  throw new CommandFailedError(what, { ...result, stderr: said.join('\n') });
}

/**
 * Compose 2.26 says what is wrong in a YAML file and not in which: ours is asked, if it sees it too. @throws
 * InvalidFileError
 */
async function nameBrokenFile(project: ComposeProject): Promise<void> {
  for (const file of project.files) parseYaml(await readText(file), file);
}
