import { afterAll, beforeAll, expect, it } from 'vitest';
import { describeWithCluster } from '../../support/kubernetes/cluster.js';
import type { Deployed } from '../../support/kubernetes/cluster-sandbox.js';
import { deploy, service } from './stack.js';

const file = 'src/stack-orchestrator/compose/docker-compose-net.yml';

/** A server that answers with its name, and mounts the volume that both services share. */
const server = (name: string, port: number): string =>
  service(
    name,
    `mkdir -p /www && echo ${name} > /www/name && exec httpd -f -p ${port} -h /www`,
    `    stop_grace_period: 1s\n    ports: ["${port}"]\n    volumes: ["data:/data", "../config/net:/etc/net:ro"]\n`,
  );

const volumes = 'volumes:\n  data:\n';

/** The name that a service answers with at a port, as another one sees it. */
const asked = (from: string, name: string, port: number): Promise<string> =>
  deployed.inContainer(from, 'wget', '-q', '-O', '-', `http://${name}:${port}/name`);

let deployed: Deployed;

describeWithCluster('a compose file with two servers', () => {
  beforeAll(async () => {
    deployed = await deploy({
      pods: { net: `${server('one', 8081)}${server('two', 8082)}${volumes}` },
      files: { '../../config/net/deep/er/a file': 'deep\n', '../../config/net/top.conf': 'top\n' },
    });
    await deployed.run('start');
  });
  afterAll(() => deployed.remove());

  it('is one pod while their ports differ', async () => {
    expect(await deployed.names('deployment')).toEqual([`${deployed.app}-deployment`]);
    await deployed.inContainer('one', 'sh', '-c', 'echo kept > /data/file');
    expect(await asked('one', 'localhost', 8082)).toBe('two\n');
    expect(await deployed.inContainer('one', 'cat', '/etc/net/deep/er/a file', '/etc/net/top.conf')).toBe(
      'deep\ntop\n',
    );
  });

  it('becomes a pod for each on one node if the spec asks for it, and the volume keeps its data', async () => {
    await deployed.sandbox.edit('dep.spec.yml', 'stack:', 'pods: per-service\nstack:');
    await deployed.update();
    await deployed.run('start');
    const names = ['one', 'two'].map((name) => `${deployed.app}-net-${name}-deployment`);
    expect(await deployed.names('deployment')).toEqual(names);
    expect(await deployed.inContainer('two', 'cat', '/data/file')).toBe('kept\n');
    expect(await asked('one', 'two', 8082)).toBe('two\n');
    const [one, two] = await Promise.all([deployed.podWith('one'), deployed.podWith('two')]);
    expect(one.metadata.name).not.toBe(two.metadata.name);
    const status = JSON.parse((await deployed.run('status', '--format', 'json')).stdout) as { degraded: boolean };
    expect(status.degraded).toBe(false);
  });

  it('stays so without that key when both listen on one port, which create reports', async () => {
    await deployed.sandbox.edit('dep.spec.yml', 'pods: per-service\n', '');
    await deployed.sandbox.edit(file, '8082', '8081');
    const { stderr } = await deployed.update();
    expect(stderr).toMatch(/docker-compose-net\.yml:\d+ services\.two\.ports\[0\]: one listens on 8081\/tcp too/);
    await deployed.run('start');
    expect(await asked('one', 'two', 8081)).toBe('two\n');
    expect(await asked('two', 'one', 8081)).toBe('one\n');
  });
});
