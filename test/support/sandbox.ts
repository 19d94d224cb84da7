import { mkdtempSync } from 'node:fs';
import { chmod, lstat, mkdir, readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { runOrFail } from '../../src/system/process/process.js';
import { type CliResult, runCli, runProgram } from './program.js';
import { containersOf, labelled, removeProject, type Seen } from './engine-api.js';
import { removeFolder } from './temporary.js';

/** Where a call runs, below the base, and what its environment has in addition. */
export interface Surroundings {
  cwd?: string;
  env?: NodeJS.ProcessEnv;
}

/**
 * A folder for one test file with its stacks (in git or not), repositories, specs and deployments, from which the
 * program is called. {@link Sandbox.remove} removes everything, including the containers.
 */
export class Sandbox {
  readonly base = mkdtempSync(join(tmpdir(), 'laconic-sandbox-'));
  readonly #projects = new Set<string>();

  /**
   * @param files texts by path below the base, in which `BASE` is replaced by the base; files whose name ends with
   * `.sh` are executable
   */
  static async make<T extends Sandbox>(this: new () => T, files: Readonly<Record<string, string>> = {}): Promise<T> {
    const sandbox = new this();
    await mkdir(sandbox.path('repositories'));
    for (const [path, text] of Object.entries(files)) await sandbox.write(path, text);
    return sandbox;
  }

  /** A path below the base, unless it is absolute. */
  path(...below: string[]): string {
    return resolve(this.base, ...below);
  }

  async write(path: string, text: string, mode = path.endsWith('.sh') ? 0o755 : undefined): Promise<string> {
    const file = this.path(path);
    await mkdir(dirname(file), { recursive: true });
    await writeFile(file, text.replaceAll(/\bBASE\b/g, this.base));
    if (mode !== undefined) await chmod(file, mode);
    return file;
  }

  read(path: string): Promise<string> {
    return readFile(this.path(path), 'utf8');
  }

  async exists(path: string): Promise<boolean> {
    return lstat(this.path(path)).then(
      () => true,
      () => false,
    );
  }

  /** Replaces text in a file, which has to contain it. */
  async edit(path: string, from: string, to: string): Promise<void> {
    const text = await this.read(path);
    if (!text.includes(from)) throw new Error(`${path} has no ${from}:\n${text}`);
    await this.write(path, text.replaceAll(from, to));
  }

  /** Runs `laconic-so …` in the base, or in `cwd`; repositories are in `repositories`. */
  async cli(args: readonly string[], options: Surroundings = {}): Promise<CliResult> {
    return runCli(args, this.surroundings(options));
  }

  /**
   * The same for a call that has to exit with 0.
   * @throws Error with all output of the program if it fails
   */
  async succeed(args: readonly string[], options: Surroundings = {}): Promise<CliResult> {
    const result = await this.cli(args, options);
    if (result.code === 0) return result;
    throw new Error(`laconic-so ${args.join(' ')}: exit code ${result.code}\n${result.stdout}${result.stderr}`);
  }

  /** The directory and the environment of a call. */
  protected surroundings({ cwd = '', env }: Surroundings): { cwd: string; env: NodeJS.ProcessEnv } {
    return { cwd: this.path(cwd), env: { CERC_REPO_BASE_DIR: this.path('repositories'), ...env } };
  }

  /** Runs `deploy create` for a spec; its project is removed with the sandbox. */
  async create(spec: string, directory: string, ...more: string[]): Promise<CliResult> {
    const words = ['deploy', 'create', '--spec-file', spec, '--deployment-dir', directory, ...more];
    const result = await this.succeed(words);
    await this.projectOf(directory);
    return result;
  }

  /** Runs `deployment --dir <directory> …`. */
  deployment(directory: string, ...args: string[]): Promise<CliResult> {
    return this.cli(['deployment', '--dir', directory, ...args]);
  }

  /** The same, but it has to exit with 0. */
  run(directory: string, ...args: string[]): Promise<CliResult> {
    return this.succeed(['deployment', '--dir', directory, ...args]);
  }

  /** The cluster-id of a deployment, which is its Compose project. */
  async projectOf(directory: string): Promise<string> {
    const id = /^cluster-id: (\S+)$/m.exec(await this.read(join(directory, 'deployment.yml')))?.[1] ?? '';
    this.watch(id);
    return id;
  }

  /** Removes everything of the project with the sandbox. */
  watch(project: string): void {
    this.#projects.add(project);
  }

  /** Runs git with an identity for the tests, independent of the user's configuration. */
  async git(tree: string, ...args: string[]): Promise<string> {
    const person = [
      '-c',
      'user.name=tester',
      '-c',
      'user.email=tester@example.invalid',
      '-c',
      'init.defaultBranch=main',
    ];
    const env = { ...process.env, GIT_CONFIG_GLOBAL: '/dev/null', GIT_CONFIG_SYSTEM: '/dev/null' };
    const words = [...person, '-C', this.path(tree), ...args];
    return (await runOrFail(`git ${args.join(' ')}`, 'git', words, { env })).stdout;
  }

  /** Makes a folder a git tree whose branch tracks a bare repository next to it, `<tree>.git`. */
  async publish(tree: string): Promise<void> {
    await this.git('.', 'init', '--quiet', '--bare', `${tree}.git`);
    await this.git(tree, 'init', '--quiet');
    await this.commit(tree);
    await this.git(tree, 'remote', 'add', 'origin', this.path(`${tree}.git`));
    await this.git(tree, 'push', '--quiet', '--set-upstream', 'origin', 'main');
  }

  async commit(tree: string): Promise<void> {
    await this.git(tree, 'add', '.');
    await this.git(tree, 'commit', '--quiet', '--message', 'a change');
  }

  /** Changes a file of a published tree in the remote only, as another developer would. */
  async pushElsewhere(tree: string, path: string, text: string): Promise<void> {
    const elsewhere = `${tree}-elsewhere`;
    if (!(await this.exists(elsewhere))) await this.git('.', 'clone', '--quiet', `${tree}.git`, elsewhere);
    await this.git(elsewhere, 'pull', '--quiet');
    await this.write(join(elsewhere, path), text);
    await this.commit(elsewhere);
    await this.git(elsewhere, 'push', '--quiet');
  }

  async docker(...args: string[]): Promise<string> {
    return (await runOrFail(args.join(' '), 'docker', args)).stdout;
  }

  /** The containers of a deployment by service. */
  async containers(directory: string): Promise<Record<string, Seen>> {
    return containersOf(await this.projectOf(directory));
  }

  /** Everything of a project on the engine, including what any operation on it would change. */
  async engineState(project: string): Promise<unknown> {
    const [networks, volumes] = await Promise.all([labelled('networks', project), labelled('volumes', project)]);
    return { containers: await containersOf(project), networks, volumes };
  }

  /** Every path below a folder with its inode and change times: equal listings mean that nothing was done. */
  async fileState(below = '.'): Promise<Record<string, string>> {
    const listing: Record<string, string> = {};
    const walk = async (path: string): Promise<void> => {
      const { ino, mode, size, mtimeMs, ctimeMs } = await stat(path);
      listing[path] = [ino, mode, size, mtimeMs, ctimeMs].join(' ');
      if (!(await lstat(path)).isDirectory()) return;
      for (const name of await readdir(path)) await walk(join(path, name));
    };
    await walk(this.path(below));
    return listing;
  }

  async remove(): Promise<void> {
    for (const project of this.#projects) await removeProject(project);
    await removeFolder(this.base);
  }
}

/** A sandbox for what is about processes, or whose hooks and scripts print: the program runs in its own process. */
export class ProcessSandbox extends Sandbox {
  override cli(args: readonly string[], options: Surroundings = {}): Promise<CliResult> {
    return runProgram(args, this.surroundings(options));
  }
}

/** A service that runs idle and ends at once when it is stopped. */
export function idleService(name: string, more = ''): string {
  return `  ${name}:
    image: busybox:1.36
    command: ["sleep", "1000000"]
    stop_signal: SIGKILL
${more}`;
}
