import { mkdir, readdir, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { runCli } from '../support/program.js';
import { Sources } from './support/sources.js';

describe('calls of fetch-stack and setup-repositories', () => {
  let sources: Sources;
  let name: string;
  let url: string;
  /** The name of the repository in messages. */
  let shown: string;
  let count = 0;

  beforeAll(async () => {
    sources = await Sources.make();
  });
  afterAll(() => sources.remove());
  beforeEach(async () => {
    name = `repo${(count += 1)}`;
    shown = sources.path('hosted', 'org', name);
    url = `file://${shown}`;
    await sources.publish(`org/${name}`, { 'stacks/a/stack.yml': 'pods: []\n' });
  });

  it('--check-only and --dry-run of fetch-stack change nothing, and --pull fetches new commits', async () => {
    const env = { CERC_REPO_BASE_DIR: sources.path('stacks-only') };
    const base = sources.path('stacks-only');
    for (const args of [
      ['fetch-stack', url, '--check-only'],
      ['--dry-run', 'fetch-stack', url],
    ]) {
      const looked = await sources.cli(args, env);
      expect(looked).toMatchObject({ code: 0 });
      expect(looked.stdout).toBe(
        `Dev Root is: ${base}\nChecking: ${base}/${name}: Needs to be fetched\n(git clone skipped)\n`,
      );
      expect(looked.stderr).toBe(`${shown}: would be cloned from ${url}\n`);
      expect(await readdir(sources.folder)).not.toContain('stacks-only');
    }
    expect((await sources.cli(['fetch-stack', url], env)).code).toBe(0);
    const commit = await sources.commit(`org/${name}`, { 'stacks/b/stack.yml': 'pods: []\n' });
    expect((await sources.cli(['fetch-stack', url], env)).stderr).not.toContain(`${base}/${name}/stacks/b`);
    const pulled = await sources.cli(['fetch-stack', url, '--pull'], env);
    expect(pulled.stderr).toContain(`${shown}: updated, main at ${commit.slice(0, 12)}\n`);
    expect(pulled.stderr).toContain(`  --stack ${base}/${name}/stacks/b\n`);
  });

  it('fetch-stack fails for a repository without a stack, and for a web page', async () => {
    const env = { CERC_REPO_BASE_DIR: sources.path('without') };
    const other = sources.path('hosted', 'org', 'other');
    await sources.publish('org/other', { 'README.md': 'nothing here\n' });
    const without = await sources.cli(['fetch-stack', `file://${other}`, '--format', 'json'], env);
    expect(without.code).toBe(1);
    expect(without.stderr).toContain(
      `Error: there is no stacks/<name>/stack.yml in ${sources.path('without/other')}\n`,
    );
    expect(JSON.parse(without.stdout)).toMatchObject({ repositories: [{ state: 'cloned' }], stacks: [] });

    const portal = createServer((_, response) =>
      response.writeHead(200, { 'content-type': 'text/html' }).end('<html>'),
    );
    await new Promise<void>((resolve) => portal.listen(0, '127.0.0.1', resolve));
    try {
      const { port } = portal.address() as AddressInfo;
      const page = await sources.cli(['fetch-stack', `http://127.0.0.1:${port}/org/page`], env);
      expect(page.code).toBe(1);
      expect(page.stderr).toContain(`org/page: http://127.0.0.1:${port}/org/page has no commits\n`);
      expect(await readdir(sources.path('without'))).toEqual(['other']);
    } finally {
      portal.close();
    }
  });

  it('--local-stack puts repositories next to the last folder of that name, which is printed once, also with --quiet', async () => {
    const cwd = sources.path('w', 'stack-orchestrator', 'x');
    await mkdir(cwd, { recursive: true });
    const args = ['--quiet', '--local-stack', '--stack', await sources.stack(url), 'setup-repositories'];
    const result = await runCli(args, { cwd, env: sources.env });
    expect(result).toMatchObject({
      code: 0,
      stdout: `Local stack dev_root_path (CERC_REPO_BASE_DIR) overridden to: ${sources.path('w')}\n`,
    });
    expect((await readdir(sources.path('w'))).sort()).toEqual([name, 'stack-orchestrator']);
  });

  it('a repository is reported in one line without a progress bar when stderr is not a terminal', async () => {
    const { code, stderr } = await sources.setup([url]);
    expect(code).toBe(0);
    expect(stderr).toMatch(new RegExp(`^${shown}: cloned, main at [0-9a-f]{12}\n$`));
  });

  it.each([
    ['repos: org/repo', 'stack.yml:1 repos: must be a list'],
    ['repos:\n  - 7', 'stack.yml:2 repos[0]: must be'],
    ['repos:\n  - {name: org/repo}', 'stack.yml:2 repos[0]: must be'],
  ])('%j is reported with its place, and nothing is made', async (text, words) => {
    const stack = await sources.stack();
    await writeFile(`${stack}/stack.yml`, `${text}\n`);
    const env = { CERC_REPO_BASE_DIR: sources.path('never') };
    const result = await sources.cli(['--stack', stack, 'setup-repositories'], env);
    expect(result).toMatchObject({ code: 1, stdout: '' });
    expect(result.stderr).toContain(words);
    expect(result.stderr).not.toMatch(/ {4}at |bug in laconic-so/);
    expect(await readdir(sources.folder)).not.toContain('never');
  });

  it('a git program that succeeds without doing the work is named as the cause', async () => {
    const programs = sources.path('programs');
    const strange = join(programs, 'git');
    await mkdir(programs);
    const stack = await sources.stack(url);
    const env = { PATH: `${programs}:${process.env.PATH}`, CERC_REPO_BASE_DIR: sources.path('strange') };

    await writeFile(strange, '#!/bin/sh\necho "{[ $1"\n', { mode: 0o755 });
    const cloned = await sources.cli(['--stack', stack, 'setup-repositories'], env);
    expect(cloned.code).toBe(1);
    expect(cloned.stderr).toContain(`cannot clone ${url}: git succeeded but cloned nothing: is the \`git\``);
    expect(cloned.stderr).not.toMatch(/ {4}at |bug in laconic-so/);
    expect(await readdir(sources.path('strange'))).toEqual([]);

    await writeFile(strange, '#!/bin/sh\nPATH=${PATH#*:}\ncase " $* " in *" log "*) echo "{[";; *) git "$@";; esac\n');
    const read = await sources.cli(['--stack', stack, 'setup-repositories'], env);
    expect(read.code).toBe(1);
    expect(read.stderr).toContain('git answered with something other than a commit');
    expect(await readdir(sources.path('strange'))).toEqual([]);
  });

  it('a missing stack exits with 1 and is named', async () => {
    const unknown = await sources.cli(['--stack', 'no-such-stack', 'setup-repositories']);
    expect(unknown.stderr).toContain('stack no-such-stack does not exist');
    const file = await sources.cli(['--stack', sources.path('hosted'), 'setup-repositories']);
    expect(file.stderr).toContain('stack.yml file is missing');
    expect([unknown, file].map(({ code, stdout }) => [code, stdout])).toEqual([
      [1, ''],
      [1, ''],
    ]);
  });
});
