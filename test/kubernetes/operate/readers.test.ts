import { afterAll, beforeAll, expect, it } from 'vitest';
import { run } from '../../../src/system/process/process.js';
import { describeWithCluster } from '../../support/kubernetes/cluster.js';
import type { Deployed } from '../../support/kubernetes/cluster-sandbox.js';
import { cliPath } from '../../support/program.js';
import { deploy, server, service } from './stack.js';

/** More than the buffers of pipes hold. */
const many = 'yes line | head -n 200000';

describeWithCluster('a reader of the output that goes away (`| head`)', () => {
  let site: Deployed;
  beforeAll(async () => {
    site = await deploy({
      pods: { front: server('web') + service('talker', `${many}; trap exit TERM; sleep 100000 & wait`) },
      jobs: { seed: service('seed', `${many}; sleep 2; exit 3`) },
    });
    // The job of the stack fails at the first start, too; it is run again once it has ended.
    await site.run('start', '--no-wait');
    await site.kubectl('wait', 'deployment', '--all', '--for=condition=Available', '--timeout=120s');
    await site.kubectl('wait', 'job', '--all', '--for=condition=Failed', '--timeout=120s');
  });
  afterAll(() => site.remove());

  /** The first lines of a command's output, followed by its exit code. */
  const first = (lines: number, ...words: string[]) =>
    run('bash', [
      '-c',
      `"$@" | head -${lines}; echo "\${PIPESTATUS[0]}"`,
      'pipe',
      process.execPath,
      cliPath,
      ...['deployment', '--dir', site.sandbox.path('dep'), ...words],
    ]);

  it('does not affect the command of exec, which exits with the code of SIGPIPE', async () => {
    expect(await first(1, 'exec', 'web', 'yes')).toMatchObject({ stdout: 'y\n141\n', stderr: '' });
  });

  it('does not affect the job of run-job, which runs to its end with its own exit code', async () => {
    const { stdout, stderr } = await first(2, 'run-job', 'seed');
    expect([stdout, stderr]).toEqual(['Running job: seed\nline\n3\n', expect.not.stringMatching(/^ +at /m)]);
  });

  it('ends logs without an error, with --follow or not', async () => {
    expect(await first(1, 'logs', '--follow', 'talker')).toMatchObject({ stdout: 'talker: line\n0\n', stderr: '' });
    expect(await first(1, 'logs', 'talker')).toMatchObject({ stdout: 'talker: line\n0\n', stderr: '' });
  });
});
