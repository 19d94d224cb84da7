import { randomBytes } from 'node:crypto';
import { mkdir, mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { type ResultPromise, execa } from 'execa';
import { build } from 'rolldown';
import type { StartOptions, StopOptions } from '../../src/deployers/deployer.js';
import { type ComposeProject, composeArguments } from '../../src/deployers/compose/cli/project.js';
import { readStarted } from '../../src/deployers/compose/project/start-record.js';
import { startProject } from '../../src/deployers/compose/start/start.js';
import { stopProject } from '../../src/deployers/compose/stop/stop.js';
import { connectEngine, type Engine } from '../../src/engine/connect.js';
import type { LaconicError } from '../../src/system/errors.js';
import { writeFileAtomically } from '../../src/system/files/files.js';
import { runOrFail } from '../../src/system/process/process.js';
import { containersOf, labelled, removeProject, type Seen } from './engine-api.js';
import { type TestContext, testContext } from './context.js';
import type { Call } from './operation.js';
import { removeFolder } from './temporary.js';

const repository = join(import.meta.dirname, '..', '..');

/** operation.ts as one file for any version of Node, below node_modules so that it finds the packages. */
const driver = join(repository, 'node_modules', '.cache', 'laconic-so-operation.mjs');
let builtDriver: Promise<void> | undefined;

/** Other workers build the same file: it is replaced whole. */
async function buildDriver(): Promise<void> {
  const input = join(import.meta.dirname, 'operation.ts');
  const external = /^[^./]/;
  const { output } = await build({ input, external, platform: 'node', tsconfig: false, write: false });
  await mkdir(dirname(driver), { recursive: true });
  await writeFileAtomically(driver, output[0].code);
}

/**
 * The image of every test container: busybox, or a stand-in built from this machine's package where no registry is
 * reachable.
 */
export async function testImage(): Promise<string> {
  const { stdout } = await runOrFail('no test image', join(repository, 'containers', 'busybox-base.sh'), []);
  return stdout.trim();
}

/** The output of a start or stop, and how it ended. */
export interface Outcome {
  stdout: string;
  stderr: string;
  /** The error's message and hint, or undefined on success. */
  error: string | undefined;
  seconds: number;
}

/** How an operation is called in a process of its own. */
export interface CallOptions {
  input?: Buffer | string;
  /** Instead of separate words: a shell command in which `"$@"` is the operation. */
  shell?: string;
  env?: Record<string, string>;
  /** Compose files of the project; its own when absent. */
  files?: readonly string[];
}

/** A Compose project in a directory of its own; {@link Project.remove} removes it with everything it made. */
export class Project {
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

  /** @param jobs texts of job files by job name */
  static async make(compose?: string, jobs: Readonly<Record<string, string>> = {}): Promise<Project> {
    await (builtDriver ??= buildDriver());
    const directory = await mkdtemp(join(tmpdir(), 'lsoproject-'));
    const name = `lsoproject-${randomBytes(4).toString('hex')}`;
    const project = new Project(name, directory, await connectEngine(testContext()), await testImage());
    await project.write('config.env', 'GREETING=from config.env\n');
    if (compose !== undefined) await project.describe(compose);
    for (const [job, text] of Object.entries(jobs)) {
      project.jobFiles.set(job, await project.write(`compose-jobs/docker-compose-${job}.yml`, text));
    }
    return project;
  }

  /** Replaces the project's compose file, with `IMAGE` and `DIRECTORY` filled in. */
  async describe(compose: string): Promise<void> {
    this.files = [await this.write('compose/docker-compose-main.yml', compose)];
  }

  /** Writes a file below the directory, with `IMAGE` and `DIRECTORY` filled in; returns its path. */
  async write(file: string, text: string, mode = 0o644): Promise<string> {
    const path = join(this.directory, file);
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, text.replaceAll('IMAGE', this.#image).replaceAll('DIRECTORY', this.directory), { mode });
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

  async stop(options: Partial<StopOptions> = {}): Promise<Outcome> {
    const defaults = { services: [], timeout: 1, deleteVolumes: false, deleteData: false, force: false };
    return this.attempt(async (context) => {
      const record = await readStarted(join(this.directory, '.laconic/started.json'));
      const deployment = { record, root: this.directory };
      const deps = { context, engine: this.engine, removeOrphans: true, deployment };
      await stopProject(this.project, { ...defaults, ...options }, deps);
    });
  }

  async attempt(work: (context: TestContext) => Promise<void>): Promise<Outcome> {
    const context = testContext();
    const began = performance.now();
    let error: string | undefined;
    try {
      await work(context);
    } catch (thrown) {
      const { message, hint } = thrown as LaconicError;
      error = hint === undefined ? message : `${message}\n${hint}`;
    }
    return { ...context.output, error, seconds: (performance.now() - began) / 1000 };
  }

  /** Starts an operation in a process of its own. */
  call(call: Call, options: CallOptions = {}): ResultPromise<{ reject: false; encoding: 'buffer' }> {
    const { project } = this;
    const files = options.files ?? project.files;
    const plain = { ...project, files, jobFiles: Object.fromEntries(this.jobFiles), env: undefined };
    const words = [process.execPath, driver];
    const [program = '', ...args] =
      options.shell === undefined ? words : ['bash', '-c', options.shell, 'call', ...words];
    return execa(program, args, {
      env: { ...options.env, LACONIC_TEST_CALL: JSON.stringify({ project: plain, call }) },
      reject: false,
      encoding: 'buffer',
      stripFinalNewline: false,
      maxBuffer: 400 * 1024 * 1024,
      ...(options.input === undefined ? { stdin: 'ignore' as const } : { input: options.input }),
    });
  }

  async docker(...args: string[]): Promise<string> {
    return (await runOrFail(args.join(' '), 'docker', args)).stdout;
  }

  async compose(...args: string[]): Promise<string> {
    return this.docker(...composeArguments(this.project), ...args);
  }

  containers(): Promise<Record<string, Seen>> {
    return containersOf(this.name);
  }

  volumes(): Promise<string[]> {
    return labelled('volumes', this.name);
  }

  networks(): Promise<string[]> {
    return labelled('networks', this.name);
  }

  async remove(): Promise<void> {
    await removeProject(this.name);
    await removeFolder(this.directory);
  }
}

/** How an operation ended and what it printed, without the driver's own last line. */
export function outcomeOf(result: Awaited<ReturnType<Project['call']>>): {
  code: number | undefined;
  stdout: string;
  stderr: string;
} {
  return {
    code: result.exitCode,
    stdout: Buffer.from(result.stdout).toString(),
    stderr: Buffer.from(result.stderr)
      .toString()
      .replace(/memory \d+\n$/, ''),
  };
}
