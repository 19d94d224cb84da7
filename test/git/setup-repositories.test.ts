import { mkdir, readdir } from 'node:fs/promises';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { startGitDaemon } from './support/git-daemon.js';
import type { Server } from './support/server.js';
import { git, Sources } from './support/sources.js';

describe('setup-repositories over git', () => {
  let sources: Sources;
  let daemon: Server;
  let host: string;

  beforeAll(async () => {
    sources = await Sources.make();
    daemon = await startGitDaemon(sources.path('hosted'));
    host = `git://127.0.0.1:${daemon.port}`;
  });
  afterAll(async () => {
    await daemon.stop();
    await sources.remove();
  });

  let name: string;
  let count = 0;
  /** The URL of the test's own repository. */
  let url: string;
  beforeEach(async () => {
    name = `repo${(count += 1)}`;
    url = `${host}/org/${name}`;
    await sources.publish(`org/${name}`);
  });

  it('clones what is missing and prints the lines that scripts read, in the order of the list, with new lines on stderr', async () => {
    await sources.publish('org/beta');
    await sources.commit('org/beta', { file: 'test\n' }, { branch: 'test-branch' });
    const env = { CERC_REPO_BASE_DIR: sources.path('new', 'base') };
    const stack = await sources.stack(url, `${host}/org/beta@test-branch`);
    const result = await sources.cli(['--stack', stack, 'setup-repositories'], env);
    expect(result).toMatchObject({ code: 0 });
    const base = sources.path('new', 'base');
    expect(result.stdout).toBe(
      [
        `Dev Root is: ${base}`,
        "Dev root directory doesn't exist, creating",
        `Checking: ${base}/${name}: Needs to be fetched`,
        `Checking: ${base}/beta: Needs to be fetched`,
        'switching to branch test-branch in repo org/beta\n',
      ].join('\n'),
    );
    expect(result.stderr).toMatch(new RegExp(`^org/${name}: cloned, main at [0-9a-f]{12}$`, 'm'));
    expect(result.stderr).toMatch(/^org\/beta: cloned, test-branch at [0-9a-f]{12}$/m);
    expect((await readdir(base)).sort()).toEqual(['beta', name].sort());
    expect(await git(`${base}/beta`, 'status', '--porcelain', '--branch')).toBe('## test-branch...origin/test-branch');

    const again = await sources.cli(['--stack', stack, 'setup-repositories'], env);
    expect(again.stdout).toBe(
      `Dev Root is: ${base}\nChecking: ${base}/${name}: already exists active branch: main\n` +
        `Checking: ${base}/beta: already exists active branch: test-branch\n`,
    );
    expect(again.stderr).toContain('org/beta: unchanged, test-branch at');
  });

  it('prints nothing with --quiet when all is well', async () => {
    const stack = await sources.stack(url);
    expect(await sources.cli(['--quiet', '--stack', stack, 'setup-repositories'])).toMatchObject({
      code: 0,
      stdout: '',
      stderr: '',
    });
  });

  it('changes nothing with --check-only and --dry-run, not even the base directory, and lists what would be done', async () => {
    const env = { CERC_REPO_BASE_DIR: sources.path('never') };
    const stack = await sources.stack(`${url}@v1`);
    for (const args of [
      ['--stack', stack, 'setup-repositories', '--check-only'],
      ['--dry-run', '--stack', stack, 'setup-repositories'],
    ]) {
      const result = await sources.cli(args, env);
      expect(result.code).toBe(0);
      expect(result.stdout).toContain(
        `Checking: ${sources.path('never')}/${name}: Needs to be fetched\n(git clone skipped)\n`,
      );
      expect(result.stderr).toContain(`org/${name}: would be cloned from ${url}, at v1`);
    }
    expect(await readdir(sources.folder)).not.toContain('never');

    await sources.commit(`org/${name}`, { file: 'v1\n' }, { tag: 'v1' });
    expect((await sources.setup([url])).code).toBe(0);
    await sources.commit(`org/${name}`, { file: 'later\n' });
    const before = await sources.head(name);
    const seen = await git(sources.base(name), 'for-each-ref');
    const checked = await sources.setup([`${url}@v1`], '--check-only', '--pull');
    expect(checked.stdout).toContain(`${name}: already exists active branch: main\n(git pull skipped)\n`);
    expect(checked.stderr).toContain('would be fetched and switched to v1');
    const dry = await sources.cli([
      '--dry-run',
      '--stack',
      await sources.stack(`${url}@v1`),
      'setup-repositories',
      '--pull',
    ]);
    expect(dry.stderr).toContain('would be fetched and switched to v1 unless it is there already');
    expect(await sources.head(name)).toEqual(before);
    expect(await git(sources.base(name), 'for-each-ref')).toBe(seen);
  });

  it('calls no git in a dry run', async () => {
    await sources.setup([url]);
    const result = await sources.cli(
      ['--dry-run', '--stack', await sources.stack(url), 'setup-repositories', '--pull'],
      {
        PATH: '/nowhere',
      },
    );
    expect(result).toMatchObject({ code: 0 });
    const without = await sources.cli(['--stack', await sources.stack(url), 'setup-repositories'], {
      PATH: '/nowhere',
    });
    expect(without).toMatchObject({ code: 1 });
    expect(without.stderr).toContain('git is not installed');
  });

  it('fast-forwards a branch with --pull, and moves detached copies from tag to tag', async () => {
    await sources.commit(`org/${name}`, { file: 'v1\n' }, { tag: 'v1' });
    await sources.setup([`${url}@v1`]);
    expect((await sources.head(name)).branch).toBe('detached');
    await sources.commit(`org/${name}`, { file: 'v2\n' }, { tag: 'v2' });
    const v3 = await sources.commit(`org/${name}`, { file: 'v3\n' }, { tag: 'v3' });

    const unknown = await sources.setup([`${url}@v3`]);
    expect(unknown).toMatchObject({ code: 1 });
    expect(unknown.stdout).toContain(`${name}: already exists active ref: v1`);
    expect(unknown.stderr).toMatch(/no branch, tag or commit v3 is known here.*\n--pull fetches/);

    const moved = await sources.setup([`${url}@v3`], '--pull');
    expect(moved).toMatchObject({ code: 0 });
    expect(moved.stdout).toContain(`switching to branch v3 in repo org/${name}`);
    expect(await sources.head(name)).toEqual({ branch: 'detached', commit: v3 });
    expect((await sources.setup([`${url}@v3`])).stdout).toContain('already exists active ref: v3');
    expect((await sources.setup([`${url}@${v3}`])).stdout).not.toContain('switching');
  });

  it('switches first with --pull, then fast-forwards only the target', async () => {
    await sources.commit(`org/${name}`, { other: 'one\n' }, { branch: 'other' });
    await sources.setup([`${url}@other`]);
    await sources.setup([`${url}@main`]);
    const main = (await sources.head(name)).commit;
    await sources.commit(`org/${name}`, { file: 'two\n' });
    const other = await sources.commit(`org/${name}`, { other: 'two\n' }, { branch: 'other' });
    await sources.setup([`${url}@other`], '--pull');
    expect(await sources.head(name)).toEqual({ branch: 'other', commit: other });
    expect(await git(sources.base(name), 'rev-parse', 'main')).toBe(main);
  });

  it('leaves existing copies as they are without --pull', async () => {
    await sources.setup([url]);
    const before = await sources.head(name);
    const after = await sources.commit(`org/${name}`, { file: 'two\n' });
    await sources.setup([url]);
    expect(await sources.head(name)).toEqual(before);
    const pulled = await sources.setup([url], '--pull');
    expect(pulled.stderr).toContain(`org/${name}: updated, main at ${after.slice(0, 12)}`);
    expect(await sources.head(name)).toEqual({ branch: 'main', commit: after });
  });

  it('keeps local commits on top of the remote, which is no error', async () => {
    await sources.setup([url]);
    await git(sources.base(name), 'commit', '--quiet', '--allow-empty', '--message', 'mine');
    const mine = await sources.head(name);
    expect((await sources.setup([url], '--pull')).code).toBe(0);
    expect(await sources.head(name)).toEqual(mine);
  });

  it.each(['full', 'short'])('accepts a %s commit id as a ref', async (length) => {
    const first = await sources.commit(`org/${name}`, { file: 'a\n' });
    await sources.commit(`org/${name}`, { file: 'b\n' });
    const ref = length === 'full' ? first : first.slice(0, 9);
    expect((await sources.setup([`${url}@${ref}`])).code).toBe(0);
    expect(await sources.head(name)).toEqual({ branch: 'detached', commit: first });
    expect((await sources.setup([`${url}@${ref}`])).stdout).not.toContain('switching');
  });

  it('prefers a branch to a tag of the same name, as git checkout does', async () => {
    await sources.commit(`org/${name}`, { file: 'tag\n' }, { tag: 'both' });
    await sources.setup([url]);
    await git(sources.base(name), 'branch', 'both', 'HEAD~1');
    await sources.setup([`${url}@both`]);
    expect((await sources.head(name)).branch).toBe('both');
  });

  it('applies --branches only to the repositories it names, with or without the host', async () => {
    await sources.publish('org/pinned');
    await sources.commit('org/pinned', { file: 'v1\n' }, { tag: 'v1' });
    await git(sources.path('hosted', 'org', 'pinned.git'), 'tag', 'v2', 'v1');
    await sources.commit('org/pinned', { file: 'later\n' });
    await sources.commit(`org/${name}`, { file: 'x\n' }, { branch: 'feature/x' });
    const repositories = [url, `${host}/org/pinned@v1`];
    const result = await sources.setup(repositories, '--branches', `org/${name}@feature/x`);
    expect(result).toMatchObject({ code: 0 });
    expect(result.stdout).not.toMatch(/^Checking$/m);
    expect((await sources.head(name)).branch).toBe('feature/x');
    // Both tags are on this commit, and the requested one is shown.
    expect(result.stderr).toMatch(/^org\/pinned: cloned, v1 at /m);
    const again = await sources.setup([`${host}/org/pinned@v1`]);
    expect(again.stdout).toContain('pinned: already exists active ref: v1\n');
    expect(again.stderr).toMatch(/^org\/pinned: unchanged, v1 at /m);

    const misspelt = await sources.setup(repositories, '--branches', 'org/pined@main');
    expect(misspelt).toMatchObject({ code: 1, stdout: '' });
    expect(misspelt.stderr).toContain('did you mean "org/pinned"?');
  });

  it.each(['repo', 'a@b@c', '@x', 'x@', 'org/repo@-x', 'org/repo@a..b'])(
    'rejects --branches %s before anything else',
    async (item) => {
      const result = await sources.setup([url], '--branches', item);
      expect(result).toMatchObject({ code: 1, stdout: '' });
      expect(result.stderr).toContain(`Error: branch specified is not valid: ${item}`);
    },
  );

  it('accepts org/repo in --include and --exclude, and only warns about unknown names', async () => {
    await sources.publish('org/left');
    const repositories = [url, `${host}/org/left`];
    const included = await sources.setup(repositories, '--include', ` org/${name} , org/lef`);
    expect(included).toMatchObject({ code: 0 });
    expect(included.stdout).not.toContain('left');
    expect(included.stderr).toMatch(/WARNING: --include names org\/lef, which is not one of/);
    const excluded = await sources.setup(repositories, '--exclude', `${host}/org/${name}`);
    expect(excluded.stdout).toContain('left');
    expect(excluded.stdout).not.toContain(name);
  });

  it('exits with 0 for a stack without repositories', async () => {
    const result = await sources.setup([]);
    expect(result).toMatchObject({ code: 0 });
    expect(result.stderr).toContain('does not define any repositories');
  });

  it('uses the repositories of the bundled stacks without --stack, and warns when --include matches none of them', async () => {
    const all = await sources.cli(['--dry-run', 'setup-repositories']);
    expect(all.code, all.stderr).toBe(0);
    expect(all.stderr).toContain(
      'without --stack these are the repositories of the stacks that ship with laconic-so: git.vdb.to/cerc-io/test-project@test-branch',
    );
    expect(all.stdout).toMatch(/^Checking: \S+\/test-project: Needs to be fetched$/m);

    const none = await sources.cli(['setup-repositories', '--include', 'no/such']);
    expect(none.code, none.stderr).toBe(0);
    expect(none.stderr).toMatch(/^WARNING: --include names no\/such, which is not one of: /m);
    expect(none.stderr).toMatch(/^WARNING: --include leaves nothing of: /m);
    expect(none.stdout).not.toContain('Checking');
  });

  it('prints one document with the ref and commit of each repository with --format json', async () => {
    const commit = await sources.commit(`org/${name}`, { file: 'v1\n' }, { tag: 'v1' });
    const { code, stdout } = await sources.setup([`${url}@v1`, `${host}/org/none`], '--format', 'json');
    expect(code).toBe(1);
    const { repositories } = JSON.parse(stdout) as { repositories: Record<string, unknown>[] };
    expect(repositories[0]).toMatchObject({
      repository: url,
      wanted: 'v1',
      state: 'cloned',
      branch: null,
      tags: ['v1'],
      commit,
    });
    expect(repositories[1]).toMatchObject({ state: 'failed', commit: null });
    expect(String(repositories[1]?.error)).toContain('cannot clone');
  });

  it('processes the remaining repositories with --continue-on-error and exits with 1, and starts nothing new without it', async () => {
    const repositories = [`${host}/org/none`, `${host}/org/none2`, url];
    const stopped = await sources.setup(repositories, '--jobs', '1');
    expect(stopped).toMatchObject({ code: 1 });
    expect(stopped.stderr).toMatch(/Error: org\/none: cannot clone git:\/\/.*access denied or repository not exported/);
    expect(stopped.stderr).toContain(`not started: org/none2, org/${name}`);
    expect(await readdir(sources.base())).not.toContain(name);
    const stack = await sources.stack(...repositories);
    const all = await sources.cli(['--continue-on-error', '--stack', stack, 'setup-repositories']);
    expect(all).toMatchObject({ code: 1 });
    expect(all.stderr).toContain('2 of 3 repositories failed: org/none, org/none2');
    expect(await readdir(sources.base())).toContain(name);
  });

  it('reports all problems of the list at once, with their lines, before anything is changed', async () => {
    const env = { CERC_REPO_BASE_DIR: sources.path('untouched') };
    const stack = await sources.stack(url, 'ext::sh', 'org/../../etc', 'org/x@--upload-pack=touch', 'repo');
    const result = await sources.cli(['--stack', stack, 'setup-repositories'], env);
    expect(result).toMatchObject({ code: 1, stdout: '' });
    expect(result.stderr.match(/stack\.yml:[4-7] repos\[[1-4]\]: Invalid repository format/g)).toHaveLength(4);
    expect(await readdir(sources.folder)).not.toContain('untouched');
  });

  it('refuses two entries for one folder, naming both', async () => {
    const result = await sources.setup([url, `other.example/org/${name}`]);
    expect(result).toMatchObject({ code: 1, stdout: '' });
    expect(result.stderr).toContain(`${url} and other.example/org/${name} would both be ${sources.base(name)}`);
  });

  it('treats an empty CERC_REPO_BASE_DIR as unset', async () => {
    const result = await sources.cli(['--stack', await sources.stack(url), 'setup-repositories'], {
      CERC_REPO_BASE_DIR: '',
    });
    expect(result.stdout).toContain(`Dev Root is: ${sources.path('cerc')}\n`);
  });

  it('refuses a repository without commits, and keeps nothing of it', async () => {
    await sources.publish('org/empty', {});
    const result = await sources.setup([`${host}/org/empty`]);
    expect(result).toMatchObject({ code: 1 });
    expect(result.stderr).toContain(`org/empty: ${host}/org/empty has no commits\n`);
    expect(await readdir(sources.base())).not.toContain('empty');
    const commit = await sources.commit('org/empty', { file: 'first\n' });
    expect(await sources.setup([`${host}/org/empty`])).toMatchObject({ code: 0 });
    expect(await sources.head('empty')).toEqual({ branch: 'main', commit });
  });

  it('does not fetch submodules, and prints the command that does', async () => {
    await sources.publish('org/inner');
    const tree = sources.path('work', 'org', name);
    await git(tree, '-c', 'protocol.file.allow=always', 'submodule', '--quiet', 'add', `${host}/org/inner`, 'inner');
    await sources.commit(`org/${name}`, {});
    const result = await sources.setup([url]);
    expect(result).toMatchObject({ code: 0 });
    expect(result.stderr).toContain(`git -C ${sources.base(name)} submodule update --init --recursive`);
    await git(sources.base(name), 'submodule', 'update', '--init', '--recursive');
  });

  it('accepts a clone from another URL of the same repository, also through insteadOf', async () => {
    await mkdir(sources.base(), { recursive: true });
    await git(sources.base(), 'clone', '--quiet', url);
    await git(sources.base(name), 'remote', 'set-url', 'origin', `ssh://git@127.0.0.1:22/org/${name}.git`);
    expect(await sources.setup([url])).toMatchObject({ code: 0 });
    await git(sources.base(name), 'remote', 'set-url', 'origin', `mine:org/${name}`);
    expect(await sources.setup([url])).toMatchObject({ code: 1 });
    await git(sources.base(name), 'config', `url.${host}/.insteadOf`, 'mine:');
    expect(await sources.setup([url], '--pull')).toMatchObject({ code: 0 });
  });

  it('works in a git hook, whose environment names another repository', async () => {
    const env = {
      GIT_DIR: sources.path('work', 'org', name, '.git'),
      GIT_WORK_TREE: '/nowhere',
      GIT_INDEX_FILE: '/nowhere/index',
    };
    const stack = await sources.stack(url);
    expect(await sources.cli(['--stack', stack, 'setup-repositories'], env)).toMatchObject({ code: 0 });
    expect((await sources.cli(['--stack', stack, 'setup-repositories', '--pull'], env)).stderr).toContain(
      'unchanged, main',
    );
  });
});
