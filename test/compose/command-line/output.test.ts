import { afterAll, beforeAll, expect, it } from 'vitest';
import { run } from '../../../src/system/process/process.js';
import { describeWithEngine } from '../../support/engine.js';
import { cliPath } from '../../support/program.js';
import { idleService, Sandbox } from '../../support/sandbox.js';

const escape = '\u001b';

describeWithEngine('output on stdout and stderr', () => {
  let sandbox: Sandbox;
  beforeAll(async () => {
    sandbox = await Sandbox.make({
      'source/stacks/app/stack.yml': 'name: app\npods:\n  - app\n',
      'source/compose/docker-compose-app.yml': `services:\n${idleService('web')}`,
      'spec.yml': 'stack: source/stacks/app\ndeploy-to: compose\nconfig: {UNUSED: x}\n',
    });
    await sandbox.create('spec.yml', 'd');
  });
  afterAll(() => sandbox.remove());

  /** Runs the program on a terminal of its own, made by `script`; resolves to everything that appears there. */
  async function onTerminal(args: readonly string[], env: NodeJS.ProcessEnv = {}): Promise<string> {
    const command = [process.execPath, cliPath, ...args].map((word) => `'${word}'`).join(' ');
    const plain = { ...process.env, NO_COLOR: undefined, FORCE_COLOR: undefined, CI: undefined, TERM: 'xterm', ...env };
    const result = await run('script', ['--quiet', '--return', '--command', command, '/dev/null'], {
      cwd: sandbox.base,
      env: plain,
    });
    expect(result.code).toBe(0);
    return result.stdout;
  }

  it('refuses options that mean nothing on Docker Compose as usage errors, before anything is started', async () => {
    for (const words of [
      ['start', '--force-conflicts'],
      ['restart', '--force-conflicts'],
      ['logs', '--previous'],
    ]) {
      const refused = await sandbox.deployment('d', ...words);
      expect([refused.code, refused.stderr]).toEqual([
        2,
        expect.stringContaining(`${words[1]} has no effect on Docker`),
      ]);
    }
    expect((await sandbox.deployment('d', 'ps')).stdout).toBe('No containers running\n');
  });

  it('shows progress as plain lines on stderr without a terminal', async () => {
    const started = await sandbox.run('d', 'start');
    expect(started.stdout).toBe('');
    expect(started.stderr).toMatch(/^web: created\n/m);
    expect(started.stderr).not.toContain(escape);
    const stopped = await sandbox.run('d', 'stop');
    expect(stopped.stdout).toBe('');
    expect(stopped.stderr).toMatch(/^web: removed\n/m);
  });

  it('with --quiet has only results, warnings and errors', async () => {
    expect(await sandbox.succeed(['--quiet', 'deployment', '--dir', 'd', 'start'])).toMatchObject({
      stdout: '',
      stderr: '',
    });
    expect((await sandbox.succeed(['--quiet', 'deployment', '--dir', 'd', 'ps'])).stdout).toMatch(
      /^Running containers:\n/,
    );
    await sandbox.edit('d/spec.yml', '{UNUSED: x}', '{UNUSED: x, NEW: x}');
    expect((await sandbox.succeed(['--quiet', 'deployment', '--dir', 'd', 'restart'])).stderr).toBe(
      `WARNING: ${sandbox.path('d/spec.yml')}:3 config.NEW: no service mentions \${NEW}: no container gets it\n`,
    );
    const failed = await sandbox.cli(['--quiet', 'deployment', '--dir', 'd', 'exec', 'nobody', 'true']);
    expect(failed.code).toBe(1);
    expect(failed.stderr).toMatch(/^Error: .*nobody/);
    expect(await sandbox.succeed(['--quiet', 'deployment', '--dir', 'd', 'stop'])).toMatchObject({
      stdout: '',
      stderr: '',
    });
  });

  it('to a full disk stops no work: a lost result is an error, lost progress is not', async () => {
    const full = async (stream: string, args: readonly string[]) =>
      run('bash', ['-c', `"$@" ${stream}/dev/full`, 'full', process.execPath, cliPath, ...args], { cwd: sandbox.base });
    expect(await full('2>', ['deployment', '--dir', 'd', 'start'])).toMatchObject({ code: 0 });
    const unwritten = await full('>', ['deployment', '--dir', 'd', 'ps']);
    expect(unwritten.code).toBe(1);
    expect(unwritten.stderr).toMatch(/^Error: cannot write to standard output: ENOSPC: .*\n$/);
    expect((await sandbox.deployment('d', 'ps')).stdout).toMatch(/^Running containers:/);
    expect(await full('2>', ['deployment', '--dir', 'd', 'stop'])).toMatchObject({ code: 0 });
  });

  it('on a terminal has one line per service in colour, and no colour with NO_COLOR', async () => {
    const colour = new RegExp(`${escape}\\[\\d+m`);
    const started = await onTerminal(['deployment', '--dir', 'd', 'start']);
    expect(started).toMatch(colour);
    // Lines are redrawn in place, so the last state remains.
    expect(started).toContain(`${escape}[1A`);
    const plain = await onTerminal(['deployment', '--dir', 'd', 'stop'], { NO_COLOR: '1' });
    expect(plain).not.toMatch(colour);
    expect(plain).toMatch(/web {2}removed/);
    expect(await onTerminal(['--quiet', 'deployment', '--dir', 'd', 'start'])).toBe('');
  });

  it('has colour in a pipe with FORCE_COLOR, but never in a result', async () => {
    const env = { FORCE_COLOR: '1', NO_COLOR: '' };
    const warned = await sandbox.cli(
      ['--dry-run', 'deploy', 'create', '--spec-file', 'spec.yml', '--deployment-dir', 'e'],
      {
        env,
      },
    );
    expect(warned.stderr).toContain(`${escape}[33mWARNING:${escape}[39m`);
    const listed = await sandbox.cli(['deployment', '--dir', 'd', 'ps'], { env });
    expect(listed.stdout).not.toContain(escape);
  });

  it('is one document on stdout with --format json', async () => {
    for (const command of ['ps', 'status']) {
      const { stdout, stderr } = await sandbox.succeed([
        '--verbose',
        'deployment',
        '--dir',
        'd',
        command,
        '--format',
        'json',
      ]);
      const { containers } = JSON.parse(stdout) as { containers: { service: string; state: string }[] };
      expect(containers).toMatchObject([{ service: 'web', state: 'running' }]);
      expect(stderr).not.toContain('{');
    }
  });

  it('shows where an error comes from only with --debug', async () => {
    const args = ['deployment', '--dir', 'd', 'exec', 'nobody', 'true'];
    expect((await sandbox.cli(args)).stderr).not.toMatch(/^\s+at /m);
    expect((await sandbox.cli(['--debug', ...args])).stderr).toMatch(/^\s+at /m);
  });
});
