import type { Engine } from '../../../engine/connect.js';
import type { Context } from '../../../system/context.js';
import { run, runAttached } from '../../../system/process/process.js';
import type { ExecOptions } from '../../deployer.js';
import { hasTerminal, notRun, shellOrDirect } from '../../exec-command.js';
import { runningContainer } from '../resources/find.js';
import type { ComposeProject } from '../cli/project.js';

/**
 * Runs a command in a running container, with this process's stdin, stdout and stderr. A single word is a line for the
 * container's shell (`sh -c WORD`), several are the command's arguments. A terminal is allocated if stdin and stdout
 * are terminals; otherwise bytes pass unchanged.
 * @returns the command's exit code; 127 if the container has no such program
 * @throws LaconicError (exit code 1) if the command was not run: unknown service, or not running
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
  // The engine's own exec: the container is known already, and Compose would read all files (and warn about them)
  // again.
  const flags = ['--interactive', ...(hasTerminal() ? ['--tty'] : []), ...runtimeArguments(project)];
  const code = await runAttached('docker', ['exec', ...flags, container.id, ...command], {
    env: context.env,
    signal: context.signal,
  });
  const [program = ''] = command;
  if (code !== notRunnable || !(await isMissing(program, container.id, context))) return code;
  context.report.error(`${program}: the program does not exist in the container of ${options.service}`);
  return notFound;
}

/** Exit codes of shells; the engine reports 126 for both. */
const notRunnable = 126;
const notFound = 127;

/** Whether a container lacks a program, according to its own shell. */
async function isMissing(program: string, container: string, { env, signal }: Context): Promise<boolean> {
  const look = ['sh', '-c', 'command -v -- "$0" >/dev/null 2>&1 || exit 3', program];
  const { code } = await run('docker', ['exec', container, ...look], { env, signal });
  return code === 3 || (code === notRunnable && program === 'sh');
}

/** `--env` arguments for every command in a container: user and group on the host, and whether to debug. */
export function runtimeArguments({ env }: Pick<ComposeProject, 'env'>): string[] {
  return ['CERC_HOST_UID', 'CERC_HOST_GID', 'CERC_SCRIPT_DEBUG'].flatMap((name) => {
    const value = env[name];
    return value === undefined ? [] : ['--env', `${name}=${value}`];
  });
}
