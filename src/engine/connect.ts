import type { Agent } from 'node:http';
import type Dockerode from 'dockerode';
import type { Context } from '../system/context.js';
import { errorCode, errorMessage, InterruptedError, LaconicError } from '../system/errors.js';
import { LimitPassed, longestTimer } from '../system/process/limit.js';
import { SilenceWatch } from '../system/process/patience.js';
import { findEndpoint } from './endpoint.js';

/** The Docker engine this program works with; the other modules of this folder query it. */
export interface Engine {
  /** Its address as the operator configured it, for messages. */
  readonly name: string;
  /** Whether it runs on this machine, so that paths mean the same to it as to this process. */
  readonly local: boolean;
  /** Only for this folder: other layers use its functions, which explain failures. */
  readonly docker: Dockerode;
}

/**
 * Finds the engine of this environment (see findEndpoint) and loads the client. Nothing is sent yet: if the engine is
 * down, the first query throws a LaconicError that says what to do; if it does not answer, that is reported, and Ctrl-C
 * ends the wait.
 */
export async function connectEngine({
  env,
  report,
  signal,
  answerSeconds,
}: Pick<Context, 'env' | 'report' | 'signal' | 'answerSeconds'>): Promise<Engine> {
  const endpoint = await findEndpoint(env);
  const { default: Docker } = await import('dockerode');
  // The client reads DOCKER_HOST itself where these are not given.
  const options =
    endpoint.kind === 'socket'
      ? { socketPath: endpoint.path, host: '', protocol: 'http' as const }
      : { host: 'docker', port: 80, protocol: 'http' as const, agent: await dialStdioAgent(env) };
  try {
    const docker = new Docker(options);
    watchQuestions(docker, new SilenceWatch(`the Docker engine at ${endpoint.name}`, report), {
      signal,
      answerSeconds,
    });
    return { name: endpoint.name, local: endpoint.kind === 'socket', docker };
  } catch (error) {
    throw new LaconicError(`cannot use the Docker engine at ${endpoint.name}: ${errorMessage(error)}`, {
      hint: 'check DOCKER_HOST and DOCKER_CERT_PATH in your environment',
      cause: error,
    });
  }
}

type Request = Parameters<Dockerode['modem']['dial']>[0] & { abortSignal?: AbortSignal };

/**
 * Watches queries only: a command, such as to stop a container, may take as long as it needs and is not aborted
 * halfway. Queries made after an interruption, to leave a consistent state, are not aborted either.
 */
function watchQuestions(
  docker: Dockerode,
  patience: SilenceWatch,
  { signal, answerSeconds }: Pick<Context, 'signal' | 'answerSeconds'>,
): void {
  const { modem } = docker;
  const dial = modem.dial.bind(modem);
  // The client accepts a signal that its types do not declare.
  modem.dial = (request: Request, answered) => {
    if (request.method !== 'GET') {
      dial(request, answered);
      return;
    }
    const came = patience.ask();
    const limit = answerSeconds === undefined ? undefined : beginLimit(answerSeconds);
    const ends = [request.abortSignal ?? (signal.aborted ? undefined : signal), limit?.signal];
    const abortSignal = AbortSignal.any(ends.filter((each) => each !== undefined));
    dial({ ...request, abortSignal }, (error, data) => {
      clearTimeout(limit?.timer);
      came();
      answered?.(error, data);
    });
  };
}

/** Aborts a query whose answer does not begin in time; clear the timer when it does: what follows may take longer. */
function beginLimit(seconds: number): { signal: AbortSignal; timer: NodeJS.Timeout } {
  const overdue = new AbortController();
  const tooLate = new LimitPassed(`did not answer within ${seconds} s`);
  const timer = setTimeout(() => overdue.abort(tooLate), Math.min(seconds * 1_000, longestTimer));
  return { signal: overdue.signal, timer };
}

async function dialStdioAgent(env: NodeJS.ProcessEnv): Promise<Agent> {
  const { DialStdioAgent } = await import('./dial-stdio.js');
  return new DialStdioAgent(env);
}

/** Queries the engine; every failure becomes a LaconicError that starts with `what` (`cannot list the containers`). */
export async function ask<T>(engine: Engine, what: string, question: () => Promise<T>): Promise<T> {
  try {
    return await question();
  } catch (error) {
    throw explainEngineError(engine, what, error);
  }
}

/**
 * Checks that the engine answers.
 * @throws LaconicError that starts with `what` if it does not
 */
export async function pingEngine(engine: Engine, what: string): Promise<void> {
  await ask(engine, what, () => engine.docker.ping());
}

/** Like {@link ask}, but undefined if the engine answers 404. */
export async function askIfAny<T>(engine: Engine, what: string, question: () => Promise<T>): Promise<T | undefined> {
  try {
    return await question();
  } catch (error) {
    if (statusCode(error) === 404) return undefined;
    throw explainEngineError(engine, what, error);
  }
}

/** Turns a failure of a request to the engine into an error that says what the operator can do. */
export function explainEngineError(engine: { name: string }, what: string, error: unknown): LaconicError {
  if (error instanceof LaconicError) return error;
  if (error instanceof Error && error.name === 'AbortError') {
    if (!(error.cause instanceof LimitPassed)) return new InterruptedError();
    return new LaconicError(`${what}: the Docker engine at ${engine.name} ${error.cause.message}`, {
      hint: '--wait-timeout sets the maximum time to wait',
    });
  }
  const status = statusCode(error);
  if (status !== undefined) return new LaconicError(`${what}: ${engineWords(error)}`, { cause: error });
  const unreachable = `${what}: the Docker engine at ${engine.name} cannot be reached`;
  const code = errorCode(error);
  if (code === 'EACCES' || code === 'EPERM') {
    return new LaconicError(`${unreachable}: no permission`, {
      hint: 'add yourself to its group (sudo usermod -aG docker $USER) and log in again, or use sudo',
      cause: error,
    });
  }
  const reason = code === 'ENOENT' || code === 'ECONNREFUSED' ? 'nothing answers there' : errorMessage(error);
  return new LaconicError(`${unreachable}: ${reason}`, {
    hint: engine.name.startsWith('unix://')
      ? 'is the Docker engine installed and running? (`docker info` must answer; sudo systemctl start docker starts it)'
      : 'the address comes from DOCKER_HOST or from the Docker context: is it right, and does `docker info` answer?',
    cause: error,
  });
}

function statusCode(error: unknown): number | undefined {
  if (error instanceof Error && 'statusCode' in error && typeof error.statusCode === 'number') return error.statusCode;
  return undefined;
}

/** The engine's own message, without the client's `(HTTP code …)` in front. */
function engineWords(error: unknown): string {
  if (error instanceof Error && 'json' in error && typeof error.json === 'object' && error.json !== null) {
    if ('message' in error.json && typeof error.json.message === 'string') return error.json.message.trim();
  }
  return errorMessage(error).trim();
}
