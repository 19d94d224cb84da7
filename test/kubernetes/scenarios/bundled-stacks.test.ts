import { copyFile, cp, mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { describeWithCluster } from '../../support/kubernetes/cluster.js';
import { ClusterSandbox, type Deployed, needImage } from '../../support/kubernetes/cluster-sandbox.js';

const repository = join(import.meta.dirname, '..', '..', '..');

let sandbox: ClusterSandbox;

const podFile = (letter: string): string =>
  `services:\n  pod-${letter}:\n    image: busybox:1.36\n    command: ["sleep", "1000000"]\n    stop_grace_period: 1s\n`;

const hook = (letter: string): string => `from pathlib import Path


def start(deployment_context):
    (Path(deployment_context.deployment_dir) / "marker-${letter}").write_text("${letter}-v1")
`;

describeWithCluster('bundled stacks on Kubernetes', () => {
  beforeAll(async () => {
    sandbox = await ClusterSandbox.make();
  });
  afterAll(() => sandbox.remove());

  it('test-restart: restart --stack-path copies the hook again and runs it', async () => {
    const tree = 'repositories/restart-stack';
    const stack = sandbox.path(tree, 'stack-orchestrator/stacks/test-restart');
    await cp(join(repository, 'stacks/test-restart'), stack, { recursive: true });
    await mkdir(sandbox.path(tree, 'stack-orchestrator/compose'));
    const compose = 'compose/docker-compose-test-restart.yml';
    await copyFile(join(repository, compose), sandbox.path(tree, 'stack-orchestrator', compose));
    await sandbox.publish(tree);
    const deployed = await sandbox.deploy(stack, 'r');
    await deployed.run('start');
    expect(await sandbox.read('r/marker')).toBe('v1');
    const before = (await deployed.podWith('test-restart')).metadata.uid;

    const source = join(tree, 'stack-orchestrator/stacks/test-restart/deploy/commands.py');
    await sandbox.edit(source, '"v1"', '"v2"');
    const { stdout } = await deployed.run('restart', '--stack-path', stack);
    expect(stdout).toContain('=== Restart Complete ===');
    expect(await sandbox.read('r/hooks/commands.py')).toContain('"v2"');
    expect(await sandbox.read('r/marker')).toBe('v2');
    expect((await deployed.podWith('test-restart')).metadata.uid).not.toBe(before);
  });

  it('test-restart-multi: two pods from two repositories run in the same cluster', async () => {
    for (const letter of ['a', 'b']) {
      const pod = `repositories/test-restart-pod-${letter}`;
      await sandbox.write(`${pod}/docker-compose.yml`, podFile(letter));
      await sandbox.write(`${pod}/stack/deploy/commands.py`, hook(letter));
      await sandbox.git('.', 'init', '--quiet', pod);
      await sandbox.commit(pod);
    }
    const stack = sandbox.path('repositories/multi/stack-orchestrator/stacks/test-restart-multi');
    await cp(join(repository, 'stacks/test-restart-multi'), stack, { recursive: true });
    await sandbox.git('.', 'init', '--quiet', 'repositories/multi');
    await sandbox.commit('repositories/multi');
    const deployed = await sandbox.deploy(stack, 'm');
    await deployed.run('start', '--skip-cluster-management');
    const markers = async (): Promise<string[]> => [await sandbox.read('m/marker-a'), await sandbox.read('m/marker-b')];
    expect(await markers()).toEqual(['a-v1', 'b-v1']);
    expect((await deployed.pods()).map(({ status }) => status.phase)).toEqual(['Running', 'Running']);

    await sandbox.edit('repositories/test-restart-pod-b/stack/deploy/commands.py', 'b-v1', 'b-v2');
    await deployed.run('restart', '--stack-path', stack);
    expect(await markers()).toEqual(['a-v1', 'b-v2']);
  });

  describe('demo', () => {
    let deployed: Deployed;
    let secret: string;

    const page = (): Promise<string> =>
      deployed.inContainer('demo', 'wget', '-q', '-O', '-', 'http://127.0.0.1:8080/cgi-bin/index.cgi');
    const counter = async (): Promise<number> => Number(/Counter: (\d+)/.exec(await page())?.[1]);

    beforeAll(async () => {
      await needImage(sandbox, 'laconic/demo:local', 'demo');
      const spec =
        'config: {DEMO_TITLE: "Hello = there", DEMO_SECRET: "$generate:hex:16$"}\nvolumes: {demo-data: MOUNTED/demo}';
      deployed = await sandbox.deploy('demo', 'demo', spec);
      await deployed.run('start');
      secret = /^DEMO_SECRET='?([0-9a-f]{32})'?$/m.exec(await sandbox.read('demo/secrets.env'))?.[1] ?? '';
    });

    it('shows its title, greeting and counter, and has its secret', async () => {
      const text = await page();
      expect(text).toContain('<h1>Hello = there</h1>');
      expect(text).toContain((await sandbox.read('demo/config/demo/greeting.txt')).trim());
      expect(await counter()).toBe(2);
      const { stdout } = await deployed.run('exec', 'demo', 'echo $DEMO_SECRET');
      expect(stdout).toBe(`${secret}\n`);
      expect(secret).not.toBe('');
    });

    it('runs a job that reads the same volume', async () => {
      expect((await deployed.run('run-job', 'demo-report')).stdout).toMatch(/Visits of the demo page: 2,/);
    });

    it('continues to count after stop and start, and after restart, with the same secret', async () => {
      await deployed.run('stop', '5');
      await deployed.run('start');
      expect(await counter()).toBe(3);
      await deployed.run('restart');
      expect(await counter()).toBe(4);
      expect((await deployed.run('exec', 'demo', 'echo $DEMO_SECRET')).stdout).toBe(`${secret}\n`);
      const { stdout } = await deployed.run('status', '--exit-code', '--format', 'json');
      expect(JSON.parse(stdout)).toMatchObject({ degraded: false });
    });
  });
});
