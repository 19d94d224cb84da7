import { access, constants } from 'node:fs/promises';
import { basename, dirname } from 'node:path';
import type { Deployment } from '../deployment/access/open.js';
import type { Context } from '../system/context.js';
import { errorMessage, InterruptedError, LaconicError } from '../system/errors.js';
import { kindOf } from '../system/files/files.js';
import { withinLimit } from '../system/process/limit.js';
import { runAttached } from '../system/process/process.js';

/** A pre-start or post-start command of a pod. */
export interface PodScript {
  /** Absolute path of the script. */
  path: string;
  /** The pod it belongs to, for messages. */
  pod: string;
}

/** The pods' scripts of one kind, in stack order. */
export async function podScripts(
  deployment: Deployment,
  kind: 'preStartCommand' | 'postStartCommand',
): Promise<PodScript[]> {
  const scripts: PodScript[] = [];
  for (const pod of deployment.stack.pods) {
    const command = pod[kind];
    if (command === undefined) continue;
    const path = deployment.layout.podScript(pod.name, command);
    // The Python program copied scripts from sub-folders without the folder: its directories still work.
    const flat = deployment.layout.podScript(pod.name, basename(command));
    scripts.push({ path: (await kindOf(path)) === 'file' ? path : flat, pod: pod.name });
  }
  return scripts;
}

/** What scripts are given: the name of the Compose project (of the cluster, on Kubernetes) and their environment. */
interface ScriptEnvironment {
  name: string;
  env: NodeJS.ProcessEnv;
}

/**
 * Runs the scripts one after another on this terminal, each from its own directory as `./<name>` and with
 * `CERC_SO_COMPOSE_PROJECT` in its environment. A dry run only lists them.
 * @param seconds time limit for each (`--wait-timeout`); absent: no limit
 * @throws LaconicError for the first script that is missing, not executable or exits with a code other than 0
 */
export async function runPodScripts(
  scripts: readonly PodScript[],
  project: ScriptEnvironment,
  context: Context,
  seconds?: number,
): Promise<void> {
  for (const script of scripts) {
    const what = `the script ${script.path} of the pod ${script.pod}`;
    if (context.options.dryRun) context.report.print(`would run ${script.path}`);
    else await withinLimit(what, seconds, context, (inside) => runPodScript(script, project, inside));
  }
}

async function runPodScript({ path, pod }: PodScript, project: ScriptEnvironment, context: Context): Promise<void> {
  if (context.signal.aborted) throw new InterruptedError();
  context.report.verbose(`Running command: ${path}`);
  const failed = (reason: string, hint?: string): LaconicError =>
    new LaconicError(`Error running command: ${path}: ${reason} (pod ${pod})`, { hint });

  if ((await kindOf(path)) !== 'file') throw failed('there is no such file');
  await access(path, constants.X_OK).catch((error: unknown) => {
    throw failed(
      `it is not executable: ${errorMessage(error)}`,
      'make it executable in the repository of the pod; restart, or deploy create --update, brings it to a deployment',
    );
  });
  context.report.endProgress();
  const code = await runAttached(`./${basename(path)}`, [], {
    cwd: dirname(path),
    env: { ...project.env, CERC_SO_COMPOSE_PROJECT: project.name },
    signal: context.signal,
    script: true,
  }).catch((error: unknown) => {
    if (error instanceof InterruptedError) throw error;
    throw failed('it cannot be started', 'is the interpreter in its first line installed?');
  });
  if (code !== 0) throw failed(`it ended with exit code ${code}`);
}
