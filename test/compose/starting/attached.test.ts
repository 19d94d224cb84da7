import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdir, readFile } from 'node:fs/promises';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { describeWithEngine } from '../../support/engine.js';
import { cliPath } from '../../support/program.js';
import { containersOf } from '../../support/engine-api.js';
import { Sandbox } from '../../support/sandbox.js';

describeWithEngine('start --stay-attached on a terminal', () => {
  let sandbox: Sandbox;
  let project = '';
  beforeAll(async () => {
    const service = (name: string, trap: string) =>
      `  ${name}:\n    image: busybox:1.36\n    stop_grace_period: 60s\n    command: ["sh", "-c", "trap '${trap}' TERM; echo hello; while :; do sleep 0.1; done"]\n`;
    sandbox = await Sandbox.make({
      'source/stacks/app/stack.yml': 'name: app\npods: [app]\n',
      'source/compose/docker-compose-app.yml': `services:\n${service('quick', 'exit 0')}${service('stubborn', ':')}`,
      'spec.yml': 'stack: source/stacks/app\ndeploy-to: compose\n',
    });
    await sandbox.create('spec.yml', 'd');
    project = await sandbox.projectOf('d');
  });
  afterAll(() => sandbox.remove());

  /**
   * Starts the service on a terminal of its own, and presses Ctrl-C after its output and each of these words appeared.
   */
  async function attached(service: string, ...words: string[]): Promise<unknown> {
    const command = [process.execPath, cliPath, 'deployment', '--dir', 'd', 'start', '--stay-attached', service];
    const line = command.map((word) => `'${word}'`).join(' ');
    const child = spawn('script', ['--quiet', '--return', '--command', line, '/dev/null'], { cwd: sandbox.base });
    let shown = '';
    const awaited = ['hello', ...words];
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      shown += text;
      while (awaited[0] !== undefined && shown.includes(awaited[0])) {
        awaited.shift();
        child.stdin.write('\u0003');
      }
    });
    const [code] = (await once(child, 'close')) as unknown[];
    return code;
  }

  /** Processes of this host whose command line names the project. */
  async function left(): Promise<string[]> {
    const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name));
    const lines = await Promise.all(pids.map((pid) => readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '')));
    return lines.filter((line) => line.includes('compose') && line.includes(project));
  }

  it('stops the containers on Ctrl-C', async () => {
    expect(await attached('quick')).toBe(130);
    expect((await containersOf(project)).quick?.state).toBe('exited');
    expect(await left()).toEqual([]);
  });

  it.each([
    ['a second Ctrl-C', ['stopping: press Ctrl-C']],
    ['a third one right after it', ['stopping: press Ctrl-C', 'stopping: press Ctrl-C']],
  ])('kills containers that do not stop on %s, and leaves no process behind', async (_, words) => {
    expect(await attached('stubborn', ...words)).toBe(130);
    await expect.poll(left, { timeout: 60_000 }).toEqual([]);
    const state = async () => (await containersOf(project)).stubborn?.state;
    await expect.poll(state, { timeout: 60_000 }).toBe('exited');
  });
});
