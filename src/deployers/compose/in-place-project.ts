import { join } from 'node:path';
import type { Engine } from '../../engine/connect.js';
import type { Context } from '../../system/context.js';
import { withTemporaryFolder } from '../../system/files/temporary-files.js';
import type { Project, StartOptions, StopOptions } from '../deployer.js';
import type { ComposeProject } from './cli/project.js';
import { RunningProject } from './running-project.js';
import { printPlannedStart, type StartScripts, startWithScripts } from './scripted-start.js';

/** A stack that runs in place: a Compose project of its own files, without a deployment directory. */
export interface InPlaceSetup {
  project: ComposeProject;
  scripts: StartScripts;
  /** In a dry run, why the engine could not be asked; undefined: it answers. */
  silence: string | undefined;
  /** Checks that the project is not somebody else's, before anything is started or stopped. */
  checkOwner: () => Promise<void>;
}

/** Files may be a selection of the project's: containers of other services stay. */
const removeOrphans = false;

/** The operations of a stack that runs in place. */
export class InPlaceProject extends RunningProject implements Project {
  readonly #setup: InPlaceSetup;

  constructor(setup: InPlaceSetup, engine: Engine, context: Context) {
    super(setup.project.name, engine, context);
    this.#setup = setup;
  }

  protected get project(): ComposeProject {
    return this.#setup.project;
  }

  async start(options: StartOptions, changed: () => Promise<void>): Promise<boolean> {
    const { project, scripts, silence } = this.#setup;
    const { context, engine } = this;
    await this.#checkOwner();
    if (context.options.dryRun) {
      const files = { startedFile: '', imagesFile: '' };
      const deps = { ...files, context, engine, silence, removeOrphans, pending: [] };
      await printPlannedStart(project, scripts, options, deps);
      return false;
    }
    return withTemporaryFolder('start', async (folder) => {
      const files = { startedFile: join(folder, 'started.json'), imagesFile: join(folder, 'images.yml') };
      return startWithScripts(project, scripts, options, { ...files, context, engine, removeOrphans }, changed);
    });
  }

  async stop(options: StopOptions): Promise<void> {
    const { project, silence } = this.#setup;
    await this.#checkOwner();
    await this.stopOrPreview(project, options, { removeOrphans, silence });
  }

  async #checkOwner(): Promise<void> {
    if (this.#setup.silence === undefined) await this.#setup.checkOwner();
  }
}
