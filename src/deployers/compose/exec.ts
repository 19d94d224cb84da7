import type { Engine } from '../../engine/connect.js';
import type { Context } from '../../system/context.js';
import { LaconicError } from '../../system/errors.js';
import { run, runAttached } from '../../system/process.js';
import type { ExecOptions } from '../deployer.js';
import { runningContainer } from './find.js';
import type { ComposeProject } from './project.js';

/**
 * Runs a command in a running container, on our own stdin, stdout and stderr; resolves to the command's exit code.
 * One word is a line for the container's shell (`sh -c WORD`), several are the
 * command's own arguments. A terminal is allocated when stdin and stdout are one; else bytes pass unchanged.
 * 127 where the container has no such program.
 * @throws LaconicError (exit 1) that says the command was not run: unknown service, not running
 */
export async function execInService(
  project: ComposeProject,
  options: ExecOptions,
  engine: Engine,
  context: Context,
): Promise<number> {
  const command = shellOrDirect(options.command);
  context.report.verbose(`Running compose exec ${options.service} ${JSON.stringify(command)}`);
  const container = await runningContainer(project, options, engine, context).catch((error: unknown) => {
    throw notRun(error);
  });
  // The engine's own exec: the container is found already, and Compose would read all files (and warn about them)
  // again.
  const flags = ['--interactive', ...(hasTerminal() ? ['--tty'] : []), ...runtimeArguments(project)];
  const code = await runAttached('docker', ['exec', ...flags, container.id, ...command], {
    env: context.env,
    signal: context.signal,
  });
  const [program = ''] = command;
  if (code !== notRunnable || !(await isMissing(program, container.id, context))) return code;
  context.report.error(`${program}: there is no such program in the container of ${options.service}`);
  return notFound;
}

/** Exit codes of shells, and of the engine for both. */
const notRunnable = 126;
const notFound = 127;

/** Whether a container lacks a program, as far as its own shell tells. */
async function isMissing(program: string, container: string, { env, signal }: Context): Promise<boolean> {
  const look = ['sh', '-c', 'command -v -- "$0" >/dev/null 2>&1 || exit 3', program];
  const { code } = await run('docker', ['exec', container, ...look], { env, signal });
  return code === 3 || (code === notRunnable && program === 'sh');
}

function notRun(error: unknown): unknown {
  if (!(error instanceof LaconicError) || error.exitCode !== 1) return error;
  return new LaconicError(`the command was not run: ${error.message}`, {
    ...(error.hint === undefined ? {} : { hint: error.hint }),
    cause: error,
  });
}

/** What is executed for the words after the service name: see {@link execInService}. */
export function shellOrDirect(words: readonly string[]): string[] {
  const [only = ''] = words;
  return words.length === 1 ? ['sh', '-c', only] : [...words];
}

/** Whether a terminal can be handed on: Docker refuses one when stdin or stdout is something else. */
export function hasTerminal(): boolean {
  return process.stdin.isTTY && process.stdout.isTTY;
}

/** `--env` arguments every command in a container gets: who runs it on the host, and whether to debug. */
export function runtimeArguments({ env }: Pick<ComposeProject, 'env'>): string[] {
  return ['CERC_HOST_UID', 'CERC_HOST_GID', 'CERC_SCRIPT_DEBUG'].flatMap((name) => {
    const value = env[name];
    return value === undefined ? [] : ['--env', `${name}=${value}`];
  });
}
