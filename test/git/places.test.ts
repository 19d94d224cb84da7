import { randomBytes } from 'node:crypto';
import { mkdir, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { run, runOrFail } from '../../src/system/process/process.js';
import { git, Sources } from './support/sources.js';

describe('existing files and folders in the place of a repository', () => {
  let sources: Sources;
  let name: string;
  let url: string;
  let count = 0;

  beforeAll(async () => {
    sources = await Sources.make();
    await mkdir(sources.base());
  });
  afterAll(() => sources.remove());
  beforeEach(async () => {
    name = `repo${(count += 1)}`;
    url = `file://${sources.path('hosted', 'org', name)}`;
    await sources.publish(`org/${name}`);
  });

  const refused = async (words: RegExp, ...args: string[]): Promise<string> => {
    const result = await sources.setup([url], ...args);
    expect(result).toMatchObject({ code: 1 });
    expect(result.stderr).toMatch(words);
    expect(result.stderr).not.toMatch(/ {4}at |bug in laconic-so/);
    return result.stderr;
  };

  it('are refused when they are not a working copy, except for an empty folder', async () => {
    await writeFile(sources.base(name), 'mine');
    await refused(/is in the way: it is not a directory\nmove it away/);
    expect(await readFile(sources.base(name), 'utf8')).toBe('mine');
    await rm(sources.base(name));
    await symlink('/nowhere', sources.base(name));
    await refused(/is in the way: it is not a directory/);
    await rm(sources.base(name));
    await mkdir(sources.base(name));
    expect(await sources.setup([url])).toMatchObject({ code: 0 });
    expect(await readdir(sources.base(name))).toContain('.git');
    await rm(sources.base(name), { recursive: true });
    await mkdir(sources.base(name));
    await writeFile(sources.base(name, 'mine'), 'x');
    await refused(/is not a git working copy/);
    expect(await readdir(sources.base(name))).toEqual(['mine']);
  });

  it('are not mistaken for a part of another working copy that contains them', async () => {
    await git(sources.base(), 'init', '--quiet');
    try {
      await mkdir(sources.base(name, 'sub'), { recursive: true });
      await refused(/is not a git working copy/);
      await mkdir(sources.base(name, '.git'));
      await refused(/is not a usable git working copy: fatal: not a git repository/);
    } finally {
      await rm(sources.base('.git'), { recursive: true });
    }
  });

  it('do not affect other repositories when a working copy is damaged', async () => {
    await sources.setup([url]);
    await writeFile(sources.base(name, '.git', 'config'), '[broken\n');
    await sources.publish('org/sound');
    const stack = await sources.stack(url, `file://${sources.path('hosted', 'org', 'sound')}`);
    const result = await sources.cli(['--continue-on-error', '--stack', stack, 'setup-repositories']);
    expect(result).toMatchObject({ code: 1 });
    expect(result.stderr).toMatch(/not a usable git working copy: fatal: bad config line 1/);
    expect(await readdir(sources.base())).toContain('sound');
  });

  it('are left alone when they are another repository, and both are named', async () => {
    await sources.publish('other/thing');
    const other = `https://me:s3cret@example.invalid/other/${name}.git`;
    await git(sources.base(), 'clone', '--quiet', sources.path('hosted', 'other', 'thing.git'), name);
    await git(sources.base(name), 'remote', 'set-url', 'origin', other);
    const before = await sources.head(name);
    const said = await refused(
      /is a working copy of https:\/\/\*\*\*@example\.invalid\/other\/.*, not of file:.*left as it is/,
      '--pull',
    );
    expect(said).not.toContain('s3cret');
    expect(await sources.head(name)).toEqual(before);
  });

  it('are refused without a remote called origin', async () => {
    await sources.setup([url]);
    await git(sources.base(name), 'remote', 'rename', 'origin', 'upstream');
    await refused(/has no remote called origin\n.*remote add origin/);
  });

  it('may be a linked working tree', async () => {
    await git(sources.base(), 'clone', '--quiet', url, `${name}-main`);
    await git(sources.base(`${name}-main`), 'worktree', 'add', '--quiet', '-b', 'side', sources.base(name));
    const result = await sources.setup([url]);
    expect(result).toMatchObject({ code: 0 });
    expect(result.stdout).toContain('already exists active branch: side');
  });

  it('keep local changes that prevent a switch or a fast-forward', async () => {
    await sources.setup([url]);
    await sources.commit(`org/${name}`, { file: 'theirs\n' }, { tag: 'v1' });
    await writeFile(sources.base(name, 'file'), 'mine\n');
    await refused(/would be overwritten by merge[^]*commit or stash/, '--pull');
    url += '@v1';
    await refused(/would be overwritten by checkout[^]*commit or stash/, '--pull');
    expect(await readFile(sources.base(name, 'file'), 'utf8')).toBe('mine\n');
  });

  it('keep other local changes through both', async () => {
    await sources.setup([url]);
    await sources.commit(`org/${name}`, { other: 'theirs\n' });
    await writeFile(sources.base(name, 'file'), 'mine\n');
    expect(await sources.setup([url], '--pull')).toMatchObject({ code: 0 });
    expect(await readFile(sources.base(name, 'file'), 'utf8')).toBe('mine\n');
  });

  it('are not merged when the branch has diverged', async () => {
    await sources.setup([url]);
    await sources.commit(`org/${name}`, { file: 'theirs\n' });
    await git(sources.base(name), 'commit', '--quiet', '--allow-empty', '--message', 'mine');
    const before = await sources.head(name);
    await refused(/the branch main and its remote branch have diverged: nothing was merged/, '--pull');
    expect(await sources.head(name)).toEqual(before);
  });

  it('are not created for a ref that does not exist, which is reported with suggestions', async () => {
    await sources.commit(`org/${name}`, { file: 'x\n' }, { tag: 'v1.0.0' });
    url += '@v1.0.1';
    await refused(/the remote has no branch, tag or commit v1\.0\.1, did you mean "v1\.0\.0"\?/);
    expect(await readdir(sources.base())).not.toContain(name);
    url = url.replace('@v1.0.1', '@0123456789012345678901234567890123456789');
    await refused(/the remote has no branch, tag or commit 0123456789/);
    expect((await readdir(sources.base())).filter((each) => each.endsWith('.tmp'))).toEqual([]);
  });

  it('keep a tag that moved on the remote with a warning, or with an error and the command when the tag is wanted', async () => {
    const old = await sources.commit(`org/${name}`, { file: '1\n' }, { tag: 'moving' });
    await sources.setup([url]);
    await sources.commit(`org/${name}`, { file: '2\n' }, { tag: 'moving' });
    const result = await sources.setup([url], '--pull');
    expect(result).toMatchObject({ code: 0 });
    expect(result.stderr).toContain('WARNING: ' + sources.path('hosted', 'org', name));
    expect(result.stderr).toMatch(/not changed in the clone: moving/);
    expect(await git(sources.base(name), 'rev-parse', 'moving')).toBe(old);
    url += '@moving';
    const said = await refused(/the tag moving is another commit on the remote than in the clone/, '--pull');
    const command = /git -C .*/.exec(said)?.[0] ?? '';
    await runOrFail('the command of the hint', 'sh', ['-c', command]);
    expect(await sources.setup([url], '--pull')).toMatchObject({ code: 0 });
  });

  it('may be at a commit that is on no branch, if the host serves it', async () => {
    const lost = await sources.commit(`org/${name}`, { file: 'lost\n' }, { branch: 'gone' });
    await git(sources.path('hosted', 'org', `${name}.git`), 'config', 'uploadpack.allowAnySHA1InWant', 'true');
    await git(sources.path('work', 'org', name), 'push', '--quiet', 'origin', ':gone');
    url += `@${lost}`;
    expect(await sources.setup([url])).toMatchObject({ code: 0 });
    expect((await sources.head(name)).commit).toBe(lost);
  });

  it('are awaited while another git works in them, and reported when it does not end', async () => {
    await sources.commit(`org/${name}`, { file: 'x\n' }, { tag: 'v1' });
    await sources.setup([url]);
    const lock = sources.base(name, '.git', 'index.lock');
    await writeFile(lock, '');
    const gone = new Promise((resolve) => setTimeout(resolve, 2_000)).then(() => rm(lock));
    url += '@v1';
    expect(await sources.setup([url])).toMatchObject({ code: 0 });
    await gone;
    await writeFile(lock, '');
    url = url.replace('@v1', '@main');
    await refused(/index\.lock': File exists[^]*another git process is working in/);
  });

  it.runIf(process.getuid?.() === 0).each([
    [
      'while git receives data',
      () => randomBytes(20_000).toString('latin1'),
      /No space left on device[^]*free space on the disk/,
    ],
    [
      'while git checks out files',
      () => 'x'.repeat(20_000),
      /unable to write file[^]*more lines[^]*is there free space on the disk/,
    ],
  ])('are removed when the disk is full %s, with advice', async (_when, content, words) => {
    const files = Array.from({ length: 150 }, (_, index): [string, string] => [`file${index}`, `${index}${content()}`]);
    await sources.commit(`org/${name}`, Object.fromEntries(files));
    const disk = sources.path(`disk-${name}`);
    await mkdir(disk);
    await runOrFail('a small disk', 'mount', ['-t', 'tmpfs', '-o', 'size=1m', 'tmpfs', disk]);
    try {
      const stack = await sources.stack(url);
      const result = await sources.cli(['--stack', stack, 'setup-repositories'], { CERC_REPO_BASE_DIR: disk });
      expect(result).toMatchObject({ code: 1 });
      expect(result.stderr).toMatch(words);
      expect(await readdir(disk)).toEqual([]);
    } finally {
      await run('umount', [disk]);
    }
  });

  it('prevent the base directory from being created, which is reported', async () => {
    const file = await sources.stack(url);
    const env = { CERC_REPO_BASE_DIR: `${file}/stack.yml` };
    const result = await sources.cli(['--stack', file, 'setup-repositories'], env);
    expect(result).toMatchObject({ code: 1 });
    expect(result.stderr).toMatch(/^Error: cannot create directory .*stack\.yml/m);
  });
});

describe('fetch-stack', () => {
  let sources: Sources;
  beforeAll(async () => {
    sources = await Sources.make();
  });
  afterAll(() => sources.remove());

  it('lists the stacks of the repository with the path for --stack, and ignores --stack and --local-stack', async () => {
    await sources.publish('org/stacks', {
      'stack-orchestrator/stacks/b/stack.yml': 'pods: []\n',
      'stack-orchestrator/stacks/a/stack.yml': 'pods: []\n',
      'stack-orchestrator/stacks/none/readme': '',
      'deep/er/stacks/c/stack.yml': 'pods: []\n',
      'elsewhere/stack.yml': '',
    });
    const url = `file://${sources.path('hosted', 'org', 'stacks')}`;
    const result = await sources.cli(['--local-stack', '--stack', 'nothing', 'fetch-stack', `${url}@main`]);
    expect(result).toMatchObject({ code: 0 });
    const paths = ['deep/er/stacks/c', 'stack-orchestrator/stacks/a', 'stack-orchestrator/stacks/b'];
    expect(result.stderr).toContain(
      `stacks in it:\n${paths.map((path) => `  --stack ${sources.base('stacks', path)}\n`).join('')}`,
    );
    const json = await sources.cli(['fetch-stack', url, '--format', 'json']);
    expect(JSON.parse(json.stdout)).toMatchObject({ stacks: paths.map((path) => sources.base('stacks', path)) });
    const used = await sources.cli(['--stack', sources.base('stacks', paths[1] ?? ''), 'setup-repositories']);
    expect(used).toMatchObject({ code: 0 });
  });

  it.each(['ext::sh -c touch', 'repo', '--upload-pack=x', 'org/..', 'fd::3/x', 'org/repo@-b'])(
    'rejects %s and makes nothing',
    async (locator) => {
      const result = await sources.cli(['fetch-stack', '--', locator], { CERC_REPO_BASE_DIR: sources.path('none') });
      expect(result).toMatchObject({ code: 1, stdout: '' });
      expect(result.stderr).toMatch(/^Error: Invalid repository format: /);
      expect(await readdir(sources.folder)).not.toContain('none');
    },
  );

  it('reports a missing locator or a wrong option as a usage error', async () => {
    expect((await sources.cli(['fetch-stack'])).code).toBe(2);
    expect((await sources.cli(['fetch-stack', 'a/b', '--format', 'xml'])).code).toBe(2);
    expect((await sources.cli(['--stack', 'x', 'setup-repositories', '--jobs', '0'])).code).toBe(2);
  });
});
