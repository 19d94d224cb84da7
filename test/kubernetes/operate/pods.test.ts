import { readFile } from 'node:fs/promises';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { describeWithCluster, kubectlGet } from '../../support/kubernetes/cluster.js';
import type { ClusterObject, Deployed } from '../../support/kubernetes/cluster-sandbox.js';
import { makeAuthority } from '../../support/registry/authority.js';
import { deploy, service } from './stack.js';

const [file, seedFile] = ['net', 'seed'].map((name) => `src/stack-orchestrator/compose/docker-compose-${name}.yml`) as [
  string,
  string,
];

/** A server that answers with its name, and mounts the volume that both services share. */
const server = (name: string, port: number, more = ''): string =>
  service(
    name,
    `mkdir -p /www && echo ${name} > /www/name && exec httpd -f -p ${port} -h /www`,
    `    stop_grace_period: 1s\n    ports: ["${port}"]\n    volumes: ["data:/data", "../config/net:/etc/net:ro", "../config/scripts:/docker-entrypoint-scripts.d:ro", "../config/scripts:/scripts:ro"]\n${more}`,
  );

/** What one server waits for. */
const seed = service('seed', 'echo seeded >> /data/seeds', '    volumes: ["data:/data"]\n');
const seeded = '    depends_on: {seed: {condition: service_completed_successfully}}\n';

const volumes = 'volumes:\n  data:\n';

/** The name that a service answers with at a port, as another one sees it. */
const asked = (from: string, name: string, port: number): Promise<string> =>
  deployed.inContainer(from, 'wget', '-q', '-O', '-', `http://${name}:${port}/name`);

let deployed: Deployed;

describeWithCluster('a compose file with two servers, between which a value is transferred', () => {
  beforeAll(async () => {
    deployed = await deploy({
      pods: { net: `${server('one', 8081, seeded)}${server('two', 8082)}${volumes}`, seed: `${seed}${volumes}` },
      files: {
        'stack.yml': 'name: app\npods: [net, seed]\nconfig: {two: {key: one.name}}\n',
        '../../config/net/deep/er/a file': 'deep\n',
        '../../config/net/top.conf': 'top\n',
        '../../config/scripts/export-name.sh': 'cat /www/name\n',
        '../../config/scripts/import-key.sh': 'printf "got %s\\n" "$1" > /data/key\n',
      },
    });
    await deployed.run('start');
  });
  afterAll(() => deployed.remove());

  it('is one pod while their ports differ, after a Job for what it waits for to complete', async () => {
    expect(await deployed.names('deployment,job')).toEqual([`${deployed.app}-deployment`, `${deployed.app}-job-seed`]);
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
    expect(await deployed.inContainer('two', 'cat', '/data/file', '/data/seeds')).toBe('kept\nseeded\n');
    expect(await asked('one', 'two', 8082)).toBe('two\n');
    const [one, two] = await Promise.all([deployed.podWith('one'), deployed.podWith('two')]);
    expect(one.metadata.name).not.toBe(two.metadata.name);
    const status = JSON.parse((await deployed.run('status', '--format', 'json')).stdout) as { degraded: boolean };
    expect(status.degraded).toBe(false);
  });

  it('stays so without that key when both listen on one port, which create reports; changed one-shots run again, and external services are found', async () => {
    const external = [
      'dns: {selector: {k8s-app: kube-dns}, namespace: kube-system, port: 53}',
      'out: {host: example.org}',
    ];
    const { certificate } = await makeAuthority(deployed.sandbox.path('authority'));
    const services = [
      `ca-certificates: [${certificate}]`,
      'external-services:',
      ...external.map((line) => `  ${line}`),
      '',
    ].join('\n');
    await deployed.sandbox.edit('dep.spec.yml', 'pods: per-service\n', services);
    await deployed.sandbox.edit(file, '8082', '8081');
    await deployed.sandbox.edit(seedFile, 'seeded', 'seeded again');
    const { stderr } = await deployed.update();
    expect(stderr).toMatch(/docker-compose-net\.yml:\d+ services\.two\.ports\[0\]: one listens on 8081\/tcp too/);
    await deployed.run('start');
    expect(await asked('one', 'two', 8081)).toBe('two\n');
    expect(await asked('two', 'one', 8081)).toBe('one\n');
    expect(await deployed.inContainer('two', 'cat', '/data/seeds')).toBe('seeded\nseeded again\n');
    const bundle = await deployed.inContainer('two', 'sh', '-c', 'cat $NODE_EXTRA_CA_CERTS');
    expect(bundle).toBe(await readFile(certificate, 'utf8'));
    const selected = await kubectlGet('pod', '--namespace', 'kube-system', '--selector', 'k8s-app=kube-dns');
    const addresses = (selected.items as ClusterObject[]).map(({ status }) => String(status.podIP)).sort();
    const found = await deployed.inContainer('one', 'nslookup', `dns.${deployed.namespace}.svc.cluster.local`);
    for (const address of addresses) expect(found).toContain(`: ${address}`);
    expect((await deployed.run('status')).stdout).toContain(
      `External services:\n\tdns: ${addresses.join(', ')}\n\tout: example.org\n`,
    );
  });
});
