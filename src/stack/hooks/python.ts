import { spawn } from 'node:child_process';
import type { Readable, Writable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import * as z from 'zod/mini';
import type { Context } from '../../system/context.js';
import { errorCode, InterruptedError, type LaconicError } from '../../system/errors.js';
import { kindOf } from '../../system/files/files.js';
import { forEachLine } from '../../system/process/process.js';
import { endOnAbort } from '../../system/process/process-tree.js';
import type { HookCalls, HookName, HookOutcome, HookServices, HookSource } from './contexts.js';
import { type HookFailure, hookError } from './failure.js';
import {
  chosenInterpreter,
  hookEnvironment,
  hookInterpreter,
  hookModules,
  interpreterVariable,
} from './interpreter.js';
import { pythonCall } from './python-call.js';
import { createAnswerer, type RequestAnswerer } from './python-requests.js';
import { exactValueOfEdit } from './yaml-edit.js';
import { toPlain } from './values.js';
import { fromWire } from './wire.js';

/** The last line of the Python side: how the call ended. */
const ending = z.discriminatedUnion('outcome', [
  z.object({
    outcome: z.literal('returned'),
    called: z.boolean(),
    result: z.optional(z.unknown()),
    source: z.nullish(z.string()),
  }),
  z.object({
    outcome: z.literal('failed'),
    reason: z.string(),
    kind: z.optional(z.string()),
    /** The missing module. */
    module: z.nullish(z.string()),
    line: z.nullish(z.number()),
    elsewhere: z.optional(z.string()),
    traceback: z.optional(z.string()),
  }),
  z.object({ outcome: z.literal('too-old'), version: z.string(), oldest: z.string() }),
  z.object({ outcome: z.literal('interrupted') }),
]);
type Ending = z.output<typeof ending>;

/** How the process ended, and what it wrote to descriptor 3. */
interface Finished {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly said: string | undefined;
}

/**
 * How long after Ctrl-C a Python that ignores SIGTERM is killed, and how long its result may take after it has ended.
 */
const graceMilliseconds = { kill: 2000, lastWords: 500 };

/**
 * Calls a function of `commands.py` in a separate Python process: see {@link hookInterpreter}. The hook inherits stdin,
 * stdout and stderr.
 * @throws LaconicError with file, line, function and reason; InterruptedError after Ctrl-C
 */
export async function callPythonHook<H extends HookName>(
  source: HookSource,
  hook: H,
  call: HookCalls[H],
  services: HookServices,
): Promise<HookOutcome> {
  const { options, signal, env, cwd } = services.context;
  if (signal.aborted) throw new InterruptedError();
  const python = await hookInterpreter(env, cwd);
  const fail = (failure: HookFailure): LaconicError => hookError(source, hook, failure, options.debug);
  const answerer = createAnswerer('deploymentDir' in call.context ? call.context.deploymentDir : undefined, services);
  let finished: Finished;
  try {
    finished = await converse(python, JSON.stringify(pythonCall(source, hook, call, options)), answerer, services);
  } catch (error) {
    throw fail(await cannotStart(error, python, services.context));
  }
  if (signal.aborted) throw new InterruptedError();

  const message = readEnding(finished);
  switch (message?.outcome) {
    case 'returned':
      return { called: message.called, result: message.result === undefined ? undefined : plainResult(message) };
    case 'failed':
      throw fail(explain(message, answerer, env));
    case 'interrupted':
      throw new InterruptedError();
    case 'too-old':
      throw fail({
        reason: `${python} is version ${message.version}; hooks need ${message.oldest} or newer`,
        hint: `install a newer Python 3 as the first python3 on the PATH, or name it with ${interpreterVariable}`,
      });
    case undefined:
      throw fail({ reason: endedEarly(python, finished) });
  }
}

/** The map that `init` returned. If it was loaded from YAML, numbers are taken from that YAML, with their text. */
function plainResult(message: Extract<Ending, { outcome: 'returned' }>): Record<string, unknown> {
  const value = fromWire(message.result);
  const exact = typeof message.source === 'string' ? exactValueOfEdit(message.source, value) : value;
  return toPlain(exact, 'text') as Record<string, unknown>;
}

function explain(
  message: Extract<Ending, { outcome: 'failed' }>,
  answerer: RequestAnswerer,
  env: NodeJS.ProcessEnv,
): HookFailure {
  return {
    reason: message.reason,
    line: message.line ?? undefined,
    elsewhere: message.elsewhere,
    traceback: message.traceback,
    cause: answerer.causeOf(message.reason),
    ...(message.kind === 'missing-module' ? { hint: missingModuleHint(message.module ?? '', env) } : {}),
  };
}

/** How to get a Python with this module. */
function missingModuleHint(module: string, env: NodeJS.ProcessEnv): string {
  const chosen = `set ${interpreterVariable} to a Python that has it`;
  if (env[interpreterVariable]) return `install it for ${env[interpreterVariable]}, or unset ${interpreterVariable}`;
  const brought = hookModules.some((each) => each.module === module || each.module.startsWith(`${module}.`));
  if (brought) return `run "laconic-so hooks setup", which installs it for hooks, or ${chosen}`;
  const python = `${hookEnvironment(env)}/bin/python3`;
  return `run "laconic-so hooks setup" and "${python} -m pip install ${module}", or ${chosen}, or put it beside the hook file`;
}

async function cannotStart(
  error: unknown,
  python: string,
  { env, cwd }: Pick<Context, 'env' | 'cwd'>,
): Promise<HookFailure> {
  if (errorCode(error) === 'ENOENT' && (await kindOf(cwd)) !== 'directory') {
    return { reason: `the current directory ${cwd} is gone`, cause: error };
  }
  if (errorCode(error) === 'ENOENT' && chosenInterpreter(env, cwd) !== undefined) {
    return { reason: `${python}, which ${interpreterVariable} names, is not there`, cause: error };
  }
  if (errorCode(error) === 'ENOENT' && python === 'python3') {
    return {
      reason: 'python3 is not installed, or not on the PATH, and this hook is written in Python',
      hint: 'install Python 3 (on Debian: apt-get install python3)',
      cause: error,
    };
  }
  return { reason: `cannot run ${python}: ${error instanceof Error ? error.message : String(error)}`, cause: error };
}

function readEnding({ said }: Finished): Ending | undefined {
  if (said === undefined) return undefined;
  try {
    return ending.parse(JSON.parse(said));
  } catch {
    // Something else wrote to the result descriptor: there is no valid result.
    return undefined;
  }
}

function endedEarly(python: string, { code, signal, said }: Finished): string {
  if (signal !== null) return `${python} was killed by ${signal} before the hook returned`;
  if (said !== undefined) return 'the hook wrote to file descriptor 3, which carries its result';
  return `${python} ended with exit code ${code ?? 'unknown'} before the hook returned`;
}

/** Starts Python, sends it the call, and answers its requests until it ends. Rejects only if it cannot be started. */
async function converse(
  python: string,
  call: string,
  answerer: RequestAnswerer,
  services: HookServices,
): Promise<Finished> {
  const { context } = services;
  const runner = fileURLToPath(new URL('./python/laconic_hook_runner.py', import.meta.url));
  const child = spawn(python, ['-u', runner], {
    cwd: context.cwd,
    env: { ...context.env, ...services.env, PYTHONDONTWRITEBYTECODE: '1' },
    stdio: ['inherit', 'inherit', 'inherit', 'pipe', 'pipe', 'pipe'],
  });
  const [, , , result, requests, answers] = child.stdio as unknown as [null, null, null, Readable, Readable, Writable];
  // A hook may end with descriptors open or closed in any order: only its exit counts.
  for (const stream of [result, requests, answers]) stream.on('error', () => undefined);

  const stop = endOnAbort(child, context.signal, graceMilliseconds.kill);
  try {
    const said = new Promise<string | undefined>((resolve) => {
      forEachLine(result, resolve);
      result.on('close', () => resolve(undefined));
    });
    const exit = new Promise<{ code: number | null; signal: NodeJS.Signals | null }>((resolve, reject) => {
      child.on('error', reject);
      child.on('exit', (code, signal) => resolve({ code, signal }));
    });
    forEachLine(requests, (line) => {
      void answerer.answer(line).then((answer) => answers.write(`${answer}\n`));
    });
    answers.write(`${call}\n`);

    const ended = await exit;
    // A process that the hook left behind may keep descriptor 3 open; what was written before the exit arrives at once.
    return { ...ended, said: await Promise.race([said, after(graceMilliseconds.lastWords)]) };
  } finally {
    stop();
    for (const stream of [result, requests, answers]) stream.destroy();
  }
}

function after(milliseconds: number): Promise<undefined> {
  return new Promise((resolve) => {
    setTimeout(resolve, milliseconds, undefined).unref();
  });
}
