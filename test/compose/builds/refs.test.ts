import { mkdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import { runOrFail } from '../../../src/system/process/process.js';
import { git, Sources } from '../../git/support/sources.js';
import { describeWithEngine } from '../../support/engine.js';
import { type CliResult } from '../../support/program.js';
import { BuildSite, tinyDockerfile } from './support.js';

describeWithEngine('build-containers and the refs of a stack', () => {
  let site: BuildSite;
  let sources: Sources;

  beforeAll(async () => {
    site = await BuildSite.make();
    sources = await Sources.make();
    for (const name of ['app', 'lib']) {
      await sources.publish(`org/${name}`, { Dockerfile: tinyDockerfile('released') });
      await git(sources.path('work/org', name), 'push', '--quiet', 'origin', 'HEAD:refs/tags/v1');
      await sources.commit(`org/${name}`, { Dockerfile: tinyDockerfile('later') });
    }
  });
  afterAll(async () => {
    await site.remove();
    await sources.remove();
  });
  beforeEach(async () => {
    await rm(sources.base(), { recursive: true, force: true });
    await mkdir(sources.base());
  });

  const url = (name: string): string => `file://${sources.path('hosted/org', name)}`;
  const clone = (name: string, ref: string): Promise<string> =>
    git(sources.base(), 'clone', '--quiet', '--branch', ref, sources.path('hosted/org', `${name}.git`), name);
  const env = (more: NodeJS.ProcessEnv = {}): NodeJS.ProcessEnv => ({
    ...sources.env,
    CERC_REPO_BASE_DIR: sources.base(),
    ...more,
  });
  const build = (more: NodeJS.ProcessEnv = {}, ...globals: string[]): Promise<CliResult> =>
    site.build([], env(more), globals);
  const warnings = ({ stderr }: CliResult): string[] => stderr.split('\n').filter((line) => line.startsWith('WARNING'));
  /** The stack builds `app` from the repository of that name; `lib` is another of its repositories. */
  const stack = (...repositories: string[]): Promise<void> => site.stack(['app'], repositories);
  /** The arguments of every git call; empty when git was not called. */
  const traced = async (work: (more: NodeJS.ProcessEnv) => Promise<unknown>): Promise<string> => {
    const trace = sources.path('trace');
    await rm(trace, { force: true });
    // BuildKit's client calls git by itself.
    await work({ GIT_TRACE: trace, DOCKER_BUILDKIT: '0' });
    return readFile(trace, 'utf8').catch(() => '');
  };

  it('reports a repository at another ref with what is there and what to do, then builds it as it is', async () => {
    await stack(`${url('app')}@v1`, `${url('lib')}@main`);
    await clone('app', 'main');
    await clone('lib', 'v1');
    const commit = (name: string): Promise<string> => git(sources.base(name), 'rev-parse', '--short=12', 'HEAD');
    const stackPath = site.path('my repo/stack-orchestrator/stacks/app');
    const command = `laconic-so --stack '${stackPath}' setup-repositories`;

    const elsewhere = await build();

    expect(elsewhere.code, elsewhere.stderr).toBe(0);
    expect(warnings(elsewhere)).toEqual([
      `WARNING: the stack names ${url('app')}@v1, and ${sources.base('app')} is at main at ${await commit('app')}; switch it with: ${command}`,
      `WARNING: the stack names ${url('lib')}@main, and ${sources.base('lib')} is at v1 at ${await commit('lib')}; switch it with: ${command}`,
    ]);
    expect(await site.line('app')).toBe('later');

    await site.succeed(['--stack', stackPath, 'setup-repositories'], { env: env() });
    const inPlace = await build();
    expect([inPlace.code, warnings(inPlace)]).toEqual([0, []]);
    expect(await site.line('app')).toBe('released');
  });

  it('reports nothing for a branch at the same commit, or a repository without a ref', async () => {
    await stack(`${url('app')}@v1`, url('lib'));
    await clone('app', 'v1');
    await git(sources.base('app'), 'checkout', '--quiet', '-b', 'mine');
    await clone('lib', 'v1');

    const result = await build();

    expect([result.code, warnings(result)]).toEqual([0, []]);
  });

  it('reports a folder that is not a working copy, or is one of another repository, then builds it', async () => {
    await stack(`${url('app')}@v1`, `${url('lib')}@v1`);
    await mkdir(sources.base('app'));
    await writeFile(sources.base('app', 'Dockerfile'), tinyDockerfile('unpacked'));
    await git(sources.base(), 'clone', '--quiet', sources.path('hosted/org/app.git'), 'lib');

    const result = await build();

    expect(result.code, result.stderr).toBe(0);
    expect(warnings(result)).toEqual([
      `WARNING: the stack names ${url('app')}@v1, and ${sources.base('app')} is not a git working copy`,
      expect.stringMatching(
        /^WARNING: the stack names \S+lib@v1, and \S+lib is a working copy of \S+app\.git, not of \S+lib/,
      ),
    ]);
    expect(await site.line('app')).toBe('unpacked');
  });

  it('builds without git, with a warning that nothing was checked', async () => {
    await stack(`${url('app')}@v1`);
    await clone('app', 'main');
    const programs = sources.path('programs');
    await mkdir(programs);
    for (const name of ['docker', 'bash', 'dirname']) {
      const { stdout } = await runOrFail('where it is', 'sh', ['-c', `command -v ${name}`]);
      await symlink(stdout.trim(), `${programs}/${name}`);
    }

    const result = await build({ PATH: programs });

    expect(result.code, result.stderr).toBe(0);
    expect(warnings(result)).toEqual([
      'WARNING: the repositories were not compared with the refs of the stack: git is not installed, or not on the PATH',
    ]);
  });

  it('does not call git for stacks without refs, for repositories that are not cloned, or in a dry run', async () => {
    await clone('app', 'main');
    await stack(url('app'), `${url('lib')}@v1`);
    expect(await traced((more) => build(more))).toBe('');
    await stack(`${url('app')}@v1`);
    expect(await traced((more) => build(more, '--dry-run'))).toBe('');
    expect(await traced((more) => build(more))).toContain('config --list');
  });
});
