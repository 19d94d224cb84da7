import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { describeWithEngine } from '../../support/engine.js';
import { cliPath } from '../../support/program.js';
import { Sandbox } from '../../support/sandbox.js';

describeWithEngine('the prompt of stop --delete-data on a terminal', () => {
  let sandbox: Sandbox;
  beforeAll(async () => {
    sandbox = await Sandbox.make({
      'source/stacks/app/stack.yml': 'name: app\npods:\n  - app\n',
      'source/compose/docker-compose-app.yml':
        'services:\n  web:\n    image: busybox:1.36\n    volumes: ["rows:/rows"]\nvolumes:\n  rows:\n',
      'spec.yml': 'stack: source/stacks/app\ndeploy-to: compose\nvolumes:\n  rows: ./data/rows\n',
    });
    await sandbox.create('spec.yml', 'd');
    await sandbox.write('d/data/rows/kept', 'kept');
  });
  afterAll(() => sandbox.remove());

  /** Runs the program on a terminal of its own and types this at the prompt. */
  async function answer(typed: string): Promise<{ code: unknown; shown: string }> {
    const words = [process.execPath, cliPath, 'deployment', '--dir', 'd', 'stop', '--delete-data'];
    const command = words.map((word) => `'${word}'`).join(' ');
    const child = spawn('script', ['--quiet', '--return', '--command', command, '/dev/null'], { cwd: sandbox.base });
    let shown = '';
    let asked = false;
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      shown += text;
      if (asked || !shown.includes('to continue: ')) return;
      asked = true;
      child.stdin.write(typed);
    });
    const [code] = (await once(child, 'close')) as unknown[];
    return { code, shown };
  }

  it.each([
    ['Ctrl-C', '\u0003', 130, 'interrupted'],
    ['Ctrl-D', '\u0004', 130, 'interrupted'],
    ['another name', 'other\r', 1, 'nothing was stopped or deleted'],
  ])('deletes nothing after %s', async (_, typed, code, says) => {
    const answered = await answer(typed);

    expect(answered).toMatchObject({ code });
    expect(answered.shown).toContain(says);
    expect(answered.shown).not.toContain('bug in laconic-so');
    expect(answered.shown).toContain(`${sandbox.path('d/data/rows')}, 4 B`);
    expect(await sandbox.read('d/data/rows/kept')).toBe('kept');
    expect(await sandbox.exists('d/.laconic/lock')).toBe(false);
  });

  it('deletes the data after the name of the directory', async () => {
    expect(await answer('d\r')).toMatchObject({ code: 0 });
    expect(await sandbox.exists('d/data/rows/kept')).toBe(false);
  });
});
