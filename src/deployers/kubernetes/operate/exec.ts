import { errorMessage, InterruptedError } from '../../../system/errors.js';
import { run } from '../../../system/process/process.js';
import type { Context } from '../../../system/context.js';
import type { ExecOptions } from '../../deployer.js';
import { hasTerminal, notRun, shellOrDirect } from '../../exec-command.js';
import type { Connection } from '../api/connect.js';
import type { Identity } from '../objects/common/identity.js';
import { execInPod } from './exec-stream.js';
import { runningPodContainer } from './find.js';

/**
 * Runs a command in a running container with this process's stdin, stdout and stderr; resolves to its exit code. A
 * single word is a line for the container's shell, several words are the command's arguments. The container gets a
 * terminal if stdin and stdout are terminals.
 * @throws LaconicError (exit 1) if the command was not run
 */
export async function execInDeployment(
  { api, kubeConfig }: Connection,
  identity: Identity,
  options: ExecOptions,
  context: Context,
): Promise<number> {
  const { pod, container } = await runningPodContainer(api, identity, options).catch((error: unknown) => {
    throw notRun(error);
  });
  const target = {
    namespace: identity.namespace,
    pod: pod.metadata.name,
    container,
    command: shellOrDirect(options.command),
  };
  context.report.verbose(`Running exec in ${container} of pod ${target.pod}: ${JSON.stringify(target.command)}`);
  const { stdin, stdout, stderr } = process;
  if (!hasTerminal()) return execInPod(kubeConfig, target, { stdin, stdout, stderr }, context.signal);
  stdin.setRawMode(true);
  try {
    await leaveOutputAlone(context);
    return await execInPod(kubeConfig, target, { stdin, stdout, terminal: stdout }, context.signal);
  } finally {
    stdin.setRawMode(false);
  }
}

/**
 * Node's raw mode keeps the terminal's translation of line feeds into carriage return and line feed, which breaks
 * full-screen programs in the container. The end of raw mode reverts this, too.
 */
async function leaveOutputAlone({ env, signal, report }: Context): Promise<void> {
  const set = await run('stty', ['-opost'], { env, signal, stdin: 'inherit' }).catch((error: unknown) => {
    if (error instanceof InterruptedError) throw error;
    return { code: 1, stderr: errorMessage(error) };
  });
  if (set.code !== 0) report.verbose(`the terminal still converts line endings: ${set.stderr.trim()}`);
}
