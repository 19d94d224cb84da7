import { spawn } from 'node:child_process';
import { once } from 'node:events';
import type { Engine } from '../../../engine/connect.js';
import type { Spec } from '../../../spec/model.js';
import type { Context } from '../../../system/context.js';
import { CommandFailedError, errorCode, errorMessage, InterruptedError, LaconicError } from '../../../system/errors.js';
import { commandLine, ProgramMissingError } from '../../../system/process/process.js';
import { sendToGroup } from '../../../system/process/process-group.js';
import { callAtExit, callEnvironment, composeOrFail } from '../cli/compose-cli.js';
import type { ComposeLine } from '../cli/compose-progress.js';
import type { Deadline } from '../../readiness/wait-timeout.js';
import { explainContainers } from '../ready/explain.js';
import type { ProjectModel } from '../cli/project-model.js';
import { observeContainers } from '../resources/observe.js';
import { explainPorts } from './port-taken.js';
import { type ComposeProject, composeArguments } from '../cli/project.js';
import { afterFailure, failedContainers } from '../ready/wait.js';

export interface UpRequest {
  project: ComposeProject;
  model: ProjectModel;
  /** All awaited services, to explain a failure. */
  services: ReadonlyMap<string, number>;
  /** To find where ports are set; see StartDeps. */
  spec: Spec | undefined;
  engine: Engine;
  context: Context;
}

/** Arguments of Compose to start services. */
export function upArguments(names: readonly string[], { recreate }: { recreate: boolean }): string[] {
  return ['up', '--detach', ...(recreate ? ['--force-recreate'] : []), ...names];
}

/**
 * Runs `docker compose up --detach [SERVICE…]` with stdin closed: Compose decides which containers are created,
 * recreated and started. `--force-recreate` applies only to the named services, not to their dependencies; `--no-deps`
 * is never used, because Compose 2.26 would hash the services differently and recreate them at the next start.
 * @throws LaconicError for host ports in use, and at the deadline; else CommandFailedError with Compose's message and
 * what is wrong with the containers it started
 */
export async function upDetached(
  request: UpRequest,
  names: readonly string[],
  deadline: Deadline,
  options: { recreate: boolean },
): Promise<void> {
  const { project, model, context } = request;
  const args = upArguments(names, options);
  const limit = new DependencyLimit(deadline);
  try {
    await composeOrFail('docker compose up failed', project, args, context, {
      signal: AbortSignal.any([context.signal, limit.signal]),
      onLine: (line) => {
        showStep(line, model, context);
        if (line.kind === 'step' && (line.state === 'Started' || line.state === 'Waiting')) deadline.begin();
        limit.see(line);
      },
    });
  } catch (error) {
    throw await explained(error, request, deadline);
  }
}

/**
 * Ends a call of Compose at the deadline, but only if it waits for a container that others depend on with a condition:
 * while it creates and starts containers, only the engine is slow, and ending it would leave some that were never
 * started.
 */
class DependencyLimit {
  readonly #deadline: Deadline;
  readonly #controller = new AbortController();
  readonly #awaited = new Set<string>();

  constructor(deadline: Deadline) {
    this.#deadline = deadline;
    deadline.signal.addEventListener('abort', () => this.#check(), { once: true });
  }

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  /** Reads a line of Compose's progress: `Container x  Waiting`, and later `Container x  Healthy` or `Exited`. */
  see(line: ComposeLine): void {
    if (line.kind !== 'step' || line.subject !== 'Container') return;
    if (line.state === 'Waiting') this.#awaited.add(line.name);
    else this.#awaited.delete(line.name);
    this.#check();
  }

  #check(): void {
    if (this.#deadline.signal.aborted && this.#awaited.size > 0) this.#controller.abort();
  }
}

async function explained(error: unknown, request: UpRequest, deadline: Deadline): Promise<unknown> {
  const timedOut = error instanceof InterruptedError && deadline.passed() && !request.context.signal.aborted;
  if (!timedOut && !(error instanceof CommandFailedError)) return error;
  request.context.report.endProgress();
  const failed = await failedContainers({ ...request, project: request.project.name });
  const why = await explainContainers(request.engine, failed);
  if (!(error instanceof CommandFailedError)) {
    return deadline.error(
      failed.length > 0 ? failed.map((one) => one.service) : [...request.services.keys()],
      why === '' ? 'docker compose was still waiting for a service that others depend on' : why,
      afterFailure,
    );
  }
  const ports = await portFailure(request, error.stderr);
  if (ports !== undefined) {
    request.context.report.verbose(error.message);
    const lines = [ports.message, why].filter((text) => text !== '');
    return new LaconicError(lines.join('\n'), { ...(ports.hint && { hint: ports.hint }), cause: error });
  }
  const programs = await programProblems(request);
  if (programs.length > 0) request.context.report.verbose(error.message);
  return new CommandFailedError('docker compose up failed', {
    command: error.command,
    code: error.code,
    stderr: [programs.length > 0 ? programs.join('\n') : error.stderr, why].filter((text) => text !== '').join('\n'),
    cause: error,
  });
}

/**
 * A line for each service whose container could not start its program: the engine's message names the program, but not
 * the service.
 */
async function programProblems({ project, engine }: Pick<UpRequest, 'project' | 'engine'>): Promise<string[]> {
  const containers = await observeContainers(engine, project.name);
  return containers.flatMap(({ container, details }) => {
    const [, program, reason = ''] = /exec: "([^"]+)": (.*?)(?:: unknown)?$/m.exec(details.State.Error) ?? [];
    if (program === undefined) return [];
    const what = /not found|no such file/.test(reason)
      ? `the program "${program}" does not exist in its image ${container.image}`
      : `the program "${program}" cannot be run: ${reason}`;
    return [`${container.service}: ${what}; see command and entrypoint of the service`];
  });
}

/** Host ports that the project's containers could not get; see explainPorts. */
export async function portFailure(
  { project, spec, engine }: Pick<UpRequest, 'project' | 'spec' | 'engine'>,
  words: string | undefined,
): Promise<LaconicError | undefined> {
  const containers = await observeContainers(engine, project.name);
  return explainPorts({ project, spec, engine, containers, words });
}

/**
 * Runs `docker compose up [SERVICE…]`: shows the containers' output on this terminal until they end. Compose gets its
 * own process group: otherwise it would receive Ctrl-C from the terminal in addition to the signal passed on here, and
 * a second one makes it kill the containers. It does not outlive this process: on an immediate exit the whole group and
 * the containers are killed.
 * @returns Compose's exit code
 * @throws LaconicError if docker cannot be run
 */
export async function upAttached(
  project: ComposeProject,
  names: readonly string[],
  { signal, report }: Context,
): Promise<number> {
  const words = [...composeArguments(project), 'up', ...names];
  report.verbose(commandLine('docker', words));
  const child = spawn('docker', words, {
    env: callEnvironment(project),
    stdio: ['ignore', 'inherit', 'inherit'],
    detached: true,
  });
  const interrupt = (): void => {
    // On a terminal, docker expects the kernel to signal its Compose plugin, which is in the group; otherwise it passes
    // the signal on.
    if (process.stdout.isTTY) sendToGroup(child, 'SIGINT');
    else child.kill('SIGINT');
  };
  // A second Ctrl-C exits at once: nothing may keep running that can no longer be stopped.
  const killAll = (): void => {
    sendToGroup(child, 'SIGKILL');
    callAtExit([...composeArguments(project), 'kill', ...names], callEnvironment(project));
  };
  process.once('exit', killAll);
  if (signal.aborted) interrupt();
  signal.addEventListener('abort', interrupt, { once: true });
  try {
    const [code] = (await once(child, 'close')) as [number | null];
    return code ?? 1;
  } catch (error) {
    if (errorCode(error) === 'ENOENT') throw new ProgramMissingError('docker', error);
    throw new LaconicError(`cannot run docker: ${errorMessage(error)}`, { cause: error });
  } finally {
    signal.removeEventListener('abort', interrupt);
    process.removeListener('exit', killAll);
  }
}

/**
 * Finds the service of a container by Compose's naming: `<project>-<service>-<n>`, or the service's `container_name`.
 */
export function serviceOfContainer(model: ProjectModel, container: string): string | undefined {
  for (const service of model.services.values()) {
    if (service.containerName === container) return service.name;
    const prefix = `${model.project}-${service.name}-`;
    if (container.startsWith(prefix) && /^\d+$/.test(container.slice(prefix.length))) return service.name;
  }
  return undefined;
}

/**
 * Shows the steps of `docker compose up` as progress of the services. A final state of Compose (`Started`) is not final
 * here, since the wait for readiness follows: only failures are marked.
 */
function showStep(line: ComposeLine, model: ProjectModel, context: Context): void {
  if (line.kind !== 'step') return;
  const service = line.subject === 'Container' ? serviceOfContainer(model, line.name) : line.name;
  if (line.subject === 'Network' || line.subject === 'Volume') {
    context.report.verbose(`${line.subject} ${line.name} ${line.state}`);
  } else if (service !== undefined && line.state !== 'Running') {
    context.report.progress(service, line.state.toLowerCase(), line.state === 'Error' ? 'failed' : 'working');
  }
}
