import { connectEngine, pingEngine } from '../engine/connect.js';
import { selectNames, reportSelection } from '../stack/select.js';
import type { Context } from '../system/context.js';
import { errorMessage, InterruptedError, isExplained, LaconicError } from '../system/errors.js';
import { commandLine } from '../system/process/process.js';
import { buildOne, type BuildRun, EngineGoneError } from './build-one.js';
import { type BuildOptions, buildEnvironment, buildSecrets, buildVariables, chooseBuilder } from './environment.js';
import { containerNameProblem, imageOf } from './recipe/image-name.js';
import { needsOf } from './recipe/base-images.js';
import { openDestination, publishedName } from './publish.js';
import { type BuildRecipe, findRecipe } from './recipe/recipe.js';
import { type BuildSources, cloneAdvice, type MissingRepository, namedByScript, warnOfRefs } from './repositories.js';
import { planWaits, runInOrder, usedTooEarly } from './schedule.js';
import { type BuildResult, summaryLines } from './summary.js';

/** A container of the list, with how to build it, or the `problem` that prevents it. */
interface Planned {
  container: string;
  recipe?: BuildRecipe;
  problem?: LaconicError;
}

/**
 * Builds the images of containers as `build-containers` does: in list order, with `--jobs` several at once if they are
 * known to be independent.
 *
 * Names, build files and the registry are checked before anything is built. A failure is reported immediately; the
 * remaining containers are skipped unless `--continue-on-error` was given. The caller must exit with 1 if any result is
 * `failed`.
 * @throws LaconicError if a name is not valid, build files are missing, or the engine does not answer
 * @throws InterruptedError after Ctrl-C
 */
export async function buildContainers(
  containers: readonly string[],
  from: BuildSources,
  options: BuildOptions,
  context: Context,
): Promise<BuildResult[]> {
  const { report } = context;
  const problems = containers.flatMap((container) => containerNameProblem(container) ?? []);
  if (problems.length > 0) throw new LaconicError(problems.join('\n'));
  if (!report.options.quiet) report.print(`Dev Root is: ${from.repositoryBase}`);

  const selection = selectNames([...new Set(containers)], options);
  reportSelection(selection, report);
  if (selection.selected.length === 0) return [];

  const planned = await Promise.all(selection.selected.map((container) => plan(container, from)));
  refuseMissing(planned, from, context);
  if (context.options.dryRun) return planned.map((each) => printPlan(each, options, context));
  await warnOfMissing(planned, from, context);
  const [run] = await Promise.all([
    prepare(selection.selected[0] ?? '', from, options, context),
    warnOfRefs(from.repositories ?? [], from.repositoryBase, context),
  ]);
  return runAll(planned, options.jobs ?? 1, run);
}

async function plan(container: string, from: BuildSources): Promise<Planned> {
  try {
    return { container, recipe: await findRecipe(container, from) };
  } catch (error) {
    if (!isExplained(error)) throw error;
    return { container, problem: error };
  }
}

/**
 * Reports missing build files before the first long build.
 * @throws LaconicError unless `--continue-on-error` was given
 */
function refuseMissing(planned: readonly Planned[], from: BuildSources, context: Context): void {
  const problems = planned.flatMap(({ problem }) => problem ?? []);
  if (problems.length === 0 || (context.options.continueOnError && !context.options.dryRun)) return;
  const hints = problems.flatMap(({ hint }) => hint ?? []);
  throw new LaconicError(problems.map(errorMessage).join('\n'), {
    hint: [...hints, ...cloneHint(from.missing ?? [], from, context)].join('\n'),
  });
}

/** Warns in advance of a long build that will fail because of a missing repository. */
async function warnOfMissing(planned: readonly Planned[], from: BuildSources, context: Context): Promise<void> {
  for (const { container, recipe } of planned) {
    const missing = recipe === undefined ? [] : await namedByScript(recipe, from.missing ?? []);
    if (missing.length === 0) continue;
    const advice = cloneAdvice(missing, from.repositoryBase, context.options.stack ?? '');
    context.report.warn(`the build of ${container} uses repositories that are ${advice}`);
  }
}

function cloneHint(
  missing: readonly MissingRepository[],
  { repositoryBase }: BuildSources,
  { options }: Context,
): string[] {
  return missing.length === 0 ? [] : [cloneAdvice(missing, repositoryBase, options.stack ?? '')];
}

function printPlan({ container, recipe }: Planned, options: BuildOptions, { report }: Context): BuildResult {
  if (!report.options.quiet) report.print(`Building: ${container}`);
  if (recipe !== undefined) report.print(`Skipped: would run ${commandLine(recipe.program, recipe.args)}`);
  if (options.publish !== undefined) {
    report.print(`would publish ${publishedName(container, options.publish, '<time>-<image id>')}`);
  }
  return { container, image: imageOf(container), outcome: 'skipped', seconds: 0 };
}

async function prepare(first: string, from: BuildSources, options: BuildOptions, context: Context): Promise<BuildRun> {
  const { report } = context;
  const [engine, buildkit] = await Promise.all([answeringEngine(context), chooseBuilder(context)]);
  const variables = buildVariables(from, options, buildkit, context);
  const secrets = buildSecrets(buildEnvironment('', variables, context.env));
  report.conceal(secrets);
  for (const [name, value] of Object.entries(variables)) report.verbose(`${name}=${value}`);
  const destination = options.publish && (await openDestination(engine, options.publish, first, context));
  const blank = /\s/.test(from.repositoryBase + variables.CERC_CONTAINER_BASE_DIR);
  const adviceFor = async (recipe: BuildRecipe): Promise<string[]> => [
    ...cloneHint(await namedByScript(recipe, from.missing ?? []), from, context),
    ...(blank ? ['a path above contains a space: does the build script quote its variables?'] : []),
  ];
  const parallel = (options.jobs ?? 1) > 1;
  return { context, engine, variables, secrets, parallel, adviceFor, destination };
}

/** Without an engine, a build script may retry for minutes and report it in its own words. */
async function answeringEngine(context: Context): Promise<BuildRun['engine']> {
  const engine = await connectEngine(context);
  await pingEngine(engine, 'nothing can be built without the Docker engine');
  return engine;
}

async function runAll(planned: readonly Planned[], jobs: number, run: BuildRun): Promise<BuildResult[]> {
  const { report, options, signal } = run.context;
  const builds = await Promise.all(
    planned.map(async ({ container, recipe }) =>
      recipe === undefined ? { image: imageOf(container) } : needsOf(container, recipe, run.variables),
    ),
  );
  const waits = planWaits(builds);
  for (const { image, from } of usedTooEarly(builds)) {
    report.warn(`${image} is built from ${from}, which comes later in the list: it uses the previous image`);
  }
  const started = Date.now();
  const results: BuildResult[] = planned.map(({ container }) => ({
    container,
    image: imageOf(container),
    outcome: 'skipped',
    seconds: 0,
  }));
  let engineGone: EngineGoneError | undefined;
  const finish = (): void => {
    report.endProgress();
    for (const line of summaryLines(results, (Date.now() - started) / 1000)) report.info(line);
  };
  const build = async (index: number): Promise<'go on' | 'stop'> => {
    const each = planned[index];
    const result = results[index];
    if (each === undefined || result === undefined) return 'go on';
    if (signal.aborted) throw new InterruptedError();
    const failed = (waits[index]?.needs ?? []).filter((other) => results[other]?.outcome !== 'built');
    if (failed.length > 0) {
      result.reason = `it needs ${failed.map((other) => planned[other]?.container).join(', ')}`;
      return 'go on';
    }
    if (each.recipe === undefined) {
      report.error(`Error running build for ${each.container}: ${errorMessage(each.problem)}`);
      if (each.problem?.hint !== undefined) report.info(each.problem.hint);
      Object.assign(result, { outcome: 'failed', reason: 'no build files' });
      return 'go on';
    }
    try {
      Object.assign(result, await buildOne(each.container, each.recipe, run));
    } catch (error) {
      if (error instanceof InterruptedError) result.reason = 'interrupted';
      if (!(error instanceof EngineGoneError)) throw error;
      engineGone ??= error;
      Object.assign(result, { outcome: 'failed', reason: 'the engine cannot be reached any more' });
    }
    const goOn = result.outcome === 'built' || (options.continueOnError && engineGone === undefined);
    return goOn ? 'go on' : 'stop';
  };
  try {
    await runInOrder(waits, jobs, build);
  } finally {
    finish();
  }
  if (engineGone !== undefined) throw engineGone;
  const skipped = results.some(({ outcome, reason }) => outcome === 'skipped' && reason === undefined);
  if (skipped) report.info('--continue-on-error continues with the others');
  return results;
}
