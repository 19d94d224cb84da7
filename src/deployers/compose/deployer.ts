import { join } from 'node:path';
import { deleteData } from '../../deployment/access/delete-data.js';
import { behindImages, type BehindPart, behindText } from '../../deployment/directory/changed-sources.js';
import type { Deployment } from '../../deployment/access/open.js';
import { connectEngine, type Engine } from '../../engine/connect.js';
import type { ProjectContainer } from '../../engine/containers.js';
import type { Spec } from '../../spec/model.js';
import type { ConfigTransfer } from '../../stack/parse.js';
import type { Context } from '../../system/context.js';
import { LaconicError, UsageError } from '../../system/errors.js';
import { withTemporaryFolder } from '../../system/files/temporary-files.js';
import type {
  ContainerStatus,
  Deployer,
  ExecOptions,
  JobOptions,
  LogsOptions,
  OutputFormat,
  PlannedChanges,
  PortQuery,
  StartOptions,
  StopOptions,
} from '../deployer.js';
import { renderPs, renderPsJson } from '../status-output.js';
import { composeOrFail } from './cli/compose-cli.js';
import { deploymentProject } from './project/deployment-project.js';
import { execInService } from './operate/exec.js';
import { runComposeJob } from './operate/job.js';
import { listContainers, statusesOf } from './resources/list.js';
import { observeAll, type ObservedContainer } from './resources/observe.js';
import { streamLogs } from './operate/logs.js';
import { loadModel, type ProjectModel } from './cli/project-model.js';
import { publishedPort } from './operate/port.js';
import type { ComposeProject } from './cli/project.js';
import { type PodScript, podScripts, runPodScripts } from '../pod-scripts.js';
import { pendingSecrets, secretValues, withNewSecrets } from './project/secret-values.js';
import { startProject } from './start/start.js';
import { checkNeighbours, refuseSharedVolumes } from './project/project-sharers.js';
import { readStarted } from './project/start-record.js';
import { projectStatus } from './operate/status.js';
import { rebuiltServices } from './start/rebuilt.js';
import { stopProject } from './stop/stop.js';
import { runTransfers, transferLimits } from './operate/transfer.js';

/** A Compose project with everything needed to start it. */
export interface ProjectSetup {
  project: ComposeProject;
  /** Why the project's files cannot be used; see deploymentProject. */
  problem?: LaconicError;
  /** The project's containers, if they were listed when it was opened. */
  containers?: readonly ProjectContainer[] | undefined;
  /** In a dry run, why the engine could not be asked; absent: it answers. */
  silence?: string | undefined;
  /** Checks that the project is not somebody else's, before anything is started or stopped. */
  checkOwner?: () => Promise<void>;
  preStart: readonly PodScript[];
  postStart: readonly PodScript[];
  transfers: readonly ConfigTransfer[];
  /** Absent when a stack runs in place. */
  deployment?: Deployment;
  /** The spec of the compose files; absent if a stack runs in place. */
  spec?: Spec;
  /** The files for the start record and image overrides; absent if a stack runs in place. */
  state: { startedFile: string; imagesFile: string } | undefined;
}

/** Creates the deployer of a deployment directory on Docker Compose. */
export async function composeDeployerOf(deployment: Deployment, context: Context): Promise<Deployer> {
  const { layout, stack, spec } = deployment;
  const engine = await connectEngine(context);
  const setup: ProjectSetup = {
    ...(await deploymentProject(deployment, engine, context)),
    preStart: await podScripts(deployment, 'preStartCommand'),
    postStart: await podScripts(deployment, 'postStartCommand'),
    transfers: stack.transfers,
    deployment,
    spec,
    state: { startedFile: layout.started, imagesFile: layout.images },
  };
  return new ComposeDeployer(setup, engine, context);
}

/** A Compose project as a {@link Deployer}: each method is one function of this folder. */
export class ComposeDeployer implements Deployer {
  readonly #setup: ProjectSetup;
  #listed: readonly ProjectContainer[] | undefined;
  readonly #engine: Engine;
  readonly #context: Context;

  constructor(setup: ProjectSetup, engine: Engine, context: Context) {
    this.#setup = setup;
    this.#listed = setup.containers;
    this.#engine = engine;
    this.#context = context;
  }

  /** The project for operations that need its files: all except listing and stopping. */
  get #project(): ComposeProject {
    const { project, problem } = this.#setup;
    if (problem !== undefined) throw problem;
    return project;
  }

  async start(options: StartOptions, changed: () => Promise<void>): Promise<boolean> {
    const { preStart, postStart, transfers, spec, state } = this.#setup;
    const context = this.#context;
    if (options.forceConflicts === true) context.report.warn('--force-conflicts has no effect on Compose');
    if (context.options.dryRun) {
      await this.#tellStart(options);
      return false;
    }
    // Valid only while nothing else was done: scripts, or an earlier call, may have started containers.
    const listed = preStart.length === 0 ? this.#listed : undefined;
    this.#listed = undefined;
    const project = await this.#withSecrets();
    await this.#checkBelonging();
    await runPodScripts(preStart, project, context, options.waitTimeout);
    const afterUp = async (): Promise<void> => {
      await runPodScripts(postStart, project, context, options.waitTimeout);
      await changed();
      await runTransfers(transfers.map(asTransfer), project, this.#engine, context, transferLimits(options));
    };
    const own = { removeOrphans: state !== undefined, ...(spec && { spec }), ...(listed && { listed }) };
    const common = { context, engine: this.#engine, afterUp, ...own };
    if (state !== undefined) return startProject(project, options, { ...common, ...state });
    return withTemporaryFolder('start', async (folder) => {
      const files = { startedFile: join(folder, 'started.json'), imagesFile: join(folder, 'images.yml') };
      return startProject(project, options, { ...common, ...files });
    });
  }

  /** Refuses to start what belongs to others, according to the engine or a directory beside this one. */
  async #checkBelonging(): Promise<void> {
    const { deployment, checkOwner } = this.#setup;
    if (deployment !== undefined) await checkNeighbours(deployment, this.#engine, this.#context);
    await checkOwner?.();
  }

  /** Prints what a start would do, including scripts and transfers in order. */
  async #tellStart(options: StartOptions): Promise<void> {
    const { preStart, postStart, transfers, silence, state, deployment } = this.#setup;
    const context = this.#context;
    const project = this.#project;
    const [{ pendingOf, previewStart }, { startPreviewLines }] = await Promise.all([
      import('./preview/start.js'),
      import('./preview/text.js'),
    ]);
    if (silence === undefined) await this.#checkBelonging();
    const preview = await previewStart(project, options, {
      ...(state ?? { startedFile: '', imagesFile: '' }),
      ...{ context, engine: this.#engine, silence, removeOrphans: state !== undefined },
      pending: [
        ...pendingOf(options.pending),
        ...(deployment === undefined
          ? []
          : [
              {
                recreated: await pendingSecrets(deployment.spec, deployment.layout, context),
                added: [],
                removed: [],
                why: { kind: 'secrets' as const },
              },
            ]),
      ],
    });
    await runPodScripts(preStart, project, context);
    for (const line of startPreviewLines(preview)) context.report.print(line);
    await runPodScripts(postStart, project, context);
    await runTransfers(transfers.map(asTransfer), project, this.#engine, context);
  }

  /** The project with the secrets that have sources, read again. */
  async #withSecrets(): Promise<ComposeProject> {
    const { deployment } = this.#setup;
    const project = this.#project;
    if (deployment === undefined) return project;
    return withNewSecrets(project, deployment.spec, deployment.layout, this.#context);
  }

  async stop(options: StopOptions): Promise<void> {
    const { project, problem, silence, state, deployment, checkOwner } = this.#setup;
    const context = this.#context;
    if (silence === undefined) await checkOwner?.();
    const recorded = state &&
      deployment && { record: await readStarted(state.startedFile), root: deployment.layout.root };
    if (deployment !== undefined && options.deleteVolumes && silence === undefined) {
      await refuseSharedVolumes(deployment, this.#engine);
    }
    const own = {
      removeOrphans: state !== undefined,
      ...(problem && { problem }),
      ...(recorded && { deployment: recorded }),
    };
    const deps = { context, engine: this.#engine, ...own };
    if (context.options.dryRun) {
      const { previewStop, stopPreviewLines } = await import('./preview/stop.js');
      const preview = await previewStop(project, options, { ...deps, silence });
      for (const line of stopPreviewLines(preview)) context.report.print(line);
      return;
    }
    await stopProject(project, options, deps);
    if (options.deleteData && deployment !== undefined) await deleteData(deployment, context);
  }

  async ps(format: OutputFormat): Promise<string> {
    const containers = await this.#list();
    return format === 'json' ? renderPsJson(containers) : renderPs(containers);
  }

  async status(
    format: OutputFormat,
    judged: boolean,
    behind: readonly BehindPart[],
  ): Promise<{ output: string; degraded: boolean }> {
    const { state, deployment } = this.#setup;
    const context = this.#context;
    const [observed, record] = await Promise.all([this.#observe(), state && readStarted(state.startedFile)]);
    const containers = statusesOf(observed);
    const ofServices = observed.filter(({ container }) => !container.oneOff);
    const images =
      deployment === undefined ? [] : behindImages(deployment.layout, await rebuiltServices(ofServices, this.#engine));
    if (format === 'text') for (const part of images) context.report.info(behindText(part));
    const told = { format, judged, behind: [...behind, ...images] };
    return projectStatus({ containers, record, model: () => this.#model() }, told, context);
  }

  async #observe(): Promise<ObservedContainer[]> {
    return observeAll(this.#engine, this.#setup.project.name);
  }

  async #list(): Promise<ContainerStatus[]> {
    return listContainers(this.#setup.project, this.#engine);
  }

  async #model(): Promise<ProjectModel | undefined> {
    const project = this.#project;
    if (project.files.length === 0) return undefined;
    return loadModel(project, [], this.#context);
  }

  async logs(options: LogsOptions): Promise<void> {
    if (options.previous === true) {
      throw new UsageError('--previous is for Kubernetes: with Docker the log of a container holds all its runs');
    }
    if (this.#context.options.dryRun) {
      this.#context.report.print(`would show the logs of ${options.services.join(', ') || 'all services'}`);
      return;
    }
    await streamLogs(this.#project, options, this.#context);
  }

  async exec(options: ExecOptions): Promise<number> {
    if (this.#context.options.dryRun) {
      this.#context.report.print(`would run in ${options.service}: ${options.command.join(' ')}`);
      return 0;
    }
    return execInService(this.#project, options, this.#engine, this.#context);
  }

  async port(query: PortQuery): Promise<string> {
    return publishedPort(this.#project, query, this.#engine, this.#context);
  }

  async runJob(job: string, options: JobOptions): Promise<number> {
    const { spec } = this.#setup;
    const project = this.#project;
    const dry = this.#context.options.dryRun;
    const secrets = spec === undefined || dry ? new Map<string, string>() : await secretValues(spec, this.#context);
    return runComposeJob(project, job, { ...options, secrets }, this.#engine, this.#context);
  }

  async pushImages(format: OutputFormat): Promise<boolean> {
    const { deployment } = this.#setup;
    // `deploy` has no such command: a stack that runs in place has no registry.
    if (deployment === undefined) throw new LaconicError('a stack that runs in place has no images to push');
    const [{ projectImages }, { pushDeploymentImages }] = await Promise.all([
      import('./cli/used-images.js'),
      import('../images/push-images.js'),
    ]);
    const used = await projectImages(this.#project, this.#context);
    const { complete } = await pushDeploymentImages(deployment, used, format, this.#context);
    return complete;
  }

  /** The output of `docker compose config`, with the project name of the deployment; empty without compose files. */
  async render(): Promise<string> {
    const project = this.#project;
    if (project.files.length === 0) return '';
    return (await composeOrFail('cannot read the compose files', project, ['config'], this.#context)).stdout;
  }

  /** Updates only services with running containers: `update-envs` does not start a deployment. */
  async updateEnvs(pending?: PlannedChanges): Promise<void> {
    const { silence } = this.#setup;
    if (silence !== undefined) {
      const { environmentLines } = await import('./preview/text.js');
      for (const line of environmentLines(silence, pending)) this.#context.report.print(line);
      return;
    }
    const existing = await this.#list();
    const expected = (await this.#model())?.services;
    const services = [
      ...new Set(existing.filter((one) => !one.job && one.state === 'running').map((one) => one.service)),
    ];
    const present = services.filter((service) => expected?.get(service)?.replicas);
    if (present.length === 0) {
      this.#context.report.info('no container is running: the new configuration is used at the next start');
      return;
    }
    const options = {
      services: present,
      attached: false,
      wait: true,
      images: new Map(),
      acceptNewPath: false,
      pull: false,
      pending,
    };
    await this.start(options, async () => undefined);
  }
}

function asTransfer(transfer: ConfigTransfer) {
  return {
    destination: transfer.service,
    variable: transfer.variable,
    source: transfer.fromService,
    sourceVariable: transfer.fromVariable,
  };
}
