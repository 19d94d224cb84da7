import { deleteData } from '../../deployment/access/delete-data.js';
import type { Deployment } from '../../deployment/access/open.js';
import { behindImages, behindParts } from '../../deployment/directory/changed-sources.js';
import { connectEngine, type Engine } from '../../engine/connect.js';
import type { Context } from '../../system/context.js';
import type { Deployer, JobOptions, PlannedChanges, PushOutcome, StartOptions, StopOptions } from '../deployer.js';
import { pushDeploymentImages } from '../images/push-images.js';
import { podScripts } from '../pod-scripts.js';
import type { DeploymentStatus } from '../status.js';
import { composeOrFail } from './cli/compose-cli.js';
import type { ComposeProject } from './cli/project.js';
import { loadModel, type ProjectModel } from './cli/project-model.js';
import { projectImages } from './cli/used-images.js';
import { runComposeJob } from './operate/job.js';
import { projectStatus } from './operate/status.js';
import { deploymentProject, type OpenedProject } from './project/deployment-project.js';
import { checkNeighbours, refuseSharedVolumes } from './project/project-sharers.js';
import { pendingSecrets, secretValues, withNewSecrets } from './project/secret-values.js';
import { readStarted } from './project/start-record.js';
import { statusesOf } from './resources/list.js';
import { observeAll } from './resources/observe.js';
import { RunningProject } from './running-project.js';
import { printPlannedStart, type StartScripts, startWithScripts } from './scripted-start.js';
import { rebuiltServices } from './start/rebuilt.js';
import { pendingOf } from './preview/start.js';
import { environmentLines } from './preview/text.js';

/** A deployment directory on Docker Compose. */
interface DeploymentSetup extends OpenedProject {
  deployment: Deployment;
  scripts: StartScripts;
}

/** Creates the deployer of a deployment directory on Docker Compose. */
export async function composeDeployerOf(deployment: Deployment, context: Context): Promise<Deployer> {
  const engine = await connectEngine(context);
  const opened = await deploymentProject(deployment, engine, context);
  const scripts = {
    preStart: await podScripts(deployment, 'preStartCommand'),
    postStart: await podScripts(deployment, 'postStartCommand'),
    transfers: deployment.stack.transfers,
  };
  return new ComposeDeployer({ ...opened, deployment, scripts }, engine, context);
}

/** A deployment directory on Docker Compose as a {@link Deployer}. */
class ComposeDeployer extends RunningProject implements Deployer {
  readonly #setup: DeploymentSetup;

  constructor(setup: DeploymentSetup, engine: Engine, context: Context) {
    super(setup.project.name, engine, context);
    this.#setup = setup;
  }

  protected get project(): ComposeProject {
    const { project, problem } = this.#setup;
    if (problem !== undefined) throw problem;
    return project;
  }

  async start(options: StartOptions, changed: () => Promise<void>): Promise<boolean> {
    const { deployment, scripts, containers, silence } = this.#setup;
    const { context, engine } = this;
    const { spec, layout } = deployment;
    const files = { startedFile: layout.started, imagesFile: layout.images };
    const deps = { ...files, context, engine, removeOrphans: true };
    if (context.options.dryRun) {
      if (silence === undefined) await checkNeighbours(deployment, engine, context);
      const recreated = await pendingSecrets(spec, layout, context);
      const secrets = { recreated, added: [], removed: [], why: { kind: 'secrets' as const } };
      const pending = [...pendingOf(options.pending), secrets];
      await printPlannedStart(this.project, scripts, options, { ...deps, silence, pending });
      return false;
    }
    const project = await withNewSecrets(this.project, spec, layout, context);
    await checkNeighbours(deployment, engine, context);
    return startWithScripts(project, scripts, options, { ...deps, spec, listed: containers }, changed);
  }

  async stop(options: StopOptions): Promise<void> {
    const { project, problem, silence, deployment } = this.#setup;
    const { layout } = deployment;
    const recorded = { record: await readStarted(layout.started), root: layout.root };
    if (options.deleteVolumes && silence === undefined) await refuseSharedVolumes(deployment, this.engine);
    await this.stopOrPreview(project, options, { removeOrphans: true, problem, deployment: recorded, silence });
    if (options.deleteData && !this.context.options.dryRun) await deleteData(deployment, this.context);
  }

  async status(judged: boolean): Promise<DeploymentStatus> {
    const { layout } = this.#setup.deployment;
    const [observed, record] = await Promise.all([observeAll(this.engine, this.name), readStarted(layout.started)]);
    const ofServices = observed.filter(({ container }) => !container.oneOff);
    const behind = [
      ...(await behindParts(layout)),
      ...behindImages(layout, await rebuiltServices(ofServices, this.engine)),
    ];
    const input = { containers: statusesOf(observed), record, model: () => this.#model() };
    return { ...(await projectStatus(input, judged, this.context)), behind };
  }

  async #model(): Promise<ProjectModel | undefined> {
    const { project } = this;
    return project.files.length === 0 ? undefined : loadModel(project, [], this.context);
  }

  async runJob(job: string, options: JobOptions): Promise<number> {
    const { spec } = this.#setup.deployment;
    const dry = this.context.options.dryRun;
    const secrets = dry ? new Map<string, string>() : await secretValues(spec, this.context);
    return runComposeJob(this.project, job, { ...options, secrets }, this.engine, this.context);
  }

  async pushImages(): Promise<PushOutcome> {
    const used = await projectImages(this.project, this.context);
    return pushDeploymentImages(this.#setup.deployment, used, this.context);
  }

  /** The output of `docker compose config`, with the project name of the deployment; empty without compose files. */
  async render(): Promise<string> {
    const { project } = this;
    if (project.files.length === 0) return '';
    return (await composeOrFail('cannot read the compose files', project, ['config'], this.context)).stdout;
  }

  /** Updates only services with running containers: `update-envs` does not start a deployment. */
  async updateEnvs(pending?: PlannedChanges): Promise<void> {
    const { silence } = this.#setup;
    if (silence !== undefined) {
      for (const line of environmentLines(silence, pending)) this.context.report.print(line);
      return;
    }
    const existing = (await this.ps()).containers;
    const expected = (await this.#model())?.services;
    const services = [...new Set(existing.filter(({ state }) => state === 'running').map((one) => one.service))];
    const present = services.filter((service) => expected?.get(service)?.replicas);
    if (present.length === 0) {
      this.context.report.info('no container is running: the new configuration is used at the next start');
      return;
    }
    const options = { services: present, wait: true, images: new Map(), acceptNewPath: false, pending };
    await this.start(options, async () => undefined);
  }
}
