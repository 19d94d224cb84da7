import { basename } from 'node:path';
import { createInterface } from 'node:readline/promises';
import { behindParts, behindText } from '../../deployment/directory/changed-sources.js';
import {
  findDeployment,
  lockDeployment,
  openForReading,
  readDeployment,
  type Deployment,
} from '../../deployment/access/open.js';
import { warnOfNew } from '../../deployment/checks/reported-warnings.js';
import { insideOperation } from '../../deployment/access/recursion-guard.js';
import { type DataPlan, describeDeletion, planDataDeletion } from '../../deployment/access/delete-data.js';
import type { Lock } from '../../deployment/access/lock.js';
import { runStartHooks } from '../../deployment/hooks/run-hooks.js';
import { warnAboutUnset } from '../../deployment/create/prepare.js';
import { requireSecrets } from '../../deployment/secrets/require-secrets.js';
import { notePlace } from '../../deployment/directory/place.js';
import { regenerateEnvironment } from '../../deployment/update/update-environment.js';
import type { Context } from '../../system/context.js';
import { InterruptedError, LaconicError, UsageError } from '../../system/errors.js';
import type {
  JobOptions,
  Deployer,
  ExecOptions,
  LogsOptions,
  OutputFormat,
  PortQuery,
  StartOptions,
  StopOptions,
} from '../deployer.js';
import { requireSources } from '../secrets/read-secret-sources.js';
import { deployerFor, requireUpdateEnvs } from './choose-deployer.js';
import { targetGenerator } from './target-generators.js';

/** The deployment that a command works on. */
export interface Target {
  /** `--dir` as typed. */
  directory: string;
  lockWaitSeconds: number;
}

/**
 * Runs `work` on the deployment while holding its lock; an interrupted update is completed first.
 * @param options `lockOptional`: see lockDeployment
 */
export async function withLockedDeployment<T>(
  target: Target,
  context: Context,
  work: (deployment: Deployment, lock: Lock, context: Context) => Promise<T>,
  options: { lockOptional?: boolean } = {},
): Promise<T> {
  refuseStackOption(context);
  if (context.options.dryRun) {
    const noLock = { token: '', release: async () => undefined };
    return work(await openForReading(target.directory, context), noLock, context);
  }
  const layout = await findDeployment(target.directory, context);
  const lock = await lockDeployment(layout, target.lockWaitSeconds, context, options.lockOptional);
  try {
    const inside = { ...context, env: { ...context.env, LACONIC_SO_LOCK: lock.token } };
    const deployment = await readDeployment(layout);
    await warnOfNew(deployment.ignored, layout, context.report);
    // Without the note a later copy cannot be recognised; on a full disk, stop must work all the same.
    await notePlace(layout).catch((error: unknown) => {
      if (!(error instanceof LaconicError)) throw error;
      context.report.verbose(error.message);
    });
    return await work(deployment, lock, inside);
  } finally {
    await lock.release();
  }
}

async function openDeployer(target: Target, context: Context): Promise<Deployer> {
  refuseStackOption(context);
  return deployerFor(await openForReading(target.directory, context), context);
}

function refuseStackOption(context: Context): void {
  if (context.options.stack !== undefined)
    throw new LaconicError("--stack can't be supplied with the deployment command");
}

/**
 * `start` and `up`: starts the containers, then (with the lock released) waits for readiness, then runs the start
 * hooks.
 */
export async function startDeployment(target: Target, options: StartOptions, context: Context): Promise<void> {
  await withLockedDeployment(target, context, async (deployment, lock, inside) => {
    for (const part of await behindParts(deployment.layout)) inside.report.info(behindText(part));
    await startAndReport(deployment, options, lock, inside);
  });
}

/** Refuses to run with a lost generated secret; warns of one that a directory of the Python program never had. */
async function requireSecretsToRun(deployment: Deployment, context: Context): Promise<void> {
  const { config } = deployment.spec;
  const absent = await requireSecrets(deployment, { config, rotate: new Set() }, targetGenerator, context);
  if (!deployment.ours) warnAboutUnset(absent, context);
}

/**
 * The part of `start` that `restart` shares. The lock is released before the wait for readiness.
 * @returns see Deployer.start
 */
export async function startAndReport(
  deployment: Deployment,
  options: StartOptions,
  lock: Lock,
  context: Context,
): Promise<boolean> {
  await requireSecretsToRun(deployment, context);
  const inside = await insideOperation('start', deployment.layout.root, context);
  const deployer = await deployerFor(deployment, inside);
  const changed = await deployer.start(options, () => lock.release());
  await runStartHooks(deployment, targetGenerator, inside, options.waitTimeout);
  return changed;
}

/**
 * `stop` and `down`. `--delete-data` lists what it would delete and asks for confirmation; see planDataDeletion. If the
 * directory is gone, its containers are stopped all the same.
 * @throws LaconicError; InterruptedError
 */
export async function stopDeployment(
  target: Target,
  options: StopOptions & { yes: boolean },
  context: Context,
): Promise<void> {
  const stop = async (deployment: Deployment, _: Lock, inside: Context): Promise<void> => {
    const plan = options.deleteData ? await planDataDeletion(deployment) : undefined;
    const { dryRun } = context.options;
    if (plan !== undefined && !options.yes && !dryRun) await confirmDeletion(deployment, plan, inside);
    const deployer = await deployerFor(deployment, inside);
    await deployer.stop(options);
    if (plan === undefined || !dryRun) return;
    for (const line of describeDeletion(plan)) inside.report.print(`would delete the content of ${line}`);
    for (const line of plan.kept) inside.report.print(`would keep ${line}`);
  };
  refuseStackOption(context);
  const { stopRemains } = await import('../compose/stop/stop-without-directory.js');
  if (await stopRemains(target.directory, options, context)) return;
  await withLockedDeployment(target, context, stop, { lockOptional: true });
}

async function confirmDeletion({ layout, spec }: Deployment, plan: DataPlan, { signal }: Context): Promise<void> {
  const name = basename(layout.root);
  const places = describeDeletion(plan).map((line) => `\n  ${line}`);
  const inData = places.length === 0 ? `nothing: the volumes below ${layout.data} are empty` : places.join('');
  const keeper = spec.deployTo === 'compose' ? 'the engine' : 'the cluster';
  const all = `${inData}\nand the volumes that ${keeper} keeps for this deployment: --dry-run lists them`;
  if (!process.stdin.isTTY) {
    throw new LaconicError(`--delete-data permanently deletes the content of these directories: ${all}`, {
      hint: 'add --yes to skip the confirmation',
    });
  }
  const terminal = createInterface({ input: process.stdin, output: process.stderr });
  try {
    const question = `This permanently deletes the content of these directories: ${all}\nType ${name} to continue: `;
    // During the question, the terminal passes on Ctrl-C as a key, and Ctrl-D.
    const answer = await terminal.question(question, { signal }).catch(() => {
      process.stderr.write('\n');
      throw new InterruptedError();
    });
    if (answer.trim() !== name) throw new LaconicError('nothing was stopped or deleted: the name does not match');
  } finally {
    terminal.close();
  }
}

/** `ps`: prints the containers of a deployment. */
export async function listDeployment(target: Target, format: OutputFormat, context: Context): Promise<void> {
  await printContainers(await openDeployer(target, context), format, context);
}

/** Prints the output of `ps` for a deployer. */
export async function printContainers(deployer: Deployer, format: OutputFormat, context: Context): Promise<void> {
  const list = await readOrTell(() => deployer.ps(format), 'would list the containers', context);
  if (list !== undefined) context.report.write(list);
}

/** Reads, in a dry run too; if that fails, a dry run reports the failure and what it would have done. */
async function readOrTell<T>(read: () => Promise<T>, instead: string, context: Context): Promise<T | undefined> {
  try {
    return await read();
  } catch (error) {
    if (!context.options.dryRun || !(error instanceof LaconicError)) throw error;
    context.report.info(error.message);
    context.report.print(instead);
    return undefined;
  }
}

/**
 * `status`: prints the state of a deployment's containers.
 * @returns false if `judged` and the deployment is degraded
 */
export async function deploymentStatus(
  target: Target,
  format: OutputFormat,
  judged: boolean,
  context: Context,
): Promise<boolean> {
  refuseStackOption(context);
  const deployment = await openForReading(target.directory, context);
  const deployer = await deployerFor(deployment, context);
  const behind = await behindParts(deployment.layout);
  if (format === 'text') for (const part of behind) context.report.info(behindText(part));
  const status = await readOrTell(
    () => deployer.status(format, judged, behind),
    'would show the state of every container',
    context,
  );
  if (status === undefined) return true;
  context.report.write(status.output);
  return !judged || !status.degraded;
}

/** `render`: prints what `start` would pass to the engine or the API server. */
export async function renderDeployment(target: Target, context: Context): Promise<void> {
  refuseStackOption(context);
  const deployment = await openForReading(target.directory, context);
  // What is printed must not take secrets away from what runs when it is applied.
  await requireSecrets(deployment, { config: deployment.spec.config, rotate: new Set() }, targetGenerator, context);
  context.report.write(await (await deployerFor(deployment, context)).render());
}

/**
 * `push-images`. Does not hold the lock, so that other commands can run during the transfer.
 * @returns false if it is incomplete
 */
export async function pushDeployment(target: Target, format: OutputFormat, context: Context): Promise<boolean> {
  return (await openDeployer(target, context)).pushImages(format);
}

/** `logs`: streams the output of a deployment's containers. */
export async function deploymentLogs(target: Target, options: LogsOptions, context: Context): Promise<void> {
  await (await openDeployer(target, context)).logs(options);
}

/** `exec`: runs a command in a container; resolves to its exit code. */
export async function deploymentExec(target: Target, options: ExecOptions, context: Context): Promise<number> {
  return (await openDeployer(target, context)).exec(options);
}

/** `port`: prints the address that a port of a deployment is published at. */
export async function deploymentPort(target: Target, query: PortQuery, context: Context): Promise<void> {
  await printPort(await openDeployer(target, context), query, context);
}

/** Prints the address that a port is published at. */
export async function printPort(deployer: Deployer, query: PortQuery, context: Context): Promise<void> {
  if (context.options.dryRun)
    context.report.print(`would look up port ${query.port}/${query.protocol} of ${query.service}`);
  else context.report.print(await deployer.port(query));
}

/**
 * `run-job`: resolves to the job's exit code. Jobs may run alongside any other command, so the lock is not held. A job
 * that has not ended after `timeoutSeconds` is ended.
 * @throws LaconicError for such a job
 */
export async function runJob(
  target: Target,
  job: string,
  options: JobOptions & { timeoutSeconds?: number },
  context: Context,
): Promise<number> {
  const { timeoutSeconds, ...how } = options;
  const run = async (inner: Context): Promise<number> => {
    refuseStackOption(inner);
    const deployment = await openForReading(target.directory, inner);
    await requireSecretsToRun(deployment, inner);
    return (await deployerFor(deployment, inner)).runJob(job, how);
  };
  if (timeoutSeconds === undefined) return run(context);
  const timer = AbortSignal.timeout(timeoutSeconds * 1000);
  const inner = { ...context, signal: AbortSignal.any([context.signal, timer]) };
  try {
    return await run(inner);
  } catch (error) {
    if (!(error instanceof InterruptedError) || context.signal.aborted) throw error;
    throw new LaconicError(`job ${job} did not finish within ${timeoutSeconds} s and was stopped`, { cause: error });
  }
}

/**
 * Parses repeated `--env NAME=VALUE`.
 * @throws UsageError
 */
export function parseVariables(assignments: readonly string[]): Map<string, string> {
  return new Map(
    assignments.map((text) => {
      const [, name, value] = /^([A-Za-z_][A-Za-z0-9_]*)=([^]*)$/.exec(text) ?? [];
      if (name === undefined || value === undefined) throw new UsageError(`--env: ${text} is not NAME=VALUE`);
      return [name, value];
    }),
  );
}

/**
 * `update-envs`: regenerates `config.env` from the deployment's spec, and recreates the containers that are affected.
 */
export async function updateEnvironment(
  target: Target,
  options: { rotateSecret: readonly string[]; acceptLiteralValues: boolean },
  context: Context,
): Promise<void> {
  await withLockedDeployment(target, context, async (deployment, _, inside) => {
    requireUpdateEnvs(deployment);
    await requireSources(deployment.spec, inside);
    const secrets = { rotate: new Set(options.rotateSecret), generate: false };
    const { acceptLiteralValues } = options;
    const { changed, planned } = await regenerateEnvironment(
      deployment,
      { secrets, acceptLiteralValues, targets: targetGenerator },
      inside,
    );
    const state = changed ? (inside.options.dryRun ? undefined : 'is new') : 'is up to date';
    if (state !== undefined) context.report.info(`${deployment.layout.configEnv} ${state}`);
    await (await deployerFor(deployment, inside)).updateEnvs?.(planned);
  });
}
