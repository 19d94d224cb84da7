import { randomBytes } from 'node:crypto';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { build } from 'esbuild';
import { type ResultPromise, execa } from 'execa';
import { type ComposeProject, composeArguments } from '../../../src/deployers/compose/cli/project.js';
import { connectEngine, type Engine } from '../../../src/engine/connect.js';
import type { Context } from '../../../src/system/context.js';
import { runOrFail } from '../../../src/system/process/process.js';
import { createReporter } from '../../../src/system/report.js';
import { removeProject } from '../../support/engine-api.js';
import { removeFolder } from '../../support/temporary.js';
import type { Call } from './driver.js';

const repository = join(import.meta.dirname, '..', '..', '..');

/** A Compose project for one test file; {@link Playground.remove} removes it and everything it made. */
export interface Playground {
  readonly directory: string;
  readonly project: ComposeProject;
  readonly engine: Engine;
  docker(...args: string[]): Promise<string>;
  compose(...args: string[]): Promise<string>;
  write(file: string, text: string, mode?: number): Promise<string>;
  /** Starts the operation in a process of its own. */
  call(call: Call, options?: CallOptions): ResultPromise<{ reject: false; encoding: 'buffer' }>;
  remove(): Promise<void>;
}

export interface CallOptions {
  input?: Buffer | string;
  /** Instead of separate words: a shell command in which `"$@"` is the operation. */
  shell?: string;
  env?: Record<string, string>;
  /** Compose files of the project; its own when absent. */
  files?: readonly string[];
}

/**
 * The image of every test container: busybox, or a stand-in built from this machine's package where no registry is
 * reachable.
 */
export async function testImage(): Promise<string> {
  const { stdout } = await runOrFail('no test image', join(repository, 'containers', 'busybox-base.sh'), []);
  return stdout.trim();
}

/**
 * A new project `lsops-…` from these texts, in which `IMAGE` is replaced by the test image and `DIRECTORY` by its
 * directory.
 * @param jobs texts of job files by job name
 */
export async function playground(compose: string, jobs: Record<string, string> = {}): Promise<Playground> {
  const image = await testImage();
  const directory = await mkdtemp(join(tmpdir(), 'lsops-'));
  const name = `lsops-${randomBytes(4).toString('hex')}`;
  const write = async (file: string, text: string, mode = 0o644): Promise<string> => {
    const path = join(directory, file);
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, text.replaceAll('IMAGE', image).replaceAll('DIRECTORY', directory), { mode });
    return path;
  };
  const file = await write('compose/docker-compose-main.yml', compose);
  const jobFiles = new Map<string, string>();
  for (const [job, text] of Object.entries(jobs)) {
    jobFiles.set(job, await write(`compose-jobs/docker-compose-${job}.yml`, text));
  }
  const envFile = await write('config.env', 'GREETING=from config.env\n');
  const project = { name, stack: name, files: [file], jobFiles, envFiles: [envFile], env: process.env };
  const driver = await builtDriver(name);
  const docker = async (...args: string[]): Promise<string> => (await runOrFail(args.join(' '), 'docker', args)).stdout;

  return {
    directory,
    project,
    engine: await connectEngine(testContext().context),
    docker,
    compose: (...args) => docker(...composeArguments(project), ...args),
    write,
    call: (call, options = {}) => {
      const files = options.files ?? project.files;
      const plain = { ...project, files, jobFiles: Object.fromEntries(jobFiles), env: undefined };
      const words = [process.execPath, driver];
      const [program = '', ...args] =
        options.shell === undefined ? words : ['bash', '-c', options.shell, 'call', ...words];
      return execa(program, args, {
        env: { ...options.env, LSOPS_CALL: JSON.stringify({ project: plain, call }) },
        reject: false,
        encoding: 'buffer',
        stripFinalNewline: false,
        maxBuffer: 400 * 1024 * 1024,
        ...(options.input === undefined ? { stdin: 'ignore' as const } : { input: options.input }),
      });
    },
    remove: async () => {
      await removeProject(name);
      await removeFolder(directory);
      await rm(dirname(driver), { recursive: true, force: true });
    },
  };
}

/** How an operation ended and what it printed, without the driver's own last line. */
export function outcomeOf(result: Awaited<ReturnType<Playground['call']>>): {
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

/** The driver as one file that any version of Node runs; it is below node_modules, so that it finds the packages. */
async function builtDriver(name: string): Promise<string> {
  const outfile = join(repository, 'node_modules', '.cache', name, 'driver.mjs');
  await build({
    entryPoints: [join(import.meta.dirname, 'driver.ts')],
    outfile,
    bundle: true,
    platform: 'node',
    format: 'esm',
    packages: 'external',
    logLevel: 'error',
  });
  return outfile;
}

/** A context that records its output, and whose Ctrl-C is `interrupt()`. */
export function testContext(globals: Partial<Context['options']> = {}): {
  context: Context;
  stdout: () => string;
  stderr: () => string;
  interrupt: () => void;
} {
  const out: string[] = [];
  const err: string[] = [];
  const stop = new AbortController();
  const flags = { quiet: false, verbose: false, debug: false, ...globals };
  return {
    stdout: () => out.join(''),
    stderr: () => err.join(''),
    interrupt: () => stop.abort(),
    context: {
      options: { dryRun: false, localStack: false, continueOnError: false, ...flags },
      report: createReporter(
        { stdout: { write: (text) => out.push(text) }, stderr: { write: (text) => err.push(text) } },
        { ...flags, color: false },
      ),
      signal: stop.signal,
      env: process.env,
      cwd: process.cwd(),
    },
  };
}

/** Repeats a query until it has an answer; the error names what is missing. */
export async function eventually<T>(what: string, ask: () => Promise<T | undefined>, seconds = 20): Promise<T> {
  const until = Date.now() + seconds * 1000;
  for (;;) {
    const answer = await ask();
    if (answer !== undefined) return answer;
    if (Date.now() > until) throw new Error(`not within ${seconds} s: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}
