import { type Engine, pingEngine } from '../engine/connect.js';
import type { Context } from '../system/context.js';
import { errorMessage, InterruptedError, isExplained, LaconicError } from '../system/errors.js';
import { commandLine } from '../system/process/process.js';
import { runInGroup } from '../system/process/process-group.js';
import { BuildLog } from './build-log.js';
import { buildEnvironment } from './environment.js';
import { imageOf } from './recipe/image-name.js';
import { type OpenDestination, publish } from './publish.js';
import type { BuildRecipe } from './recipe/recipe.js';
import type { BuildResult } from './summary.js';
import { lookAtImage, verifyImage } from './verify.js';

/** What the builds of one run share. */
export interface BuildRun {
  context: Context;
  engine: Engine;
  /** See `buildVariables`. */
  variables: Readonly<Record<string, string>>;
  secrets: readonly string[];
  destination?: OpenDestination | undefined;
  /** Whether several are built at once: their output is then prefixed with the container. */
  parallel: boolean;
  /** Additional advice if a build fails. */
  adviceFor: (recipe: BuildRecipe) => Promise<readonly string[]>;
}

/** The engine went away: no other build of the run can succeed. */
export class EngineGoneError extends LaconicError {}

/**
 * Builds, verifies and publishes one container, and reports the outcome; its complete output is in its log file.
 * @returns the outcome: a failure is a result
 * @throws InterruptedError after Ctrl-C, when everything that the build started has ended; EngineGoneError
 */
export async function buildOne(container: string, recipe: BuildRecipe, run: BuildRun): Promise<BuildResult> {
  const { report } = run.context;
  if (!report.options.quiet) report.print(`Building: ${container}`);
  report.verbose(`Build files of ${container}: ${recipe.file} (${origins[recipe.origin]})`);
  report.progress(container, 'building');
  const started = Date.now();
  const elapsed = (): number => (Date.now() - started) / 1000;
  const log = new BuildLog(container, run.secrets, run.context);
  const result = { container, image: imageOf(container) };
  try {
    const published = await build(container, recipe, run, log, elapsed);
    return { ...result, outcome: 'built', seconds: elapsed(), published };
  } catch (error) {
    if (!(error instanceof LaconicError)) throw error;
    log.note(`${error instanceof InterruptedError ? 'interrupted' : 'failed'} after ${elapsed().toFixed(1)} s`);
    report.progress(container, error instanceof InterruptedError ? 'interrupted' : 'failed', 'failed');
    if (error instanceof InterruptedError || error instanceof EngineGoneError) throw error;
    report.error(`Error running build for ${container}: ${errorMessage(error)}`);
    for (const advice of [error.hint ?? [], await run.adviceFor(recipe)].flat()) report.info(advice);
    const reason = errorMessage(error).split(/[;:\n]/)[0] ?? '';
    return { ...result, outcome: 'failed', seconds: elapsed(), reason, ...(log.complete ? { log: log.file } : {}) };
  } finally {
    log.close();
  }
}

const origins = {
  stack: "of the stack's repository",
  repository: 'of the cloned repository',
  'laconic-so': 'ships with laconic-so',
} as const;

async function build(
  container: string,
  recipe: BuildRecipe,
  run: BuildRun,
  log: BuildLog,
  elapsed: () => number,
): Promise<string | undefined> {
  const { context, engine, variables } = run;
  const { report, signal } = context;
  const before = await lookAtImage(engine, container);
  const command = commandLine(recipe.program, recipe.args);
  report.verbose(`Executing: ${command} in ${context.cwd}`);
  log.note(`${container}: ${command} in ${context.cwd}, DOCKER_BUILDKIT=${variables.DOCKER_BUILDKIT ?? ''}`);
  const code = await runInGroup(recipe.program, recipe.args, {
    cwd: context.cwd,
    env: buildEnvironment(container, variables, context.env),
    signal,
    onLine: (line) => show(log.line(line), container, run),
  });
  report.verbose(`Return code is: ${code}`);
  if (code !== 0) throw await explainFailure(code, container, engine, log, report.options);
  const image = await verifyImage(engine, container, before);
  const untouched = `the build of ${container} succeeded, but ${imageOf(container)} is still the earlier image ${image.id}`;
  if (!image.confirmed && run.destination !== undefined) {
    throw new LaconicError(`nothing is published: ${untouched}`, {
      hint: 'if the script keeps an existing image, remove the image first, or publish it by hand',
    });
  }
  if (!image.confirmed) report.warn(untouched);
  const seconds = elapsed().toFixed(1);
  log.note(`built ${image.id} in ${seconds} s`);
  if (run.destination === undefined) {
    report.progress(container, `built in ${seconds} s`, 'done');
    return undefined;
  }
  report.progress(container, 'publishing');
  report.verbose(`Publishing this image: ${imageOf(container)} to this registry: ${run.destination.registry}`);
  const onProgress = (state: string): void => {
    if (report.live) report.progress(container, `publishing  ${state}`);
  };
  const published = await publish(engine, container, image.id, run.destination, { signal, onProgress });
  log.note(`published as ${published}`);
  report.progress(container, `built in ${seconds} s, published as ${published}`, 'done');
  return published;
}

function show(shown: string, container: string, { context: { report }, parallel }: BuildRun): void {
  report.verbose(parallel ? `${container} | ${shown}` : shown);
  // The beginning of the line, as much as fits on a progress line.
  if (report.live) report.progress(container, `building  ${shown.replaceAll(/\s+/g, ' ').trim().slice(0, 50)}`);
}

async function explainFailure(
  code: number,
  container: string,
  engine: Engine,
  log: BuildLog,
  { verbose, debug }: { verbose: boolean; debug: boolean },
): Promise<LaconicError> {
  try {
    await pingEngine(engine, `the build of ${container} was interrupted`);
  } catch (error) {
    if (!isExplained(error)) throw error;
    const hint = [error.hint, log.complete ? `its output is in ${log.file}` : undefined];
    return new EngineGoneError(error.message, {
      hint: hint.filter((line) => line !== undefined).join('\n'),
      cause: error,
    });
  }
  // With --verbose all lines have been printed above.
  const lines = verbose || debug || log.tail === '' ? '' : `; its last lines:\n${log.tail}`;
  return new LaconicError(`the build returned ${code}${lines}`, { hint: log.whereAll });
}
