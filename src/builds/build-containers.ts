import { homedir } from 'node:os';
import { join } from 'node:path';
import { stripVTControlCharacters } from 'node:util';
import type { Context } from '../system/context.js';
import { errorMessage, InterruptedError, LaconicError } from '../system/errors.js';
import { makeDirectory, secretMode, writeFileAtomically } from '../system/files.js';
import { run, runAttached, runOrFail } from '../system/process.js';
import { type BuildOptions, buildEnvironment } from './environment.js';
import { type BuildPlaces, type BuildRecipe, containerNameProblem, findRecipe, folderOf, imageOf } from './recipe.js';
import { selectNames } from '../stack/select.js';

/** What became of one container. */
export interface BuildResult {
  container: string;
  /** The image it was to produce: `org/name:local`. */
  image: string;
  /** `skipped`: an earlier one failed, or this was a dry run. */
  outcome: 'built' | 'failed' | 'skipped';
  seconds: number;
}

/** How much of a failed build is shown; the rest is in its log file. */
const shownLines = 30;

/** Where the log of a container's last build is: below `XDG_STATE_HOME`, by default `~/.local/state`. */
export function buildLogFile(container: string, env: NodeJS.ProcessEnv): string {
  const own = env.XDG_STATE_HOME;
  const state = own === undefined || own === '' ? join(homedir(), '.local', 'state') : own;
  return join(state, 'laconic-so', 'builds', `${folderOf(container)}.log`);
}

/**
 * Builds the images of a stack's containers, one after the other, as `build-containers` does (05 §6.1–6.3).
 *
 * Every name is checked before anything is built. A failure is explained at once; the remaining containers are skipped
 * unless `--continue-on-error` was given. The caller leaves with exit code 1 when any result is `failed`.
 * @throws LaconicError when a name cannot be a container's, or no engine answers
 * @throws InterruptedError after Ctrl-C
 */
export async function buildContainers(
  containers: readonly string[],
  from: BuildPlaces,
  options: BuildOptions,
  context: Context,
): Promise<BuildResult[]> {
  const { report } = context;
  const problems = containers.flatMap((container) => containerNameProblem(container) ?? []);
  if (problems.length > 0) throw new LaconicError(problems.join('\n'));
  if (!report.options.quiet) report.print(`Dev Root is: ${from.repositoryBase}`);

  const selection = selectNames(containers, options);
  for (const warning of selection.warnings) report.warn(warning);
  for (const container of selection.excluded) report.verbose(`Excluding: ${container}`);

  if (selection.selected.length > 0 && !context.options.dryRun) await requireEngine(context);
  const results: BuildResult[] = [];
  let stopped = false;
  for (const container of selection.selected) {
    const image = imageOf(container);
    if (stopped) {
      results.push({ container, image, outcome: 'skipped', seconds: 0 });
      continue;
    }
    if (context.signal.aborted) throw new InterruptedError();
    const started = Date.now();
    const outcome = await buildOne(container, from, options, context);
    results.push({ container, image, outcome, seconds: (Date.now() - started) / 1000 });
    if (outcome === 'failed' && !context.options.continueOnError) stopped = true;
  }
  report.endProgress();
  const skipped = results.filter((result) => stopped && result.outcome === 'skipped');
  if (skipped.length > 0) {
    report.info(`not built: ${skipped.map((result) => result.container).join(', ')} (--continue-on-error goes on)`);
  }
  return results;
}

/** A build script that meets no engine may try for minutes, and says it in its own words. */
async function requireEngine({ env, signal }: Context): Promise<void> {
  const what = 'nothing can be built without the Docker engine';
  await runOrFail(what, 'docker', ['version', '--format', '{{.Server.Version}}'], { env, signal });
}

async function buildOne(
  container: string,
  from: BuildPlaces,
  options: BuildOptions,
  context: Context,
): Promise<BuildResult['outcome']> {
  const { report } = context;
  if (!report.options.quiet) report.print(`Building: ${container}`);
  try {
    const recipe = await findRecipe(container, from);
    report.verbose(`Build command: ${[recipe.program, ...recipe.args].join(' ')} in ${recipe.folder}`);
    if (context.options.dryRun) {
      report.print(`Skipped: would run ${[recipe.program, ...recipe.args].join(' ')} in ${recipe.folder}`);
      return 'skipped';
    }
    report.progress(container, 'building');
    const started = Date.now();
    await runRecipe(container, recipe, buildEnvironment(imageOf(container), from, options, context), context);
    await verifyImage(container, context);
    report.progress(container, `built in ${((Date.now() - started) / 1000).toFixed(1)} s`, 'done');
    return 'built';
  } catch (error) {
    if (error instanceof InterruptedError || !(error instanceof LaconicError)) throw error;
    report.progress(container, 'failed', 'failed');
    report.error(`Error running build for ${container}: ${errorMessage(error)}`);
    if (error.hint !== undefined) report.info(error.hint);
    return 'failed';
  }
}

async function runRecipe(
  container: string,
  recipe: BuildRecipe,
  env: NodeJS.ProcessEnv,
  context: Context,
): Promise<void> {
  const { report, signal } = context;
  const where = { cwd: recipe.folder, env, signal };
  if (report.options.verbose || report.options.debug) {
    report.endProgress();
    const code = await runAttached(recipe.program, recipe.args, { ...where, stdin: 'ignore' });
    if (code !== 0) throw new LaconicError(`the build returned ${code}`);
    return;
  }
  const result = await run(recipe.program, recipe.args, {
    ...where,
    ...(report.live ? { onStderrLine: (line: string) => report.progress(container, oneLine(line)) } : {}),
  });
  const output = result.stdout + result.stderr;
  const log = await writeLog(container, output, context);
  if (result.code === 0) return;
  const lines = output.trimEnd().split('\n');
  throw new LaconicError(`the build returned ${result.code}; its last lines:\n${lines.slice(-shownLines).join('\n')}`, {
    hint: log === undefined ? 'see all of it with --verbose' : `all ${lines.length} lines are in ${log}`,
  });
}

/** Keeps the build's output, for its owner only: build output may show tokens. A log that cannot be written fails no build. */
async function writeLog(container: string, output: string, context: Context): Promise<string | undefined> {
  const file = buildLogFile(container, context.env);
  try {
    await makeDirectory(join(file, '..'));
    await writeFileAtomically(file, output, secretMode);
    return file;
  } catch (error) {
    context.report.warn(`no build log was kept: ${errorMessage(error)}`);
    return undefined;
  }
}

/** A script may succeed without producing the image it was run for (05, weakness 22). */
async function verifyImage(container: string, context: Context): Promise<void> {
  const image = imageOf(container);
  await runOrFail(`the build succeeded but made no image ${image}`, 'docker', ['image', 'inspect', image], {
    env: context.env,
    signal: context.signal,
  });
}

/** The end of a build's output line that fits on a progress line. */
function oneLine(line: string): string {
  return `building  ${stripVTControlCharacters(line).replaceAll(/\s+/g, ' ').trim().slice(0, 50)}`;
}
