import { randomBytes } from 'node:crypto';
import { mkdir, mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { StartOptions, StopOptions } from '../../../src/deployers/deployer.js';
import { type ComposeProject, composeArguments } from '../../../src/deployers/compose/cli/project.js';
import { readStarted } from '../../../src/deployers/compose/project/start-record.js';
import { startProject } from '../../../src/deployers/compose/start/start.js';
import { type Stopped, stopProject } from '../../../src/deployers/compose/stop/stop.js';
import { connectEngine, type Engine } from '../../../src/engine/connect.js';
import type { LaconicError } from '../../../src/system/errors.js';
import { runOrFail } from '../../../src/system/process/process.js';
import { removeProject } from '../../support/engine-api.js';
import { removeFolder } from '../../support/temporary.js';
import { testContext, testImage } from '../operations/support.js';

/** The output of a start or stop, and how it ended. */
export interface Outcome {
  stdout: string;
  stderr: string;
  /** The error's message and hint, or undefined on success. */
  error: string | undefined;
  seconds: number;
}

/** A container in the form in which the tests compare it: equal before and after means that nothing was touched. */
export interface Seen {
  service: string;
  id: string;
  startedAt: string;
  state: string;
  health: string | undefined;
  image: string;
  oneOff: boolean;
}

/** A Compose project in a directory of its own; {@link Ground.remove} removes it with everything it made. */
export class Ground {
  readonly name: string;
  readonly directory: string;
  readonly engine: Engine;
  readonly #image: string;
  files: string[] = [];
  jobFiles = new Map<string, string>();

  private constructor(name: string, directory: string, engine: Engine, image: string) {
    this.name = name;
    this.directory = directory;
    this.engine = engine;
    this.#image = image;
  }

  static async make(compose?: string): Promise<Ground> {
    const directory = await mkdtemp(join(tmpdir(), 'lsoup-'));
    const name = `lsoup-${randomBytes(4).toString('hex')}`;
    const ground = new Ground(name, directory, await connectEngine(testContext().context), await testImage());
    await ground.write('config.env', 'GREETING=hello\n');
    if (compose !== undefined) await ground.describe(compose);
    return ground;
  }

  /** Replaces the project's compose file, with `IMAGE` and `DIRECTORY` filled in. */
  async describe(compose: string): Promise<void> {
    this.files = [await this.write('compose/docker-compose-main.yml', compose)];
  }

  async write(file: string, text: string): Promise<string> {
    const path = join(this.directory, file);
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, text.replaceAll('IMAGE', this.#image).replaceAll('DIRECTORY', this.directory));
    return path;
  }

  get project(): ComposeProject {
    const envFiles = [join(this.directory, 'config.env')];
    const { name } = this;
    return { name, stack: 'shop', files: this.files, jobFiles: this.jobFiles, envFiles, env: process.env };
  }

  async start(
    options: Partial<StartOptions> = {},
    afterUp: () => Promise<void> = async () => undefined,
  ): Promise<Outcome> {
    const defaults = {
      services: [],
      wait: true,
      images: new Map(),
      acceptNewPath: false,
    };
    return this.attempt(async (context) => {
      await startProject(
        this.project,
        { ...defaults, ...options },
        {
          context,
          engine: this.engine,
          startedFile: join(this.directory, '.laconic/started.json'),
          imagesFile: join(this.directory, '.laconic/images.yml'),
          removeOrphans: true,
          afterUp,
        },
      );
    });
  }

  stopped: Stopped = { hostDirectories: [] };

  async stop(options: Partial<StopOptions> = {}): Promise<Outcome> {
    const defaults = { services: [], timeout: 1, deleteVolumes: false, deleteData: false, force: false };
    return this.attempt(async (context) => {
      const record = await readStarted(join(this.directory, '.laconic/started.json'));
      const deployment = { record, root: this.directory };
      const deps = { context, engine: this.engine, removeOrphans: true, deployment };
      this.stopped = await stopProject(this.project, { ...defaults, ...options }, deps);
    });
  }

  async attempt(work: (context: ReturnType<typeof testContext>['context']) => Promise<void>): Promise<Outcome> {
    const { context, stdout, stderr } = testContext();
    const began = performance.now();
    let error: string | undefined;
    try {
      await work(context);
    } catch (thrown) {
      const { message, hint } = thrown as LaconicError;
      error = hint === undefined ? message : `${message}\n${hint}`;
    }
    return { stdout: stdout(), stderr: stderr(), error, seconds: (performance.now() - began) / 1000 };
  }

  async docker(...args: string[]): Promise<string> {
    return (await runOrFail(args.join(' '), 'docker', args)).stdout;
  }

  async compose(...args: string[]): Promise<string> {
    return this.docker(...composeArguments(this.project), ...args);
  }

  /** Every container of the project by service and number: `web/1`. */
  async containers(): Promise<Record<string, Seen>> {
    const ids = (
      await this.docker('ps', '--all', '--quiet', '--filter', `label=com.docker.compose.project=${this.name}`)
    ).trim();
    if (ids === '') return {};
    const inspected = JSON.parse(await this.docker('inspect', ...ids.split('\n'))) as {
      Id: string;
      Image: string;
      State: { Status: string; StartedAt: string; Health?: { Status: string } };
      Config: { Labels: Record<string, string> };
    }[];
    return Object.fromEntries(
      inspected.map(({ Id, Image, State, Config: { Labels } }) => {
        const service = Labels['com.docker.compose.service'] ?? '';
        const oneOff = Labels['com.docker.compose.oneoff'] === 'True';
        const key = oneOff ? `job ${service}` : `${service}/${Labels['com.docker.compose.container-number'] ?? ''}`;
        const health = State.Health?.Status;
        return [
          key,
          { service, id: Id, startedAt: State.StartedAt, state: State.Status, health, image: Image, oneOff },
        ];
      }),
    );
  }

  volumes(): Promise<string[]> {
    return this.#labelled('volume', 'ls');
  }

  networks(): Promise<string[]> {
    return this.#labelled('network', 'ls');
  }

  /** What `docker …` lists for this project, by name; containers by id. */
  async #labelled(...list: string[]): Promise<string[]> {
    const filter = `label=com.docker.compose.project=${this.name}`;
    const said = await this.docker(...list, '--quiet', '--filter', filter);
    return said
      .trim()
      .split('\n')
      .filter((name) => name !== '');
  }

  async remove(): Promise<void> {
    await removeProject(this.name);
    await removeFolder(this.directory);
  }
}
