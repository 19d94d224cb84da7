import { afterAll, beforeAll, expect, it } from 'vitest';
import { describeWithCluster } from '../../support/kubernetes/cluster.js';
import { eventually } from '../../support/eventually.js';
import { launch } from '../../support/running.js';
import { ClusterSandbox, type Deployed, idle } from '../../support/kubernetes/cluster-sandbox.js';

/** Ready when the file is there, which is on a volume. */
const gated = `
    volumes: ["data:/data"]
    healthcheck: {test: ["CMD", "test", "-e", "/data/go"], interval: 1s, retries: 1000}
`;

let sandbox: ClusterSandbox;
let deployed: Deployed;

const lock = (): Promise<boolean> => sandbox.exists('d/.laconic/lock');

describeWithCluster('an interrupted start', () => {
  beforeAll(async () => {
    sandbox = await ClusterSandbox.make({
      'so/stacks/slow/stack.yml': 'name: slow\npods: [first, second]\n',
      'so/compose/docker-compose-first.yml': `services:\n${idle('first', gated)}volumes: {data: }\n`,
      'so/compose/docker-compose-second.yml': `services:\n${idle('second', '    depends_on: {first: {condition: service_healthy}}\n')}`,
    });
    deployed = await sandbox.deploy('BASE/so/stacks/slow', 'd', 'volumes: {data: MOUNTED/data}');
  });
  afterAll(() => sandbox.remove());

  it.each(['SIGINT', 'SIGTERM'] as const)(
    'exits with 130 at once and leaves no lock on %s during the wait',
    async (signal) => {
      const { child, said, ended } = launch(['deployment', '--dir', 'd', 'start'], { cwd: sandbox.base });
      await eventually('it waits for the first pod, which runs', async () => {
        if (!said.stderr.includes('-first-deployment: 0/1 ready')) return false;
        return (await deployed.pods()).some(({ status }) => status.phase === 'Running');
      });
      child.kill(signal);
      const { code } = await ended;
      expect({ code, trace: /^ +at /m.test(said.stderr) }).toEqual({ code: 130, trace: false });
      expect(await lock()).toBe(false);
      // depends_on: what waits for the first one was not started.
      expect((await deployed.own('deployment')).some((name) => name.includes('second'))).toBe(false);
    },
  );

  it('leaves nothing incomplete after a SIGINT before anything is applied', async () => {
    await deployed.run('stop');
    const { child, ended } = launch(['deployment', '--dir', 'd', 'start'], { cwd: sandbox.base });
    await eventually('the lock is taken', lock);
    child.kill('SIGINT');
    expect((await ended).code).toBe(130);
    expect(await lock()).toBe(false);
  });

  it('is completed by the next start', async () => {
    const { ended } = launch(['deployment', '--dir', 'd', 'start'], { cwd: sandbox.base });
    await eventually('the first pod runs', async () =>
      (await deployed.pods()).some(({ status }) => status.phase === 'Running'),
    );
    await deployed.inContainer('first', 'touch', '/data/go');
    expect((await ended).code).toBe(0);
    expect((await deployed.pods()).map(({ status }) => status.phase)).toEqual(['Running', 'Running']);
    expect((await deployed.run('status', '--exit-code')).stdout).toContain('1/1 ready');
  });

  it('leaves no lock when it is killed with SIGKILL', async () => {
    await deployed.run('stop');
    const { child, ended } = launch(['deployment', '--dir', 'd', 'start'], { cwd: sandbox.base });
    await eventually('something is applied', async () => (await deployed.own('deployment')).length > 0);
    child.kill('SIGKILL');
    await ended;
    await deployed.run('start');
    expect((await deployed.pods()).map(({ status }) => status.phase)).toEqual(['Running', 'Running']);
  });
});
