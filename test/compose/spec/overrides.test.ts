import { readFile } from 'node:fs/promises';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { parse } from 'yaml';
import { describeWithEngine } from '../../support/engine.js';
import { inspect, labelled } from '../../support/engine-api.js';
import { makeAuthority } from '../../support/registry/authority.js';
import { idleService, Sandbox } from '../../support/sandbox.js';

const spec = (more: string): string => `stack: source/stacks/app\ndeploy-to: compose\n${more}`;
const full = spec(`resources:
  containers:
    limits: {cpus: 500m, memory: 64Mi}
    web: {limits: {memory: 96M}, reservations: {memory: 32M}}
security: {privileged: true, capabilities: [NET_ADMIN]}
image-overrides: {web: "laconic-so/busybox:local", tidy: "laconic-so/busybox:local"}
labels: {team: blue, rule: "^/(.*)$HOME\${HOME}$"}
annotations: {"example.org/{name}": yes}
namespace: shop
kind-mount-root: /srv
network:
  http-proxy:
    - {host-name: shop.example.org, routes: [{path: /, proxy-to: "web:80"}]}
`);

describeWithEngine('settings of services in the spec on Docker Compose', () => {
  let sandbox: Sandbox;
  beforeAll(async () => {
    sandbox = await Sandbox.make({
      'source/stacks/app/stack.yml': 'name: app\npods:\n  - app\njobs:\n  - tidy\n',
      'source/compose/docker-compose-app.yml': `services:\n${idleService('web', '    mem_limit: 128m\n')}${idleService('own', '    deploy: {resources: {limits: {memory: 48M}}}\n')}${idleService('other')}`,
      'source/compose-jobs/docker-compose-tidy.yml':
        'services:\n  tidy:\n    image: busybox:1.36\n    command: "cat /proc/self/status"\n',
      'spec.yml': full,
    });
  });
  afterAll(() => sandbox.remove());

  it('lift the limit of locked memory, and name the addresses of external services', async () => {
    const more = "external-services:\n  rpc: {ip: [10.0.0.1, 'fd00::1']}\n  db: {host: db.example.org}\n";
    await sandbox.write('more.yml', spec(`security: {unlimited-memlock: true}\n${more}`));
    const { stderr } = await sandbox.create('more.yml', 'more');
    expect(stderr).toContain('more.yml:6 external-services.db.host: has no effect on Docker Compose');
    const { services } = parse((await sandbox.run('more', 'render')).stdout) as {
      services: Record<string, { ulimits?: unknown; extra_hosts?: unknown }>;
    };
    const expected = { memlock: { ulimits: { memlock: -1 }, extra_hosts: ['rpc=10.0.0.1', 'rpc=fd00::1'] } };
    expect(Object.values(services).map(({ ulimits, extra_hosts }) => ({ ulimits, extra_hosts }))).toEqual(
      [1, 2, 3].map(() => expected.memlock),
    );
    await sandbox.write('selected.yml', spec('external-services: {rpc: {selector: {app: x}, namespace: y}}\n'));
    const create = ['deploy', 'create', '--spec-file', 'selected.yml', '--deployment-dir', 'none'];
    expect(await sandbox.cli(create)).toMatchObject({
      code: 1,
      stderr: expect.stringContaining(
        'external-services.rpc.selector: Docker Compose has no pods to select',
      ) as unknown,
    });
  });

  it('give every container and job the certificates of authorities', async () => {
    const { certificate } = await makeAuthority(sandbox.path('authority'));
    await sandbox.write('trusting.yml', spec('ca-certificates: [authority/authority.pem]\n'));
    await sandbox.create('trusting.yml', 'trusting');
    await sandbox.run('trusting', 'start', '--no-wait');
    const bundle = '/etc/ssl/certs/laconic-ca-bundle.pem';
    expect(Object.values(await sandbox.containers('trusting')).map(({ env }) => env.NODE_EXTRA_CA_CERTS)).toEqual([
      bundle,
      bundle,
      bundle,
    ]);
    const job = await sandbox.run('trusting', 'run-job', 'tidy', '--', 'cat', bundle);
    expect(job.stdout).toContain(await readFile(certificate, 'utf8'));
  });

  it('apply resources, security, images, labels and annotations to the containers, and are reported with their line otherwise', async () => {
    const { stderr } = await sandbox.create('spec.yml', 'd');
    for (const [line, key] of [
      [11, 'namespace'],
      [12, 'kind-mount-root'],
      [14, 'network.http-proxy'],
    ]) {
      expect(stderr).toMatch(new RegExp(`^WARNING: spec\\.yml:${line} ${key}: has no effect on Docker Compose$`, 'm'));
    }
    expect(stderr.match(/has no effect/g)).toHaveLength(3);
    await sandbox.run('d', 'start');
    const ids = await labelled('containers', await sandbox.projectOf('d'));
    const containers = await Promise.all(ids.map((id) => inspect(id)));
    const seen = Object.fromEntries(
      containers.map(({ Config, HostConfig }) => [
        Config.Labels['com.docker.compose.service'] ?? '',
        {
          memory: HostConfig.Memory,
          reserved: HostConfig.MemoryReservation,
          cpus: (HostConfig.NanoCpus ?? 0) / 1e9,
          privileged: HostConfig.Privileged,
          // Newer engines return names with the prefix CAP_.
          added: HostConfig.CapAdd?.map((name) => name.replace(/^CAP_/, '')),
          image: Config.Image,
          team: Config.Labels.team,
          rule: Config.Labels.rule,
        },
      ]),
    );
    const common = { privileged: true, added: ['NET_ADMIN'], team: 'blue', rule: '^/(.*)$HOME${HOME}$' };
    expect(seen).toMatchObject({
      web: { ...common, memory: 96e6, reserved: 32e6, cpus: 0, image: 'laconic-so/busybox:local' },
      own: { ...common, memory: 48 * 2 ** 20, cpus: 0, image: 'busybox:1.36' },
      other: { ...common, memory: 64 * 2 ** 20, cpus: 0.5, image: 'busybox:1.36' },
    });
    const rendered = parse((await sandbox.run('d', 'render')).stdout) as {
      services: Record<string, { annotations: unknown }>;
    };
    expect(rendered.services.other?.annotations).toEqual({ 'example.org/other': 'yes' });
  });

  it('apply to jobs too', async () => {
    const { stdout } = await sandbox.run('d', 'run-job', 'tidy');
    const capabilities = BigInt(`0x${/^CapEff:\s*([0-9a-f]+)$/m.exec(stdout)?.[1] ?? '0'}`);
    expect(capabilities & (1n << 12n), 'CAP_NET_ADMIN').not.toBe(0n);
  });

  it('are listed at an update with the services that they change, and are undone by a spec without them', async () => {
    await sandbox.write('spec.yml', spec('labels: {team: blue}\n'));
    const { stderr } = await sandbox.create('spec.yml', 'd', '--update');
    expect(stderr).toMatch(/spec-overrides\.yml/);
    expect(stderr).toMatch(/\b(web|own|other)\b/);
    await sandbox.write('spec.yml', spec(''));
    await sandbox.create('spec.yml', 'd', '--update');
    expect(await sandbox.exists('d/compose/spec-overrides.yml')).toBe(false);
    await sandbox.run('d', 'start');
    expect((await sandbox.containers('d')).web).toMatchObject({ image: 'busybox:1.36' });
  });

  it('start replicas, which are refused with a container name or a fixed host port', async () => {
    await sandbox.write('replicas.yml', spec('replicas: 2\n'));
    await sandbox.create('replicas.yml', 'r');
    await sandbox.run('r', 'start');
    expect(await labelled('containers', await sandbox.projectOf('r'))).toHaveLength(6);
    await sandbox.run('r', 'stop');

    const compose = `services:\n${idleService('web', '    container_name: the-web\n')}${idleService('other', '    ports: ["18080:80", "81"]\n')}`;
    await sandbox.write('source/compose/docker-compose-app.yml', compose);
    const { code, stderr } = await sandbox.cli([
      ...['deploy', 'create', '--spec-file', 'replicas.yml', '--deployment-dir', 'refused'],
    ]);
    expect(code).toBe(1);
    expect(stderr).toContain('replicas.yml:3 replicas: service web cannot run 2 times: it has a container_name');
    expect(stderr).toContain('replicas.yml:3 replicas: service other cannot run 2 times: it publishes 18080:80 on');
    expect(await sandbox.exists('refused')).toBe(false);
  });
});
