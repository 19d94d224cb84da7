import { createHash, randomBytes } from 'node:crypto';
import { mkdir, symlink } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { run } from '../../../src/system/process/process.js';
import { describeWithCluster, kubectl, shared } from '../../support/kubernetes/cluster.js';
import type { Deployed } from '../../support/kubernetes/cluster-sandbox.js';
import { type CliResult, cliPath, runCli } from '../../support/program.js';
import { deploy, server, service } from '../operate/stack.js';

describeWithCluster('faults around a deployment on kind', () => {
  let site: Deployed;
  let other: Deployed;

  beforeAll(async () => {
    site = await deploy({
      pods: { app: server('web', '    ports: ["80"]\n') },
      jobs: { seed: service('seed', 'echo seeded') },
    });
    await mkdir(site.sandbox.path('bin'));
    await symlink(process.execPath, site.sandbox.path('bin', 'node'));
    other = await site.sandbox.deploy('BASE/src/stack-orchestrator/stacks/app', 'other');
  });
  afterAll(() => site.remove());

  const hold = (what: string, finalizers: string[]): Promise<string> =>
    site.kubectl('patch', ...what.split(' '), '--type=merge', '-p', JSON.stringify({ metadata: { finalizers } }));

  /** The program without docker or kind on the PATH. */
  function bare(env: NodeJS.ProcessEnv, ...args: string[]): Promise<CliResult> {
    const words = [cliPath, 'deployment', '--dir', site.sandbox.path('dep'), ...args];
    const { KUBECONFIG, HOME } = process.env;
    const all = { HOME, KUBECONFIG, PATH: site.sandbox.path('bin'), ...env };
    return run(process.execPath, words, { env: all, cwd: site.sandbox.base });
  }

  it('missing docker or kind, or a stopped engine, is reported before a namespace is created', async () => {
    const none = await bare({}, 'start');
    expect([none.code, none.stderr]).toEqual([1, expect.stringContaining('Error: docker is not installed')]);
    for (const command of ['start', 'stop']) {
      const { code, stderr } = await bare({ DOCKER_HOST: 'unix:///nonexistent.sock' }, command);
      expect([code, stderr]).toEqual([
        1,
        expect.stringContaining('engine at unix:///nonexistent.sock cannot be reached'),
      ]);
    }
    await site.sandbox.edit('dep/spec.yml', `kind-cluster-name: ${shared.name}`, 'kind-cluster-name: laconic-so-none');
    const { code, stderr } = await bare({}, 'start');
    await site.sandbox.edit('dep/spec.yml', 'kind-cluster-name: laconic-so-none', `kind-cluster-name: ${shared.name}`);
    expect([code, stderr]).toEqual([1, expect.stringContaining('Error: kind is not installed')]);
    expect(await kubectl('get', 'namespace', site.namespace, '--ignore-not-found')).toBe('');
    expect(await site.sandbox.exists('dep/.laconic/lock')).toBe(false);
  });

  it('a cluster without the runtime for locked memory is reported before a namespace is created, until somebody adds it', async () => {
    const spec = 'security: {unlimited-memlock: true}\n';
    const locked = await site.sandbox.deploy('BASE/src/stack-orchestrator/stacks/app', 'locked', spec);
    const refused = await locked.attempt('start');
    expect(refused.code).toBe(1);
    expect(refused.stderr).toContain('lack the container runtime that security.unlimited-memlock of the spec needs');
    expect(await kubectl('get', 'namespace', locked.namespace, '--ignore-not-found')).toBe('');
    // The kernel of this machine may not allow more: a runtime that the node has stands for it.
    const runtime = {
      apiVersion: 'node.k8s.io/v1',
      kind: 'RuntimeClass',
      metadata: { name: 'high-memlock' },
      handler: 'runc',
    };
    await site.sandbox.write('class.json', JSON.stringify(runtime));
    await kubectl('apply', '--filename', site.sandbox.path('class.json'));
    try {
      await locked.run('start');
      expect((await locked.podWith('web')).spec).toMatchObject({ runtimeClassName: 'high-memlock' });
      expect((await locked.objects('job')).map(({ spec: job }) => JSON.stringify(job))).toEqual([
        expect.not.stringContaining('runtimeClassName'),
      ]);
    } finally {
      await kubectl('delete', 'runtimeclass', 'high-memlock');
    }
  });

  it('a namespace that is being deleted is awaited, with the reason, while another deployment of the stack starts', async () => {
    await kubectl('create', 'namespace', site.namespace);
    await site.kubectl('create', 'configmap', 'hold');
    await hold('configmap hold', ['example.org/hold']);
    await kubectl('delete', 'namespace', site.namespace, '--wait=false');
    const starting = site.begin('start');
    const elsewhere = other.attempt('start');
    await starting
      .printed('finalizers remaining: example.org/hold in 1 resource')
      .finally(() => hold('configmap hold', []));
    expect((await starting.ended).code).toBe(0);
    expect(await elsewhere).toMatchObject({ code: 0 });
    expect(await site.names('deployment,job')).toHaveLength(2);
    expect(await other.names('deployment,job')).toHaveLength(2);
  });

  it('a second start or stop during a start is refused by the lock, with its holder', async () => {
    const isLocked = (): Promise<boolean> => site.sandbox.exists('dep/.laconic/lock');
    let first = site.begin('start');
    for (let attempt = 1; ; attempt += 1) {
      await expect.poll(isLocked, { interval: 5, timeout: 60_000 }).toBe(true);
      first.child.kill('SIGSTOP');
      // A start without anything to do may have ended before it was paused.
      await sleep(100);
      if ((await isLocked()) || attempt === 10) break;
      first.child.kill('SIGCONT');
      expect((await first.ended).code).toBe(0);
      first = site.begin('start');
    }
    try {
      const refused =
        /^Error: deployment \S+ is in use by "laconic-so deployment --dir \S+ start" \(process \d+, since/;
      for (const { code, stderr } of await Promise.all([site.attempt('start'), site.attempt('stop')])) {
        expect([code, stderr]).toEqual([1, expect.stringMatching(refused)]);
      }
    } finally {
      first.child.kill('SIGCONT');
    }
    expect((await first.ended).code).toBe(0);
    expect(await site.sandbox.exists('dep/.laconic/lock')).toBe(false);
  });

  it('exec passes on every exit code, those of a shell when the program cannot be started, and megabytes in both directions', async () => {
    const exec = (...words: string[]): Promise<CliResult> => site.attempt('exec', 'web', ...words);
    const codes = [1, 126, 127, 128, 137, 255];
    const ended = await Promise.all(codes.map((code) => exec(`exit ${code}`)));
    expect(ended.map(({ code }) => code)).toEqual(codes);
    const [killed, missing, forbidden] = await Promise.all([
      exec('sh', '-c', 'kill -9 $$'),
      exec('not-there', 'x'),
      exec('/etc/passwd', 'x'),
    ]);
    expect(killed.code).toBe(137);
    expect([missing.code, missing.stderr]).toEqual([
      127,
      expect.stringMatching(
        /^Error: the command was not run in web of pod \S+: "not-there": executable file not found.*\n$/,
      ),
    ]);
    expect([forbidden.code, forbidden.stderr]).toEqual([
      126,
      expect.stringMatching(/: "\/etc\/passwd": permission denied\n$/),
    ]);
    const input = randomBytes(6_000_000).toString('base64');
    const piped = (line: string, text = input): Promise<CliResult> =>
      runCli(['deployment', '--dir', site.sandbox.path('dep'), 'exec', 'web', line], { input: text });
    const sha = (text: string): string => createHash('sha256').update(text).digest('hex');
    expect(sha((await piped('cat')).stdout)).toBe(sha(input));
    // With more data than its buffers hold, the cluster itself does not report the end (kubectl exec hangs then as
    // well).
    expect(await piped('head -c 1 > /dev/null; exit 5', input.slice(0, 50_000))).toMatchObject({ code: 5 });
  });

  it('an unknown job, port or service is reported with the existing ones', async () => {
    const results = await Promise.all([
      site.attempt('run-job', 'sed'),
      site.attempt('port', 'wbe', '80'),
      site.attempt('logs', 'wbe'),
    ]);
    expect(results.map(({ code, stderr }) => `${code} ${stderr}`)).toEqual([
      '1 Error: Job \'sed\' not found, did you mean "seed"?\nAvailable jobs: seed\n',
      '1 Error: no container of service wbe, did you mean "web"?\nservices: web\n',
      '1 Error: no container of service wbe, did you mean "web"?\nservices: seed, web\n',
    ]);
  });

  it('stop reports the finalizer that it waits for, and continues when it is removed', async () => {
    await hold('service web', ['example.org/hold']);
    const stopping = site.begin('stop');
    await stopping
      .printed(/Service web \(waits for the finalizer example\.org\/hold\)/)
      .finally(() => hold('service web', []));
    expect((await stopping.ended).code).toBe(0);
    expect(await site.names('deployment,job,service,pod')).toEqual([]);
  });

  it('an image that has to be built and does not exist is reported before its pods wait, and an invalid image is refused', async () => {
    const spec = await site.sandbox.read('dep.spec.yml');
    await site.sandbox.write('bad.yml', `${spec}image-overrides: {web: "No Image"}\n`);
    await site.sandbox.write('image.yml', `${spec}image-overrides: {web: nobody/nothing:local}\n`);
    await site.sandbox.create('image.yml', 'dep', '--update');
    const { stderr } = await site.run('start', '--no-wait');
    expect(stderr).toContain(
      `WARNING: neither this host nor the kind node ${shared.node} has nobody/nothing:local: build-containers builds such images`,
    );
    const bad = await site.sandbox.cli(['deploy', 'create', '--spec-file', 'bad.yml', '--deployment-dir', 'bad']);
    expect([bad.code, bad.stderr]).toEqual([
      1,
      expect.stringContaining('"No Image" (an image override) is not an image'),
    ]);
    expect(await site.sandbox.exists('bad')).toBe(false);
  });
});
