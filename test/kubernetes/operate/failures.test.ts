import { afterAll, expect, it } from 'vitest';
import { describeWithCluster, kubectl } from '../../support/kubernetes/cluster.js';
import type { Deployed } from '../../support/kubernetes/cluster-sandbox.js';
import { deploy, server, service, type StackFiles } from './stack.js';

/** Makes deployments for tests that wait side by side, since most of their time is the cluster's. */
function deployments(): (stack: StackFiles) => Promise<Deployed> {
  const made: Deployed[] = [];
  afterAll(async () => {
    await Promise.all(made.map((one) => one.remove()));
  });
  return async (stack) => {
    const one = await deploy(stack);
    made.push(one);
    return one;
  };
}

describeWithCluster('a start that cannot succeed fails at once with the reason', () => {
  const make = deployments();

  it.concurrent('for a missing image', async () => {
    const one = await make({
      pods: { app: '  web:\n    image: registry.invalid/nobody/nothing:1\n' + server('other') },
    });
    const { code, stderr } = await one.attempt('start');
    expect(code).toBe(1);
    expect(stderr).toMatch(
      /Error: 1 object did not become ready\nDeployment \S+: web ImagePullBackOff: .*registry\.invalid/,
    );
    const told = stderr.slice(stderr.indexOf('Error: 1 object'));
    expect(told.match(/lookup registry\.invalid/g), 'why is told once').toHaveLength(1);
    expect(told).not.toContain('  event: ');
    const { stdout } = await one.attempt('status');
    expect(stdout).toMatch(/\tweb: (ImagePullBackOff|ErrImagePull)/);
    const logs = await one.attempt('logs', 'web');
    expect([logs.code, logs.stdout]).toEqual([0, '******* No logs available ********\n']);
  });

  it.concurrent('for a server that keeps crashing, with the end of its log', async ({ expect }) => {
    const one = await make({ pods: { app: service('web', 'echo cannot find my database; exit 3') } });
    // A busy node reports a crash late; until then the container counts as running.
    const { code, stderr } = await one.attempt('start', '--steady', '60');
    expect(code).toBe(1);
    expect(stderr).toMatch(/Deployment \S+: web crash loop: exited with code 3, restarted (once|\d times) \(pod \S+\)/);
    expect(stderr).toContain('  end of the log of web:\n    cannot find my database');
    // It runs for a moment each time, and counts as ready then.
    const status = () => one.attempt('status', '--exit-code').then(({ code: told }) => told);
    await expect.poll(status, { timeout: 60_000 }).toBe(1);
    const ps = () => one.attempt('ps').then(({ stdout }) => stdout);
    await expect
      .poll(ps, { timeout: 60_000 })
      .toMatch(
        /^No containers running\nNot running:\nid: \S+-dep\/\S+, name: \S+, state: Running, web: (CrashLoopBackOff|exited with code 3)\n$/,
      );
    const exec = () => one.attempt('exec', 'web', 'true').then((ended) => [ended.code, ended.stderr]);
    await expect
      .poll(exec, { timeout: 60_000 })
      .toEqual([1, expect.stringMatching(/^Error: the command was not run: service "web" is not running \(/)]);
    // Between two crashes the node may have removed the container before the last one.
    const earlier = () => one.attempt('logs', '--previous').then(({ stdout }) => stdout);
    await expect.poll(earlier, { timeout: 60_000 }).toBe('web: cannot find my database\n');
  });

  it.concurrent('for a claim with an unknown storage class', async () => {
    const one = await make({
      pods: { app: server('db', '    volumes: ["data:/data"]\n') + 'volumes:\n  data:\n' },
      spec: 'volumes:\n  data:\n',
    });
    await kubectl('create', 'namespace', one.namespace);
    await one.sandbox.write(
      'claim.yml',
      `apiVersion: v1
kind: PersistentVolumeClaim
metadata: {name: ${one.app}-data}
spec: {storageClassName: nowhere, accessModes: [ReadWriteOnce], resources: {requests: {storage: 1Gi}}}
`,
    );
    await one.kubectl('apply', '--filename', one.sandbox.path('claim.yml'));
    const { code, stderr } = await one.attempt('start');
    expect(code).toBe(1);
    expect(stderr).toMatch(/Deployment \S+: volume claim \S+-data gets no volume: .*"nowhere" not found/);
  });

  it.concurrent('for a pod that fits on no node', async () => {
    const one = await make({
      pods: { app: server('web') },
      spec: 'resources:\n  containers:\n    reservations: {cpus: "500"}\n',
    });
    const { code, stderr } = await one.attempt('start');
    expect(code).toBe(1);
    expect(stderr).toMatch(/Deployment \S+: no node accepts it: .*Insufficient cpu/);
  });

  it.concurrent('for a pod that fits on no node while its claim waits for it, and for a missing Secret', async () => {
    const one = await make({
      pods: { app: server('web', '    volumes: ["data:/data"]\n') + 'volumes:\n  data:\n' },
      spec: 'volumes:\n  data:\nresources:\n  containers:\n    reservations: {memory: 9000G}\n',
    });
    const full = await one.attempt('start');
    expect([full.code, full.stderr]).toEqual([
      1,
      expect.stringMatching(/Deployment \S+: no node accepts it: .*Insufficient memory/),
    ]);
    const other = await make({
      pods: {
        app: server('web', '    secrets: [keys]\n') + 'secrets:\n  keys: {external: true, name: nobody-made-it}\n',
      },
    });
    const { code, stderr } = await other.attempt('start');
    expect([code, stderr]).toEqual([
      1,
      expect.stringMatching(/Deployment \S+: web cannot be created: .*secret "nobody-made-it" not found/),
    ]);
  });

  it.concurrent('for a failed job, although the server runs', async () => {
    const one = await make({
      pods: { app: server('web') },
      jobs: { seed: service('seed', 'echo no such table; exit 4') },
    });
    const { code, stderr } = await one.attempt('start');
    expect(code).toBe(1);
    expect(stderr).toMatch(
      /Job \S+: failed: seed exited with code 4 \(pod \S+\)\n {2}end of the log of seed:\n {4}no such table/,
    );
  });

  it.concurrent('for run-job before the cluster exists, which only start creates', async () => {
    const target = 'deploy-to: k8s-kind\nkind-cluster-name: laconic-so-nowhere\n';
    const one = await make({ pods: {}, jobs: { seed: service('seed', 'true') }, target });
    const { code, stderr } = await one.attempt('run-job', 'seed');
    expect(code).toBe(1);
    expect(stderr).toMatch(/there is no kind cluster laconic-so-nowhere on this host\nstart the deployment first: /);
    expect(stderr).not.toContain('--skip-cluster-management');
  });

  it.concurrent('for a healthcheck that never succeeds, after its retries as on Compose, with its output', async () => {
    const check = 'echo no leader was elected; false';
    const one = await make({
      pods: {
        app: server(
          'web',
          `    healthcheck: {test: "${check}", interval: 1s, timeout: 10s, retries: 2, start_period: 1s}\n`,
        ),
      },
    });
    const { code, stderr } = await one.attempt('start');
    expect(code).toBe(1);
    expect(stderr).toMatch(
      /Error: 1 object did not become ready\nDeployment \S+: web unhealthy: readiness probe failed: no leader was elected \(pod \S+\)\n {2}end of the log of web:\n {4}web is here\n/,
    );
  });

  it.concurrent('for a start that takes too long, which --wait-timeout reports, while --no-wait does not wait', async ({
    expect,
  }) => {
    const one = await make({
      pods: { app: server('web', '    healthcheck: {test: ["CMD", "false"], interval: 1s, retries: 1000}\n') },
    });
    await one.run('start', '--no-wait');
    const status = () => one.run('status').then(({ stdout }) => stdout);
    await expect.poll(status, { timeout: 60_000 }).toContain('0/1 ready: web running, not ready yet');
    const { code, stderr } = await one.attempt('start', '--wait-timeout', '4');
    expect(code).toBe(1);
    expect(stderr).toMatch(
      /Error: not ready after 4 seconds: Deployment \S+\n.*0\/1 ready: web running, not ready yet/,
    );
    expect(stderr).toContain('end of the log of web:\n    web is here');
  });
});

describeWithCluster('interrupted starts, and pods that restart', () => {
  const make = deployments();

  it.concurrent('a failing probe is reported during the wait, once per reason', async ({ expect }) => {
    // The first check may come before the container has written anything, and any check in the middle of writing.
    const tell = (text: string): string => `echo ${text} > /tmp/next; mv /tmp/next /tmp/reason`;
    const check = ['CMD-SHELL', 'until test -e /tmp/reason; do sleep 0.1; done; cat /tmp/reason; test -e /tmp/go'];
    const site = await make({
      pods: {
        app: service(
          'web',
          `${tell('schema is missing after 1 s')}; trap exit TERM; sleep 100000 & wait`,
          // A node reports no more than 25 events of one pod in five minutes, so an event per second would be too many
          // on a slow machine.
          `    healthcheck: {test: ${JSON.stringify(check)}, interval: 4s, retries: 1000}\n`,
        ),
      },
    });
    const starting = site.begin('start');
    const waits = '0/1 ready: web running, not ready yet';
    await starting.printed(`${waits}: readiness probe failed: schema is missing after 1 s\n`);
    const say = async (text: string) => site.run('exec', 'web', tell(text));
    await say('schema is missing after 2 s');
    await expect.poll(async () => (await site.run('status')).stdout, { timeout: 60_000 }).toContain('after 2 s');
    await say('no leader was elected');
    await starting.printed(`${waits}: readiness probe failed: no leader was elected\n`);
    await site.run('exec', 'web', 'touch /tmp/go');
    expect((await starting.ended).code).toBe(0);
    const lines = starting.said.stderr.split('\n').filter((line) => line.includes('probe failed'));
    expect(lines.map((line) => line.replace(/^.*failed: /, ''))).toEqual([
      'schema is missing after 1 s',
      'no leader was elected',
    ]);
  });

  it.concurrent('Ctrl-C during the wait exits with 130, the deployment is not locked, and the next start continues', async () => {
    const site = await make({
      pods: {
        app: server('web', '    healthcheck: {test: ["CMD", "test", "-e", "/tmp/go"], interval: 1s, retries: 1000}\n'),
      },
    });
    const starting = site.begin('start');
    await starting.printed('0/1 ready: web running, not ready yet');
    starting.child.kill('SIGINT');
    expect((await starting.ended).code).toBe(130);
    const again = site.begin('start');
    await again.printed('0/1 ready');
    await site.run('exec', 'web', 'touch /tmp/go');
    expect((await again.ended).code).toBe(0);
  });

  it.concurrent('a start reports that the deployment was stopped during its wait', async () => {
    const site = await make({
      pods: { app: server('web', '    healthcheck: {test: ["CMD", "false"], interval: 1s, retries: 1000}\n') },
    });
    const starting = site.begin('start');
    await starting.printed('not ready yet');
    await site.run('stop');
    expect((await starting.ended).code).toBe(1);
    expect(starting.said.stderr).toMatch(/Deployment \S+: (was deleted by another client|is being deleted)/);
  });

  it.concurrent('Ctrl-C in run-job deletes the Job', async () => {
    const site = await make({ pods: {}, jobs: { long: server('long') } });
    const running = site.begin('run-job', 'long');
    await running.printed('long is here');
    const busy = await site.attempt('run-job', 'long');
    expect([busy.code, busy.stderr]).toEqual([1, expect.stringContaining('is already running')]);
    const refused = await site.attempt('stop');
    expect([refused.code, refused.stderr]).toEqual([1, expect.stringContaining('a job of this deployment is running')]);
    running.child.kill('SIGINT');
    expect((await running.ended).code).toBe(130);
    expect(await site.names('jobs')).toEqual([]);

    await site.run('run-job', '--no-wait', 'long');
    expect((await site.attempt('stop')).stderr).toContain('a job of this deployment is running');
    await site.run('stop', '--force');
    expect(await site.names('jobs')).toEqual([]);

    const left = site.begin('run-job', 'long');
    await left.printed('long is here');
    left.child.kill('SIGINT');
    await left.printed('stopping:');
    left.child.kill('SIGINT');
    expect((await left.ended).code).toBe(130);
    // Whether the deletion succeeded or not: a Job that still runs is always reported.
    const gone = (await site.names('jobs')).length === 0;
    expect(gone || left.said.stderr.includes('-job-long may still be running in namespace'), left.said.stderr).toBe(
      true,
    );
  });

  it.concurrent('the restart of a container is counted, and its earlier output is kept', async ({ expect }) => {
    const site = await make({
      pods: { app: service('web', 'trap exit TERM; date +run-%s%N; while [ ! -e /tmp/end ]; do sleep 0.1; done') },
    });
    await site.run('start');
    let first = '';
    await expect.poll(async () => (first = (await site.run('logs')).stdout), { timeout: 60_000 }).toMatch(/run-/);
    await site.run('exec', 'web', 'touch /tmp/end');
    await expect
      .poll(async () => (await site.attempt('status')).stdout, { timeout: 60_000 })
      .toMatch(/\t1\/1 ready\t1 restart$/m);
    expect((await site.run('logs', '--previous')).stdout).toBe(first);
    expect((await site.run('logs')).stdout).not.toBe(first);
  });
});
