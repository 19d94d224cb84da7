import { realpath, stat } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { basename, dirname, relative } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { errorMessage, InterruptedError, LaconicError } from '../../system/errors.js';
import { run } from '../../system/process/process.js';
import type { Reporter } from '../../system/report.js';
import type { HookCalls, HookName, HookOutcome, HookServices, HookSource } from './contexts.js';
import { type HookFailure, hookError } from './failure.js';
import { javascriptArguments } from './javascript-context.js';
import { fromPlain, toPlain } from './values.js';

/** Thrown when a hook calls `process.exit`, which ends the hook but not this program. */
class HookExit extends Error {
  readonly code: unknown;

  constructor(code: unknown) {
    super(`the hook called process.exit: exit code ${String(code)}`);
    this.name = 'HookExit';
    this.code = code;
  }
}

/**
 * Calls a function of `commands.mjs` or `commands.js` in this process.
 * @throws LaconicError naming file, line, function and reason; InterruptedError after Ctrl-C
 */
export async function callJavaScriptHook<H extends HookName>(
  source: HookSource,
  hook: H,
  call: HookCalls[H],
  services: HookServices,
): Promise<HookOutcome> {
  const { options, signal } = services.context;
  if (signal.aborted) throw new InterruptedError();
  let called = false;
  // Node reports real paths of files.
  const real = await realpath(source.file).catch(() => source.file);
  warnOfLateErrors(real, services.context.report);
  try {
    return await withHookProcess(services.env ?? {}, async () => {
      const found = (await outcomeOf(load(source.file), signal))[hook];
      if (typeof found !== 'function') return { called, result: undefined };
      called = true;
      const returned: unknown = await outcomeOf(
        (async () => (found as (...args: unknown[]) => unknown)(...javascriptArguments(call, services)))(),
        signal,
      );
      return { called, result: hook === 'init' ? plainResult(returned) : undefined };
    });
  } catch (error) {
    if (error instanceof HookExit && (error.code === undefined || error.code === 0))
      return { called, result: undefined };
    if (error instanceof InterruptedError || signal.aborted) throw new InterruptedError();
    throw hookError(source, hook, await explain(error, real), options.debug);
  }
}

/**
 * Imports the exports by name. A file that changed since its last import is imported again, so that a restart sees
 * edits.
 */
async function load(file: string): Promise<Record<string, unknown>> {
  const found = await stat(file, { bigint: true });
  const url = pathToFileURL(file);
  url.search = `changed=${found.mtimeNs}-${found.size}`;
  // CommonJS modules have a separate cache, keyed by real path.
  Reflect.deleteProperty(createRequire(import.meta.url).cache, await realpath(file));
  const module = (await import(url.href)) as Record<string, unknown>;
  const whole = module.default;
  return typeof whole === 'object' && whole !== null ? { ...whole, ...module } : module;
}

function plainResult(returned: unknown): Record<string, unknown> | undefined {
  if (returned === undefined || returned === null) return undefined;
  let plain: unknown;
  try {
    plain = toPlain(fromPlain(returned), 'text');
  } catch (error) {
    throw new LaconicError(`what init returned cannot be written as YAML: ${errorMessage(error)}`, { cause: error });
  }
  if (typeof plain === 'object' && plain !== null && !Array.isArray(plain)) return plain as Record<string, unknown>;
  const kind = Array.isArray(plain) ? 'a list' : `a ${typeof plain}`;
  throw new LaconicError(`init must return an object or nothing, it returned ${kind}`);
}

/** Runs a hook with additional environment variables, and with a `process.exit` that ends only the hook. */
async function withHookProcess<T>(env: Readonly<Record<string, string>>, work: () => Promise<T>): Promise<T> {
  const before = new Map(Object.keys(env).map((name) => [name, process.env[name]]));
  const exit = process.exit.bind(process);
  Object.assign(process.env, env);
  process.exit = (code) => {
    throw new HookExit(code);
  };
  try {
    return await work();
  } finally {
    process.exit = exit;
    for (const [name, value] of before) {
      if (value === undefined) Reflect.deleteProperty(process.env, name);
      else process.env[name] = value;
    }
  }
}

/** Hook files called so far: code that they left running may still throw. */
const hookFiles = new Map<string, Pick<Reporter, 'warn'>>();
/** Number of running hooks: whatever is thrown while one runs belongs to it. */
let running = 0;

/** Reports errors that a timer or an unawaited promise of a hook throws after the hook has ended, without failing. */
function warnOfLateErrors(file: string, report: Pick<Reporter, 'warn'>): void {
  if (hookFiles.size === 0) process.on('uncaughtException', onLateError);
  hookFiles.set(file, report);
}

function onLateError(error: Error): void {
  if (running > 0) return;
  for (const [file, report] of hookFiles) {
    const { line, elsewhere } = placeOf(error, file);
    if (line === undefined && elsewhere === undefined) continue;
    const place = elsewhere ?? `${basename(file)}:${line ?? 0}`;
    report.warn(`the hook ${file} had ended when something it left running failed at ${place}: ${error.message}`);
    return;
  }
  throw error;
}

/**
 * Awaits the result of a hook, unless it is interrupted. If nothing is left that could settle the promise, Node would
 * end the whole program with exit code 13 and without clean-up: that is reported as an error of the hook. So are errors
 * thrown in its timers or unawaited promises.
 */
async function outcomeOf<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  let stop = (): void => undefined;
  running += 1;
  const ended = new Promise<never>((_resolve, reject) => {
    const onAbort = (): void => reject(new InterruptedError());
    const onIdle = (): void => reject(new Error('never returns: its promise is never settled'));
    signal.addEventListener('abort', onAbort, { once: true });
    process.once('beforeExit', onIdle);
    process.once('uncaughtException', reject);
    stop = () => {
      running -= 1;
      process.off('uncaughtException', reject);
      signal.removeEventListener('abort', onAbort);
      process.off('beforeExit', onIdle);
    };
  });
  try {
    return await Promise.race([work, ended]);
  } finally {
    stop();
  }
}

async function explain(error: unknown, file: string): Promise<HookFailure> {
  if (error instanceof LaconicError || error instanceof HookExit) {
    return { reason: error.message, ...placeOf(error, file), cause: error };
  }
  if (!(error instanceof Error)) return { reason: `the hook threw ${String(error)}`, cause: error };
  const reason = error.name === 'Error' ? error.message : `${error.name}: ${error.message}`;
  const place = placeOf(error, file);
  if (error instanceof SyntaxError && place.line === undefined) {
    return { reason, line: await syntaxErrorLine(file), cause: error, ...moduleHint(error, file) };
  }
  return { reason, ...place, traceback: error.stack, cause: error };
}

/** The innermost line of the hook's file in a stack trace, and the file beside it where the error was thrown. */
function placeOf(error: Error, file: string): Pick<HookFailure, 'line' | 'elsewhere'> {
  const frames = (error.stack ?? '').split('\n').flatMap((text) => {
    const match = /(?:\(|at (?:async )?)((?:file:\/\/)?\/.*):(\d+):\d+\)?$/.exec(text);
    if (!match?.[1]) return [];
    const place = match[1].replace(/\?changed=[\d-]+$/, '');
    const path = place.startsWith('file:') ? fileURLToPath(place) : place;
    return [{ path, line: Number(match[2]) }];
  });
  const own = frames.find((frame) => frame.path === file);
  const folder = dirname(file);
  const innermost = frames.find((frame) => frame.path.startsWith(`${folder}/`));
  if (innermost === undefined || innermost.path === file) return { line: own?.line };
  return { line: own?.line, elsewhere: `${relative(folder, innermost.path)}:${innermost.line}` };
}

/** A failed import does not report the line of a syntax error; `node --check` does. */
async function syntaxErrorLine(file: string): Promise<number | undefined> {
  const { stderr } = await run(process.execPath, ['--check', file]);
  const first = stderr.split('\n', 1)[0] ?? '';
  const match = /^(.*):(\d+)$/.exec(first);
  return match?.[1] !== undefined && basename(match[1]) === basename(file) ? Number(match[2]) : undefined;
}

function moduleHint(error: SyntaxError, file: string): Pick<HookFailure, 'hint'> {
  if (!file.endsWith('.js') || !/import statement|'export'|import\.meta/.test(error.message)) return {};
  return { hint: 'Node takes this file for CommonJS: call it commands.mjs to use import and export' };
}
