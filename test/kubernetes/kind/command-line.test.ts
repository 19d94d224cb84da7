import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { runOrFail } from '../../../src/system/process/process.js';
import { describeWithCluster } from '../../support/kubernetes/cluster.js';
import type { CliResult } from '../../support/program.js';
import { eventually } from '../../support/eventually.js';
import { launch } from '../../support/running.js';
import { Sandbox } from '../../support/sandbox.js';
import { idle } from '../../support/kubernetes/cluster-sandbox.js';
import { OwnCluster } from './own-cluster.js';

let own: OwnCluster;
let sandbox: Sandbox;
let env: NodeJS.ProcessEnv;

/**
 * A deployment of an idle service in a namespace of the same name, whose cluster does not use ports 80 and 443 of this
 * host.
 */
async function create(name: string): Promise<void> {
  const lines = ['stack: BASE/mine/stacks/shop', 'deploy-to: k8s-kind', `kind-cluster-name: ${own.name}`];
  const more = [
    `namespace: ${name}`,
    `kind-mount-root: ${join(own.base, 'mnt')}`,
    `volumes: {data: ${join(own.base, 'mnt', name)}}`,
  ];
  await sandbox.write(`${name}.yml`, `${[...lines, ...more].join('\n')}\n`);
  await sandbox.create(`${name}.yml`, name);
  const file = sandbox.path(name, 'kind-config.yml');
  const text = await readFile(file, 'utf8');
  const { http, https } = own.ports;
  await writeFile(
    file,
    text.replace('hostPort: 80\n', `hostPort: ${http}\n`).replace('hostPort: 443\n', `hostPort: ${https}\n`),
  );
}

function deployment(name: string, ...args: string[]): Promise<CliResult> {
  return sandbox.cli(['deployment', '--dir', name, ...args], { env });
}

describeWithCluster('a kind cluster of a deployment', () => {
  beforeAll(async () => {
    own = await OwnCluster.plan();
    const services = `services:\n${idle('web', '    volumes: ["data:/data"]\n')}volumes:\n  data:\n`;
    sandbox = await Sandbox.make({
      'mine/stacks/shop/stack.yml': 'version: "1.0"\nname: shop\npods: [shop]\n',
      'mine/compose/docker-compose-shop.yml': services,
    });
    env = { KUBECONFIG: own.kubeconfig, XDG_STATE_HOME: join(own.base, 'state') };
    await create('one');
    await create('two');
  });
  afterAll(async () => {
    await own.remove();
    await sandbox.remove();
  });

  it('is reported as missing before it is created: status and ps answer, logs and exec explain what to do', async () => {
    const said = `there is no kind cluster ${own.name} on this host`;
    expect(await deployment('one', 'status')).toEqual({ code: 0, stdout: '', stderr: `${said}\n` });
    expect(await deployment('one', 'ps')).toMatchObject({ code: 0, stdout: 'No containers running\n' });
    expect((await deployment('one', 'status', '--exit-code')).code).toBe(1);
    const { code, stderr } = await deployment('one', 'exec', 'web', 'true');
    expect([code, stderr]).toEqual([1, expect.stringMatching(new RegExp(`${said}[^]*start`))]);
  });

  it('explains what to install when kind is missing', async () => {
    const bin = sandbox.path('bin');
    await mkdir(bin);
    const docker = '#!/bin/sh\nexec /usr/bin/docker "$@"\n';
    await writeFile(join(bin, 'docker'), docker, { mode: 0o755 });
    const started = await sandbox.cli(['deployment', '--dir', 'one', 'start'], { env: { ...env, PATH: bin } });
    expect(started).toMatchObject({ code: 1 });
    expect(started.stderr).toContain('Error: kind is not installed, or not on the PATH');
    expect(started.stderr).toContain('https://kind.sigs.k8s.io');
  });

  it('is not created with --skip-cluster-management', async () => {
    const started = await deployment('one', 'start', '--skip-cluster-management');
    expect(started).toMatchObject({ code: 1, stdout: '' });
    expect(started.stderr).toContain(`there is no kind cluster ${own.name} on this host`);
  });

  it('is created again after its creation was killed, once for two deployments that start together', async () => {
    const { child } = launch(['deployment', '--dir', 'one', 'start'], { cwd: sandbox.base, env });
    await eventually('the node exists', async () => (await own.nodes()).length > 0);
    await sleep(2_000);
    child.kill('SIGKILL');

    const both = await Promise.all([deployment('one', 'start'), deployment('two', 'start')]);
    expect(both.map(({ code, stderr }) => [code, code === 0 ? '' : stderr])).toEqual([
      [0, ''],
      [0, ''],
    ]);
    const said = both.map(({ stdout }) => stdout.split('\n')[0]).sort();
    expect(said).toEqual([`Creating new cluster: ${own.name}`, `Using existing cluster: ${own.name}`]);
    for (const name of ['one', 'two']) {
      const pods = await own.kubectl(
        '--namespace',
        name,
        'get',
        'pods',
        '--output',
        'jsonpath={.items[*].status.phase}',
      );
      expect(pods).toBe('Running');
    }
  });

  it('is reused by the next start', async () => {
    const started = await deployment('one', 'start');
    expect(started).toMatchObject({ code: 0, stdout: `Using existing cluster: ${own.name}\n` });
  });

  it('comes back after its node was restarted, with its data, and a start succeeds at once', async () => {
    const written = ['exec', 'web', 'echo kept > /data/file && sync'];
    expect(await deployment('one', ...written)).toMatchObject({ code: 0 });
    await runOrFail('docker restart', 'docker', ['restart', '--time', '20', own.node]);
    const started = await deployment('one', 'start');
    expect([started.code, started.code === 0 ? '' : started.stderr]).toEqual([0, '']);
    const read = await deployment('one', 'exec', 'web', 'cat /data/file');
    expect([read.code, read.stdout, read.code === 0 ? '' : read.stderr]).toEqual([0, 'kept\n', '']);
    const status = await deployment('one', 'status', '--exit-code');
    expect([status.code, status.code === 0 ? '' : status.stdout]).toEqual([0, '']);
  });

  it('is not deleted by stop while another deployment is in it', async () => {
    const dry = await sandbox.cli(['--dry-run', 'deployment', '--dir', 'one', 'stop', '--perform-cluster-management'], {
      env,
    });
    expect(dry).toMatchObject({ code: 0 });
    expect(dry.stdout).toContain(`would delete the kind cluster ${own.name}`);
    const stopped = await deployment('one', 'stop', '--perform-cluster-management');
    expect(stopped).toMatchObject({ code: 1 });
    expect(stopped.stderr).toContain(`namespace two: ${sandbox.path('two')}`);
    expect(await own.nodes()).toEqual([own.node]);
  });

  it('is deleted with the last deployment', async () => {
    const two = await deployment('two', 'stop', '--delete-volumes');
    expect([two.code, two.code === 0 ? '' : two.stderr]).toEqual([0, '']);
    const one = await deployment('one', 'stop', '--delete-volumes', '--perform-cluster-management');
    expect([one.code, one.code === 0 ? '' : one.stderr]).toEqual([0, '']);
    expect(await own.nodes()).toEqual([]);
  });
});
