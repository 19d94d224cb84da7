import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { type CliResult, runCli } from '../../support/program.js';
import { run, runOrFail } from '../../../src/system/process/process.js';

/** git with an identity for the tests, independent of this machine's configuration. */
export const gitPerson: NodeJS.ProcessEnv = {
  GIT_CONFIG_GLOBAL: '/dev/null',
  GIT_CONFIG_SYSTEM: '/dev/null',
  GIT_AUTHOR_NAME: 'tester',
  GIT_AUTHOR_EMAIL: 'tester@example.invalid',
  GIT_COMMITTER_NAME: 'tester',
  GIT_COMMITTER_EMAIL: 'tester@example.invalid',
};

/** Runs git in a folder; throws with its output when it fails. */
export async function git(folder: string, ...args: string[]): Promise<string> {
  const env = { ...process.env, ...gitPerson };
  return (await runOrFail(`git ${args.join(' ')}`, 'git', ['-C', folder, ...args], { env })).stdout.trim();
}

/**
 * A git host (bare repositories `hosted/org/name.git`) and an operator who clones from it, with a base directory, a
 * stack and the program.
 */
export class Sources {
  readonly folder: string;
  /** The environment of the operator's commands. */
  env: NodeJS.ProcessEnv;

  private constructor(folder: string) {
    this.folder = folder;
    this.env = { ...gitPerson, CERC_REPO_BASE_DIR: join(folder, 'base'), SSH_AUTH_SOCK: undefined, HOME: folder };
  }

  static async make(): Promise<Sources> {
    const sources = new Sources(await mkdtemp(join(tmpdir(), 'laconic-git-')));
    await mkdir(sources.path('hosted'));
    return sources;
  }

  path(...below: string[]): string {
    return join(this.folder, ...below);
  }

  /** A path in the operator's base directory. */
  base(...below: string[]): string {
    return this.path('base', ...below);
  }

  async remove(): Promise<void> {
    await rm(this.folder, { recursive: true, force: true, maxRetries: 5 });
  }

  /** A new repository `org/name` with the branch main, whose first commit has these files. */
  async publish(name: string, files: Readonly<Record<string, string>> = { file: 'one\n' }): Promise<void> {
    const bare = this.path('hosted', `${name}.git`);
    await mkdir(bare, { recursive: true });
    await git(bare, 'init', '--quiet', '--bare', '--initial-branch=main');
    await git(this.folder, 'clone', '--quiet', bare, `work/${name}`);
    await git(this.path('work', name), 'checkout', '--quiet', '-B', 'main');
    if (Object.keys(files).length > 0) await this.commit(name, files);
  }

  /**
   * Commits files to a branch of a repository, which is created when it does not exist, and tags that commit.
   * @returns the commit
   */
  async commit(
    name: string,
    files: Readonly<Record<string, string>>,
    { branch = 'main', tag }: { branch?: string; tag?: string } = {},
  ): Promise<string> {
    const tree = this.path('work', name);
    const known = (await git(tree, 'branch', '--list', '--format=%(refname:short)')).split('\n').includes(branch);
    if (branch !== (await git(tree, 'symbolic-ref', '--short', 'HEAD'))) {
      await git(tree, 'checkout', '--quiet', ...(known ? [branch] : ['-b', branch]));
    }
    for (const [path, text] of Object.entries(files)) {
      await mkdir(dirname(join(tree, path)), { recursive: true });
      await writeFile(join(tree, path), text);
    }
    await git(tree, 'add', '--all');
    await git(tree, 'commit', '--quiet', '--allow-empty', '--message', 'a change');
    await git(tree, 'push', '--quiet', '--force', 'origin', `HEAD:refs/heads/${branch}`);
    if (tag !== undefined) {
      await git(tree, 'tag', '--force', tag);
      await git(tree, 'push', '--quiet', '--force', 'origin', `refs/tags/${tag}`);
    }
    return git(tree, 'rev-parse', 'HEAD');
  }

  /** Writes a stack with these repositories. @returns the value for `--stack` */
  async stack(...repositories: string[]): Promise<string> {
    const folder = this.path('stacks', 'some');
    await mkdir(folder, { recursive: true });
    const list = repositories.map((repository) => `  - ${JSON.stringify(repository)}\n`).join('');
    await writeFile(join(folder, 'stack.yml'), `name: some\nrepos:\n${list}pods: []\n`);
    return folder;
  }

  /** Runs the program as the operator. */
  cli(args: readonly string[], env: NodeJS.ProcessEnv = {}): Promise<CliResult> {
    return runCli(args, { cwd: this.folder, env: { ...this.env, ...env } });
  }

  /** Runs `setup-repositories` for a stack with these repositories. */
  async setup(repositories: readonly string[], ...args: string[]): Promise<CliResult> {
    return this.cli(['--stack', await this.stack(...repositories), 'setup-repositories', ...args]);
  }

  /** The branch of a working copy or `detached`, and the commit of its HEAD. */
  async head(name: string): Promise<{ branch: string; commit: string }> {
    const env = { ...process.env, ...gitPerson };
    const branch = await run('git', ['-C', this.base(name), 'symbolic-ref', '--quiet', 'HEAD'], { env });
    return {
      branch: branch.stdout.trim().replace('refs/heads/', '') || 'detached',
      commit: await git(this.base(name), 'rev-parse', 'HEAD'),
    };
  }
}
