import type { Engine } from '../../engine/connect.js';
import type { Context } from '../../system/context.js';
import type { ExecOptions, LogsOptions, PortQuery, StopOptions } from '../deployer.js';
import type { ContainerList, PublishedAddress } from '../status.js';
import type { ComposeProject } from './cli/project.js';
import { execInService } from './operate/exec.js';
import { streamLogs } from './operate/logs.js';
import { publishedPort } from './operate/port.js';
import { listContainers } from './resources/list.js';
import { type StopDeps, stopProject } from './stop/stop.js';
import { previewStop, stopPreviewLines } from './preview/stop.js';

/** The operations of a Compose project that are the same for a deployment and for a stack that runs in place. */
export abstract class RunningProject {
  protected readonly name: string;
  protected readonly engine: Engine;
  protected readonly context: Context;

  /** @param name of the Compose project */
  constructor(name: string, engine: Engine, context: Context) {
    this.name = name;
    this.engine = engine;
    this.context = context;
  }

  /** @throws LaconicError if its files cannot be used: only listing and stopping do without them */
  protected abstract get project(): ComposeProject;

  async ps(): Promise<ContainerList> {
    const containers = await listContainers(this.name, this.engine);
    return { containers: containers.filter(({ job }) => !job) };
  }

  async logs(options: LogsOptions): Promise<void> {
    await streamLogs(this.project, options, this.context);
  }

  async exec(options: ExecOptions): Promise<number> {
    return execInService(this.project, options, this.engine, this.context);
  }

  async port(query: PortQuery): Promise<PublishedAddress> {
    return publishedPort(this.project, query, this.engine, this.context);
  }

  /** Stops the project; in a dry run, prints what would be done. */
  protected async stopOrPreview(
    project: ComposeProject,
    options: StopOptions,
    { silence, ...deps }: Omit<StopDeps, 'context' | 'engine'> & { silence: string | undefined },
  ): Promise<void> {
    const { context, engine } = this;
    if (!context.options.dryRun) {
      await stopProject(project, options, { ...deps, context, engine });
      return;
    }
    const preview = await previewStop(project, options, { ...deps, context, engine, silence });
    for (const line of stopPreviewLines(preview)) context.report.print(line);
  }
}
