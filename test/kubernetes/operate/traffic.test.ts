import { afterAll, beforeAll, expect, it } from 'vitest';
import { containerListSchema } from '../../../src/deployers/status.js';
import { describeWithCluster, kubectl, randomNodePort } from '../../support/kubernetes/cluster.js';
import type { Deployed } from '../../support/kubernetes/cluster-sandbox.js';
import { makeAuthority } from '../../support/registry/authority.js';
import { deploy, server } from './stack.js';

const nodePort = randomNodePort();
const host = `traffic-${nodePort}.example.org`;

const web = server('web', '    ports: ["8080"]\n    healthcheck: {test: ["CMD", "true"], interval: 1s}\n');

const spec = (path: string, more = '') =>
  `network:\n  http-proxy:\n    - host-name: ${host}\n      routes: [{path: ${path}, proxy-to: "web:8080"}]\n${more}`;

describeWithCluster('problems of incoming traffic', () => {
  let one: Deployed;
  let other: Deployed;
  beforeAll(async () => {
    const secret = `      tls-secret: nobody-made-it\n  ports:\n    web: ["${nodePort}:8080"]\nreplicas: 2\n`;
    one = await deploy({ pods: { app: web }, spec: spec('/', secret) });
    other = await deploy({ pods: { app: web }, spec: spec('/') });
  });
  afterAll(async () => {
    await one.remove();
    await other.remove();
  });

  it('include a missing certificate Secret, which start and status report until it exists', async () => {
    const { stderr } = await one.run('start');
    expect(stderr).toMatch(
      /^WARNING: \S+spec\.yml:\d+ network\.http-proxy\[0\]\.tls-secret: secret nobody-made-it does not exist in namespace \S+-dep: /m,
    );
    expect((await one.run('status')).stdout).toContain(
      `\tTLS: secret nobody-made-it does not exist in namespace ${one.namespace}: the ingress controller chooses a certificate\n`,
    );
    await one.kubectl('create', 'secret', 'generic', 'nobody-made-it', '--from-literal', 'tls.crt=x');
    expect((await one.run('status')).stdout).toContain('secret nobody-made-it has no tls.key');
    await one.kubectl('delete', 'secret', 'nobody-made-it');
    const whole = ['--from-literal', 'tls.crt=x', '--from-literal', 'tls.key=y'];
    await one.kubectl('create', 'secret', 'generic', 'nobody-made-it', ...whole);
    expect((await one.run('status')).stdout).toContain('\tTLS: secret nobody-made-it\n');
    expect((await one.run('start')).stderr).not.toContain('WARNING');
  });

  it('can be seen from status with the cluster and the node ports, from ps with the node ports, and from their JSON with the addresses', async () => {
    const { stdout } = await one.run('status');
    expect(stdout).toMatch(/^Cluster: context kind-\S+ \(https:\/\/\S+\)\n/);
    expect(stdout).toMatch(new RegExp(`^Node ports:\\n\\tweb: [\\d.]+:${nodePort}->8080/tcp$`, 'm'));
    const lines = (await one.run('ps')).stdout.trimEnd().split('\n').slice(1);
    expect(lines).toHaveLength(2);
    for (const line of lines)
      expect(line).toMatch(new RegExp(`, ports: [\\d.]+:8080->8080, node ports: ${nodePort}->8080/tcp$`));
    const json: unknown = JSON.parse((await one.run('ps', '--format', 'json')).stdout);
    const { containers, kubernetes } = containerListSchema.parse(json);
    expect(json, 'the documented schema describes all of it').toEqual({ containers, kubernetes });
    const address = { ip: expect.stringMatching(/^[\d.]+$/) as string, port: nodePort };
    expect(containers[0]?.ports).toEqual([{ containerPort: 8080, protocol: 'tcp', host: address }]);
  });

  it('do not affect logs, which distinguish the pods of a service', async () => {
    const ends = (await one.names('pods')).map((name) => name.slice(name.lastIndexOf('-') + 1)).sort();
    const wanted = ends.map((end) => `web-${end}: web is here`);
    expect((await one.run('logs')).stdout.trimEnd().split('\n').sort()).toEqual(wanted);
    const following = one.begin('logs', '--follow');
    for (const line of wanted) await following.printed(line);
    following.child.kill('SIGINT');
    expect((await following.ended).code).toBe(130);
    expect(following.said.stderr, 'a command that only reads has nothing to tell').toBe('');
  });

  it('include a host name and path that another Ingress has, which start names without failing', async () => {
    const { stderr } = await other.run('start');
    expect(stderr).toMatch(
      new RegExp(
        `^WARNING: \\S+spec\\.yml:\\d+ network\\.http-proxy\\[0\\]\\.host-name: ${host} \\(/\\) is that of Ingress ${one.namespace}/laconic-\\S+-ingress too: `,
        'm',
      ),
    );
    expect(await other.names('ingresses')).toHaveLength(1);
  });

  it('include a host without a certificate, which start and status report until Caddy has one', async () => {
    const none = `${host} (Caddy has no certificate for it yet)`;
    const { stderr } = await other.run('start');
    expect(stderr.split('\n').filter((line) => line.includes('certificate'))).toEqual([
      `WARNING: https does not work yet, for lack of a certificate: ${none}; see status`,
    ]);
    const tls = async () => /\tTLS: (.*)/.exec((await other.run('status')).stdout)?.[1];
    expect(await tls()).toBe('by the ingress controller, which has no certificate for it yet: https does not work');
    const { certificate } = await makeAuthority(other.sandbox.base);
    const secret = `caddy.ingress--certificates.local.${host}.${host}.crt`;
    const caddy = ['--namespace', 'caddy-system'];
    await kubectl('create', 'secret', 'generic', secret, ...caddy, `--from-file=value=${certificate}`);
    try {
      await kubectl('label', 'secret', secret, ...caddy, 'manager=caddy');
      expect(await tls()).toBe('by the ingress controller');
      expect((await other.run('start')).stderr).not.toContain('certificate');
    } finally {
      await kubectl('delete', 'secret', secret, ...caddy);
    }
  });

  it('include a node port in use, which is reported with its Service and the line of the spec, and nothing is changed', async () => {
    await other.sandbox.edit('dep.spec.yml', '  http-proxy:', `  ports:\n    web: ["${nodePort}:8080"]\n  http-proxy:`);
    await other.update();
    const before = await other.names('services');
    const { code, stderr } = await other.attempt('start');
    expect(code).toBe(1);
    expect(stderr).toMatch(
      new RegExp(
        `Error: \\S+spec\\.yml:\\d+ network\\.ports\\.web\\[0\\]: node port ${nodePort} is taken by Service ${one.namespace}/laconic-\\S+\\n`,
      ),
    );
    expect(stderr).toContain('choose another port');
    expect(await other.names('services')).toEqual(before);
  });
});
