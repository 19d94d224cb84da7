import { mkdir, symlink } from 'node:fs/promises';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { describeWithCluster, kubectl, shared } from '../../support/cluster.js';
import { type CliResult, cliPath } from '../../support/engine.js';
import { run } from '../../../src/system/process/process.js';
import { server, Site } from '../operate/site.js';

describeWithCluster('deploy-to k8s needs no Docker on this host', () => {
  let site: Site;
  let other: Site;

  beforeAll(async () => {
    // The image is sent to the node by a deployment that may use Docker.
    other = await Site.make('with-docker', { pods: { app: server('web') } });
    await other.succeed('start');
    site = await Site.make('without-docker', {
      pods: { app: server('web') },
      target: `deploy-to: k8s\nkube-config: ${shared.kubeconfig}\nimage-pull-policy: IfNotPresent\n`,
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
