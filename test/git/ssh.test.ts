import { readdir, readFile } from 'node:fs/promises';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { run } from '../../src/system/process/process.js';
import { cliPath } from '../support/program.js';
import { freePort } from '../support/ports.js';
import { Sources } from './support/sources.js';
import { describeWithSshd, type SshServer, startAgent, startSshServer } from './support/ssh-server.js';

describeWithSshd('--git-ssh against a real sshd', () => {
  let sources: Sources;
  let server: SshServer;
  let agent: { socket: string; stop(): Promise<void> };
  /** The operator has an agent with the key, and trusts the host key. */
  let friend: NodeJS.ProcessEnv;

  beforeAll(async () => {
    sources = await Sources.make();
    server = await startSshServer(sources.path('ssh'));
    agent = await startAgent(sources.path('agent'), server.key);
    // Short forms mean git@git.test, which ssh maps to another name, user and port, as for any host in its
    // configuration.
    const rule = `url.ssh://${server.user}@127.0.0.1:${server.port}${sources.path('hosted')}/.insteadOf`;
    const configured = { GIT_CONFIG_COUNT: '1', GIT_CONFIG_KEY_0: rule, GIT_CONFIG_VALUE_0: 'git@git.test:' };
    friend = { ...configured, GIT_SSH_COMMAND: server.command, SSH_AUTH_SOCK: agent.socket };
    for (const name of ['one', 'two', 'three'])
      await sources.publish(`org/${name}`, { 'x/stacks/s/stack.yml': 'pods: []\n' });
  });
  afterAll(async () => {
    await agent.stop();
    await server.stop();
    await sources.remove();
  });

  const short = ['git.test/org/one', 'git.test/org/two', 'git.test/org/three'];
  const setup = async (base: string, env: NodeJS.ProcessEnv, ...args: string[]) =>
    sources.cli(['--stack', await sources.stack(...short), 'setup-repositories', '--git-ssh', ...args], {
      ...env,
      CERC_REPO_BASE_DIR: sources.path(base),
    });
  const contents = (base: string): Promise<string[]> => readdir(sources.path(base)).catch(() => []);

  it('clones with the keys of the agent, with one login to check it and one per repository, and needs none the second time', async () => {
    const before = server.logins();
    // The log line may be written a moment after the program has ended.
    const loggedIn = (times: number) => expect.poll(() => server.logins() - before, { timeout: 60_000 }).toBe(times);
    expect(await setup('agent-base', friend)).toMatchObject({ code: 0 });
    expect((await contents('agent-base')).sort()).toEqual(['one', 'three', 'two']);
    await loggedIn(4);
    expect(await setup('agent-base', friend)).toMatchObject({ code: 0 });
    await loggedIn(4);
    const pulled = await setup('agent-base', friend, '--pull');
    expect(pulled).toMatchObject({ code: 0 });
    await loggedIn(8);
  });

  it('works for fetch-stack with an ssh URL, and prints the path for --stack', async () => {
    const url = `ssh://${server.user}@127.0.0.1:${server.port}${sources.path('hosted')}/org/one`;
    const result = await sources.cli(['fetch-stack', url], friend);
    expect(result).toMatchObject({ code: 0 });
    expect(result.stderr).toContain(`stacks in it:\n  --stack ${sources.base('one')}/x/stacks/s\n`);
  });

  it.each([
    ['no agent', { SSH_AUTH_SOCK: undefined }, /there is no SSH agent \(SSH_AUTH_SOCK is not set\)[^]*ssh-agent/],
    ['an agent that has ended', { SSH_AUTH_SOCK: '/nowhere/agent' }, /the one of SSH_AUTH_SOCK does not answer/],
  ])('reports %s in one message before anything starts', async (what, env, words) => {
    const base = `without ${what}`.replaceAll(' ', '-');
    const result = await setup(base, { ...friend, ...env });
    expect(result).toMatchObject({ code: 1 });
    expect(result.stderr).toMatch(words);
    expect(result.stderr.match(/^Error: /gm)).toHaveLength(1);
    expect(result.stdout).not.toContain('Checking');
    expect(await contents(base)).toEqual([]);
  });

  it('reports an agent without keys, and one whose key is rejected', async () => {
    const empty = await startAgent(sources.path('empty-agent'));
    const other = await startAgent(sources.path('other-agent'), server.otherKey);
    try {
      const none = await setup('no-keys', { ...friend, SSH_AUTH_SOCK: empty.socket });
      expect(none.stderr).toMatch(/the SSH agent holds none\nadd one: ssh-add/);
      const wrong = await setup('wrong-key', { ...friend, SSH_AUTH_SOCK: other.socket });
      expect(wrong).toMatchObject({ code: 1 });
      expect(wrong.stderr).toMatch(/rejects the keys of the SSH agent/);
      expect(await contents('wrong-key')).toEqual([]);
    } finally {
      await empty.stop();
      await other.stop();
    }
  });

  it('reports an unknown host key before anything starts, and trusts nothing', async () => {
    const result = await setup('stranger', { ...friend, GIT_SSH_COMMAND: server.strangerCommand });
    expect(result).toMatchObject({ code: 1 });
    expect(result.stderr).toMatch(/the host key of 127\.0\.0\.1:\d+ is unknown\nconnect once by hand/);
    expect(await readFile(sources.path('ssh', 'known-stranger'), 'utf8')).toBe('');
    expect(await contents('stranger')).toEqual([]);
  });

  it('reports a host key that has changed', async () => {
    const result = await setup('deceived', { ...friend, GIT_SSH_COMMAND: server.deceivedCommand });
    expect(result).toMatchObject({ code: 1 });
    expect(result.stderr).toMatch(/has changed[^]*ssh-keygen -R '\[127\.0\.0\.1\]:\d+'/);
  });

  it('prompts for nothing on a terminal either', async () => {
    const stack = await sources.stack(...short);
    const words = [process.execPath, '--', cliPath, '--stack', stack, 'setup-repositories', '--git-ssh'].join(' ');
    const env = { ...process.env, ...sources.env, ...friend, CERC_REPO_BASE_DIR: sources.path('terminal') };
    const asked = await run('script', ['--quiet', '--return', '--command', words, '/dev/null'], {
      env: { ...env, GIT_SSH_COMMAND: server.strangerCommand },
    });
    expect(asked.code).toBe(1);
    expect(asked.stdout).toContain('is unknown');
    const drawn = await run('script', ['--quiet', '--return', '--command', words, '/dev/null'], { env });
    expect(drawn.code).toBe(0);
    expect(drawn.stdout).toContain('org/one  cloned, main at');
  });

  it('reports an unreachable host, and a missing repository', async () => {
    const port = await freePort();
    const unreachable = await sources.cli(['fetch-stack', `ssh://git@127.0.0.1:${port}/org/away`], friend);
    expect(unreachable).toMatchObject({ code: 1 });
    expect(unreachable.stderr).toContain(`cannot reach 127.0.0.1:${port} by ssh`);
    const stack = await sources.stack('git.test/org/none', ...short);
    const call = ['--continue-on-error', '--stack', stack, 'setup-repositories', '--git-ssh'];
    const result = await sources.cli(call, { ...friend, CERC_REPO_BASE_DIR: sources.path('partly') });
    expect(result).toMatchObject({ code: 1 });
    expect(result.stderr).toMatch(
      /org\/none: cannot clone git@git\.test:org\/none: .*does not appear to be a git repository/,
    );
    expect((await contents('partly')).sort()).toEqual(['one', 'three', 'two']);
  });

  it('continues with repositories on other hosts with --continue-on-error when one host rejects every login', async () => {
    const stack = await sources.stack(...short, `file://${sources.path('hosted')}/org/local`);
    await sources.publish('org/local');
    const call = ['--continue-on-error', '--stack', stack, 'setup-repositories', '--git-ssh'];
    const env = { ...friend, SSH_AUTH_SOCK: undefined, CERC_REPO_BASE_DIR: sources.path('others') };
    const result = await sources.cli(call, env);
    expect(result).toMatchObject({ code: 1 });
    expect(await contents('others')).toEqual(['local']);
    expect(result.stderr).toContain('3 of 4 repositories failed');
  });
});
