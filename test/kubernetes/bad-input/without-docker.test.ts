import { mkdir, symlink } from 'node:fs/promises';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { describeWithCluster, kubectl } from '../../support/kubernetes/cluster.js';
import { type Deployed, onKubeconfig } from '../../support/kubernetes/cluster-sandbox.js';
import { type CliResult, cliPath } from '../../support/program.js';
import { run } from '../../../src/system/process/process.js';
import { deploy, server } from '../operate/stack.js';

describeWithCluster('deploy-to k8s needs no Docker on this host', () => {
  let site: Deployed;
  let other: Deployed;

  beforeAll(async () => {
    // The image is sent to the node by a deployment that may use Docker.
    other = await deploy({ pods: { app: server('web') } });
    await other.run('start');
    site = await deploy({
      pods: { app: server('web') },
      target: onKubeconfig(),
    });
    await mkdir(site.sandbox.path('bin'));
    await symlink(process.execPath, site.sandbox.path('bin', 'node'));
  });
  afterAll(async () => {
    await site.remove();
    await other.remove();
  });

  async function bare(...args: string[]): Promise<CliResult> {
    const env = { PATH: site.sandbox.path('bin'), HOME: '/nonexistent', DOCKER_HOST: 'unix:///nonexistent.sock' };
    const words = [cliPath, 'deployment', '--dir', site.sandbox.path('dep'), ...args];
    return run(process.execPath, words, { env, cwd: site.sandbox.base });
  }

  it('for start, status, ps, logs, exec and stop', async () => {
    expect(await bare('start')).toMatchObject({ code: 0 });
    expect((await bare('status', '--format', 'json', '--exit-code')).code).toBe(0);
    expect((await bare('ps')).stdout).toContain('Running containers:');
    expect((await bare('logs')).stdout).toContain('web is here');
    expect(await bare('exec', 'web', 'exit 3')).toMatchObject({ code: 3 });
    expect((await bare('render')).stdout).toContain('kind: Deployment');
    expect(await bare('stop')).toMatchObject({ code: 0 });
    expect(await kubectl('get', 'deployment', '--namespace', site.namespace, '--output', 'name')).toBe('');
  });
});
