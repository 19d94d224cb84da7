import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Engine } from '../../../engine/connect.js';
import { composeLabels, isNameFree, listProjectContainers } from '../../../engine/containers.js';
import { findImage } from '../../../engine/images.js';
import type { Context } from '../../../system/context.js';
import { InterruptedError, LaconicError } from '../../../system/errors.js';
import { secretMode, writeFileAtomically } from '../../../system/files/files.js';
import { commandLine, run, runAttached, runOrFail } from '../../../system/process/process.js';
import { withTemporaryFolder } from '../../../system/files/temporary-files.js';
import { didYouMean } from '../../../system/suggest.js';
import { renderEntries } from '../../../spec/environment.js';
import type { JobOptions } from '../../deployer.js';
import { callAtExit, callEnvironment } from '../cli/compose-cli.js';
import { hasTerminal } from '../../exec-command.js';
import { type ComposeProject, composeArguments, filesOfJob } from '../cli/project.js';
import { loadWholeModel, type ProjectObject, type ProjectService } from '../cli/project-model.js';
import { isPulledIfMissing, pullJobImage } from '../start/pull.js';

/** How to run a job: see {@link JobOptions}; `secrets` are variables for the job unless it sets them itself. */
export type ComposeJobOptions = JobOptions & { secrets: ReadonlyMap<string, string> };

/**
 * Runs a job of the stack to its end on this terminal, in the network and with the volumes of the deployment. `args`
 * replace the job's command. Without `wait`, its container is only started, and is kept when it has ended. Needs no
 * pods and no running service. If interrupted, the job's container is stopped and removed before this throws.
 * @returns the job's exit code
 * @throws LaconicError for an unknown job or a job file that Compose cannot use; InterruptedError
 */
export async function runComposeJob(
  project: ComposeProject,
  job: string,
  how: ComposeJobOptions,
  engine: Engine,
  context: Context,
): Promise<number> {
  const file = project.jobFiles.get(job);
  if (file === undefined) throw unknownJob(job, [...project.jobFiles.keys()]);
  if (context.options.dryRun) {
    context.report.print(`would run job ${job} from ${file}`);
    return 0;
  }
  // The services of the deployment are not orphans of a job: see callEnvironment.
  const alone: ComposeProject = { ...project, files: filesOfJob(project, job), env: callEnvironment(project) };
  const { services, created } = await loadWholeModel('cannot read the job', alone, context);
  const service = services.get(job);
  if (service === undefined) {
    throw new LaconicError(`${file}: a job runs the service of its own name, and there is no service "${job}"`, {
      hint: `services in it: ${[...services.keys()].join(', ')}`,
    });
  }
  context.report.print(`Running job: ${job}`);
  context.report.verbose(`Running job from: ${file}`);
  const variables = new Map([...how.secrets].filter(([name]) => !service.variables.has(name)));
  const own = { job, variables, environment: how.env };
  return withOverride(await existing(created, context), own, async (override) => {
    const files = override === undefined ? alone.files : [...alone.files, override];
    await pullIfMissing(service, alone, engine, context);
    return runNamed({ ...alone, files }, service, how, engine, context);
  });
}

/**
 * Pulls a missing image, as Compose would not report a registry that does not answer. Images that it builds, or must
 * not pull, are left to it.
 */
async function pullIfMissing(
  job: ProjectService,
  project: ComposeProject,
  engine: Engine,
  context: Context,
): Promise<void> {
  if (!isPulledIfMissing(job)) return;
  if ((await findImage(engine, job.image)) === undefined) {
    await pullJobImage(job, project, context);
    context.report.endProgress();
  }
}

function unknownJob(job: string, jobs: readonly string[]): LaconicError {
  return new LaconicError(`Job '${job}' not found${didYouMean(job, jobs)}`, {
    hint: jobs.length === 0 ? 'this deployment has no jobs' : `Available jobs: ${jobs.join(', ')}`,
  });
}

/**
 * The job's networks and volumes that already exist on the engine. The job must use them as they are: if its file
 * declares one differently from the deployment's files, newer Compose (2.40 does, 2.26 does not) would recreate the
 * network under the running services (they lose their names in it) and offer to delete the volume with its data,
 * reading the answer from the job's stdin.
 */
async function existing(created: readonly ProjectObject[], context: Context): Promise<ProjectObject[]> {
  const names = async (kind: ProjectObject['kind']): Promise<Set<string>> => {
    if (!created.some((one) => one.kind === kind)) return new Set();
    const noun = kind === 'networks' ? 'network' : 'volume';
    const { stdout } = await runOrFail(`cannot list the ${kind}`, 'docker', [noun, 'ls', '--format', '{{.Name}}'], {
      env: context.env,
      signal: context.signal,
    });
    return new Set(stdout.split('\n'));
  };
  const [networks, volumes] = await Promise.all([names('networks'), names('volumes')]);
  return created.filter(({ kind, name }) => (kind === 'networks' ? networks : volumes).has(name));
}

/** Renders a compose file that makes these external, overriding earlier files. */
export function externalOverride(shared: readonly ProjectObject[]): string {
  const section = (kind: ProjectObject['kind']): string =>
    shared
      .filter((one) => one.kind === kind)
      .map(
        ({ key, name }) =>
          `  ${JSON.stringify(key)}: !override\n    external: true\n    name: ${JSON.stringify(name)}\n`,
      )
      .join('');
  return (['networks', 'volumes'] as const)
    .map((kind) => [kind, section(kind)] as const)
    .filter(([, text]) => text !== '')
    .map(([kind, text]) => `${kind}:\n${text}`)
    .join('');
}

/** Additional variables of a job: `environment` overrides its file, `variables` do not. */
interface JobVariables {
  job: string;
  variables: ReadonlyMap<string, string>;
  environment: ReadonlyMap<string, string>;
}

/**
 * Calls back with the path of a temporary compose file that makes these networks and volumes external and passes these
 * variables to the job; undefined if there are none. In a file they are private, unlike in the arguments of a program;
 * as environment variables of docker they would change its behaviour (`DOCKER_HOST`) and the interpolation of the
 * compose files.
 */
async function withOverride<T>(
  shared: readonly ProjectObject[],
  { job, variables, environment }: JobVariables,
  each: (path: string | undefined) => Promise<T>,
): Promise<T> {
  if (shared.length + variables.size + environment.size === 0) return each(undefined);
  return withTemporaryFolder('job', async (folder) => {
    const path = join(folder, 'existing.yml');
    const values = join(folder, 'secrets.env');
    const service = {
      ...(variables.size > 0 && { env_file: [values] }),
      // In Compose a `$` starts a variable.
      environment: Object.fromEntries([...environment].map(([name, value]) => [name, value.replaceAll('$', '$$$$')])),
    };
    if (variables.size > 0) {
      await writeFileAtomically(values, `${renderEntries(variables).join('\n')}\n`, secretMode);
    }
    const services = `services: ${JSON.stringify({ [job]: service })}\n`;
    await writeFileAtomically(path, externalOverride(shared) + services, secretMode);
    return each(path);
  });
}

async function runNamed(
  project: ComposeProject,
  { name: job, image }: ProjectService,
  { args, wait }: JobOptions,
  engine: Engine,
  context: Context,
): Promise<number> {
  // The name follows Compose's scheme, but must be known here: Compose leaves the container running when interrupted.
  const name = `${project.name}-${job}-run-${randomBytes(6).toString('hex')}`;
  // Compose's messages about a job (its network) are not the job's output; a build may take long, and is shown.
  const silent = context.options.quiet || (await findImage(engine, image)) !== undefined;
  const quiet = silent ? ['--progress', 'quiet'] : [];
  // A detached job's output and exit code must be available after it has ended.
  const lasting = wait ? ['--rm', ...(hasTerminal() ? [] : ['--no-TTY'])] : ['--detach'];
  const command = ['run', ...lasting, '--name', name, job, ...args];
  const words = [...composeArguments(project), ...quiet, ...command];
  context.report.verbose(commandLine('docker', words));
  const removeAtExit = (): void => callAtExit(['rm', '--force', '--volumes', name], project.env);
  process.once('exit', removeAtExit);
  try {
    const code = await runAttached('docker', words, {
      env: project.env,
      signal: context.signal,
    });
    // On a terminal, Compose may receive Ctrl-C first and end by itself.
    if (context.signal.aborted) throw new InterruptedError();
    if (code !== 0) context.report.error(`Error running job ${job}: it returned with code ${code}`);
    else if (!wait) context.report.info(`job ${job} runs; its output: docker logs ${name}`);
    return code;
  } catch (error) {
    if (error instanceof InterruptedError) await removeJobContainer(project, { name, job, image }, engine, context);
    throw error;
  } finally {
    process.removeListener('exit', removeAtExit);
  }
}

/** How long the engine may take to create and remove the container of an interrupted job, in milliseconds. */
const patience = 60_000;

/**
 * Stops the job's container with the engine's grace period, and removes it. A request that Compose sent just before it
 * was stopped may still be in progress: repeats until no container has the name. With `--rm` the engine may remove it
 * as well.
 * @throws LaconicError if it cannot be removed in time
 */
async function removeJobContainer(
  project: ComposeProject,
  { name, job, image }: { name: string; job: string; image: string },
  engine: Engine,
  context: Context,
): Promise<void> {
  const labels = {
    [composeLabels.project]: project.name,
    [composeLabels.service]: job,
    [composeLabels.oneOff]: 'True',
  };
  const until = Date.now() + patience;
  for (let announced = false; Date.now() < until; ) {
    const found = (await listProjectContainers(engine, project.name)).find((container) => container.name === name);
    if (found === undefined) {
      if (await isNameFree(engine, name, image, labels)) return;
    } else {
      if (!announced) context.report.info(`Stopping the job (${name})`);
      announced = true;
      await run('docker', ['stop', found.id], { env: context.env });
      await run('docker', ['rm', '--force', '--volumes', found.id], { env: context.env });
    }
    await sleep(200);
  }
  throw new LaconicError(`the container of the job cannot be removed: ${name}`);
}
