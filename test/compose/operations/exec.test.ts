import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { ExecOptions } from '../../../src/deployers/deployer.js';
import { describeWithEngine } from '../../support/engine.js';
import { eventually } from '../../support/eventually.js';
import { type CallOptions, Project } from '../../support/project.js';

const compose = `
services:
  web:
    image: IMAGE
    command: sleep 1000
    init: true
    deploy: { replicas: 2 }
  dead:
    image: IMAGE
    command: sh -c 'exit 3'
`;

describeWithEngine('exec', () => {
  let ground: Project;
  const exec = async (
    options: Partial<ExecOptions>,
    more: CallOptions = {},
  ): Promise<{ code: number | undefined; stdout: string; stderr: string; bytes: Uint8Array }> => {
    const result = await ground.call(
      { operation: 'exec', options: { service: 'web', command: [], index: 1, ...options } },
      more,
    );
    const text = (bytes: Uint8Array): string => Buffer.from(bytes).toString();
    return {
      code: result.exitCode,
      stdout: text(result.stdout),
      stderr: text(result.stderr).replace(/memory \d+\n$/, ''),
      bytes: result.stdout,
    };
  };

  beforeAll(async () => {
    ground = await Project.make(compose);
    await ground.compose('up', '--detach');
    await ground.docker('wait', `${ground.project.name}-dead-1`);
  });
  afterAll(() => ground.remove());

  it('runs one word as a shell command, and several as they are', async () => {
    expect(await exec({ command: ['echo a  b; echo $HOME >&2; exit 0'] })).toMatchObject({
      code: 0,
      stdout: 'a b\n',
      stderr: '/root\n',
    });
    expect(await exec({ command: ['echo', 'hi  there', '$HOME', '*'] })).toMatchObject({
      code: 0,
      stdout: 'hi  there $HOME *\n',
      stderr: '',
    });
    expect((await exec({ command: ['sh', '-c', 'echo "$0-$1"', 'x', '--y'] })).stdout).toBe('x---y\n');
  });

  it.each([1, 2, 42, 126, 137, 255])("exits with the command's exit code %i", async (code) => {
    expect(await exec({ command: [`exit ${code}`] })).toMatchObject({ code, stderr: '' });
  });

  it('exits with 127 when the container does not have the program, with a message', async () => {
    const { code, stderr } = await exec({ command: ['nosuchprogram', 'word'] });
    expect(code).toBe(127);
    expect(stderr).toMatch(/^Error: nosuchprogram: the program does not exist in the container of \w+$/m);
    // A file without execute permission does exist, so the exit code is 126.
    expect((await exec({ command: ['/etc/passwd', 'word'] })).code).toBe(126);
  });

  it('pipes bytes through unchanged in both directions', async () => {
    const bytes = randomBytes(3_000_000);
    const result = await exec({ command: ['cat'] }, { input: bytes });
    expect(Buffer.compare(Buffer.from(result.bytes), bytes)).toBe(0);
  });

  it('passes the uid of the user to the command', async () => {
    const { stdout } = await exec({ command: ['echo $CERC_HOST_UID:$CERC_HOST_GID:$CERC_SCRIPT_DEBUG'] });
    expect(stdout).toBe(`${process.getuid?.()}:${process.getgid?.()}:\n`);
  });

  it('allocates a terminal only where stdin and stdout are one', async () => {
    const inTerminal = (line: string): CallOptions => ({ shell: `script -qec '${line}' /dev/null`, input: '' });
    const words = '"$LSOPS_NODE" "$LSOPS_DRIVER"';
    const driver = (line: string): CallOptions => ({
      ...inTerminal(line),
      shell: `export LSOPS_NODE="$1" LSOPS_DRIVER="$2"; ${inTerminal(line).shell}`,
    });
    expect((await exec({ command: ['tty'] })).stdout).toBe('not a tty\n');
    expect((await exec({ command: ['tty'] }, driver(words))).stdout).toContain('/dev/pts/');
    expect((await exec({ command: ['tty; cat'] }, driver(`echo piped | ${words}`))).stdout).toMatch(
      /not a tty\s+piped/,
    );
    expect((await exec({ command: ['tty'] }, driver(`${words} | cat`))).stdout).toContain('not a tty');
  });

  it('selects the container by --index', async () => {
    const [one, two] = await Promise.all([1, 2].map((index) => exec({ command: ['hostname'], index })));
    expect(one?.stdout).toMatch(/^[0-9a-f]{12}\n$/);
    expect(two?.stdout).toMatch(/^[0-9a-f]{12}\n$/);
    expect(one?.stdout).not.toBe(two?.stdout);
  });

  it('reports on stderr that the command was not run, and why, with exit code 1', async () => {
    const cases = [
      [
        { service: 'wbe' },
        /the command was not run: no such service: wbe, did you mean "web"\?\nservices: dead, web\n$/,
      ],
      [{ service: 'dead' }, /the command was not run: service "dead" is not running: .*exited with code 3/],
      [{ index: 3 }, /the command was not run: service "web" has no container 3, only 1, 2/],
    ] as const;
    for (const [options, message] of cases) {
      const result = await exec({ command: ['exit 0'], ...options });
      expect(result).toMatchObject({ code: 1, stdout: '' });
      expect(result.stderr).toMatch(message);
    }
  });

  it('ends with 130 when interrupted', async () => {
    const running = ground.call({
      operation: 'exec',
      options: { service: 'web', command: ['echo $$ > /ready; sleep 1000'], index: 1 },
    });
    await eventually('the command runs', async () => (await exec({ command: ['test -e /ready'] })).code === 0);
    running.kill('SIGINT');
    expect((await running).exitCode).toBe(130);
  });
});
