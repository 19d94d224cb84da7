import { describe, expect, it } from 'vitest';
import {
  containerOf,
  findingsOf,
  oneService,
  podOf,
  workloads,
} from '../../../../../support/kubernetes/kubernetes-objects.js';

const two = (a: string, b: string): Record<string, string> => ({
  web: `services:\n  a: { image: x${a === '' ? '' : `, ${a}`} }\n  b: { image: x${b === '' ? '' : `, ${b}`} }\n`,
});

describe('host names inside a pod', () => {
  it('of its services resolve to the loopback address, in one hostAliases entry per address', () => {
    const pod = podOf({
      pods: two('environment: { URL: "http://b:80" }', 'extra_hosts: [ "other:10.0.0.1", "c=10.0.0.1", "v6:[::1]" ]'),
    });
    expect(pod.hostAliases).toEqual([
      { ip: '127.0.0.1', hostnames: ['a', 'b'] },
      { ip: '10.0.0.1', hostnames: ['other', 'c'] },
      { ip: '::1', hostnames: ['v6'] },
    ]);
    expect(pod.containers[0]?.env).toEqual([{ name: 'URL', value: 'http://b:80' }]);
  });

  it('of a single service resolve through its headless Service', () => {
    expect(podOf({ pods: { web: oneService('') } })).not.toHaveProperty('hostAliases');
  });

  it('in extra_hosts take precedence over a service of the same name, as on Compose', () => {
    expect(podOf({ pods: two('extra_hosts: { b: 10.0.0.9 }', '') }).hostAliases).toEqual([
      { ip: '127.0.0.1', hostnames: ['a'] },
      { ip: '10.0.0.9', hostnames: ['b'] },
    ]);
  });

  it.each([
    [
      'extra_hosts: [ "host.docker.internal:host-gateway" ]\nenvironment: { U: "http://host.docker.internal:1" }',
      'errors',
      /extra_hosts\["host\.docker\.internal"\]: host-gateway: a pod does not know the address of the host/,
    ],
    ['extra_hosts: [ "host.docker.internal:host-gateway" ]', 'warnings', /host-gateway: a pod does not know/],
    ['extra_hosts: [ "a:b" ]', 'errors', /"b" is not an IP address/],
    ['extra_hosts: [ "a_b:1.2.3.4" ]', 'errors', /"a_b": Kubernetes takes only names that DNS allows/],
  ] as const)('%j: %s', (keys, level, message) => {
    expect(findingsOf(keys)[level]).toEqual([expect.stringMatching(message)]);
  });

  it('are refused when one name has two addresses', () => {
    expect(workloads({ pods: two('extra_hosts: { h: 10.0.0.1 }', 'extra_hosts: { h: 10.0.0.2 }') }).errors).toEqual([
      expect.stringContaining('services.b.extra_hosts.h: another service of the pod web gives it the address 10.0.0.1'),
    ]);
  });
});

describe('namespaces that a pod shares', () => {
  it('include the host network only for the pods that ask for it', () => {
    const made = workloads({ pods: { a: oneService('network_mode: host'), b: 'services: { other: { image: x } }' } });
    expect(
      made.deployments.map(({ spec }) => [spec.template.spec.hostNetwork, spec.template.spec.dnsPolicy, spec.strategy]),
    ).toEqual([
      [true, 'ClusterFirstWithHostNet', { type: 'Recreate' }],
      [undefined, undefined, { type: 'RollingUpdate', rollingUpdate: { maxUnavailable: 0, maxSurge: 1 } }],
    ]);
    expect(made.warnings).toEqual([]);
  });

  it('are reported for the other services of the pod, which are in the host network too', () => {
    expect(workloads({ pods: two('network_mode: host', '') }).warnings).toEqual([
      expect.stringMatching(/^docker-compose-web\.yml:3 services\.b: it is in the network of the host too/),
    ]);
  });

  it("cause an error when another pod or kind's ingress controller uses the same port of the node", () => {
    const pods = {
      a: 'services: { a: { image: x, network_mode: host, ports: [ "443", "5000/udp" ] } }',
      b: 'services: { b: { image: x, network_mode: host, ports: [ "5000/udp", "5000" ] } }',
      c: 'services: { c: { image: x, ports: [ "443" ] } }',
    };
    const clashes = (target: 'k8s-kind' | 'k8s'): string[] =>
      workloads({ pods, target }).warnings.filter((warning) => warning.includes('of the node already'));
    const shared = 'docker-compose-b.yml:1 services.b.ports[0]: the pod a has port 5000/udp of the node already';
    expect(clashes('k8s')).toEqual([expect.stringContaining(shared)]);
    expect(clashes('k8s-kind')).toEqual([
      expect.stringContaining('services.a.ports[0]: the ingress controller of the kind cluster has port 443/tcp'),
      expect.stringContaining(shared),
    ]);
  });

  it('include processes and IPC when asked for', () => {
    expect(podOf({ pods: two('pid: host, ipc: host', '') })).toMatchObject({ hostPID: true, hostIPC: true });
    expect(
      podOf({ pods: two('pid: "service:b", ipc: "service:b", network_mode: "service:b"', 'ipc: shareable') }),
    ).toMatchObject({ shareProcessNamespace: true });
    // The API accepts only one of the two.
    expect(podOf({ pods: two('pid: "service:b"', 'pid: host') })).not.toHaveProperty('shareProcessNamespace');
  });

  it.each([
    ['network_mode: none', /network_mode: Kubernetes has no pods without a network/],
    [
      'network_mode: "container:other"',
      /network_mode: "container:other": only services of one compose file share a network/,
    ],
    ['pid: "container:other"', /pid: "container:other": only services of one compose file share processes/],
    ['ipc: "container:other"', /ipc: "container:other": only services of one compose file share memory/],
    ['dns: [ 1.1.1.1, 1.1.1.2, 1.1.1.3, 1.1.1.4 ]', /dns: a pod has at most 3 name servers/],
  ])('do not allow %j', (keys, message) => {
    expect(findingsOf(keys).errors).toEqual([expect.stringMatching(message)]);
  });

  it('add DNS servers and search domains to those of the cluster', () => {
    expect(podOf({ pods: two('dns: 1.1.1.1, dns_search: example.org', 'dns: [ 1.1.1.1 ]') }).dnsConfig).toEqual({
      nameservers: ['1.1.1.1'],
      searches: ['example.org'],
    });
  });

  it('allow only one host name', () => {
    expect(podOf({ pods: two('hostname: one', '') }).hostname).toBe('one');
    const made = workloads({ pods: two('hostname: one', 'hostname: other') });
    expect(made.deployments[0]?.spec.template.spec.hostname).toBe('one');
    expect(made.warnings).toEqual([
      expect.stringContaining('services.b.hostname: the pod web has one host name, and another service calls it one'),
    ]);
    expect(findingsOf('hostname: a.example.org').warnings).toEqual([
      expect.stringContaining('the name of the pod is used'),
    ]);
  });
});

describe('stopping services', () => {
  it('gives the pod the longest grace period of its services, in whole seconds', () => {
    expect(podOf({ pods: two('stop_grace_period: 1m30s', '') }).terminationGracePeriodSeconds).toBe(90);
    expect(
      podOf({ pods: two('stop_grace_period: 1500ms', 'stop_grace_period: 0s') }).terminationGracePeriodSeconds,
    ).toBe(2);
    expect(podOf({ pods: two('stop_grace_period: 2s', '') }).terminationGracePeriodSeconds).toBe(10);
    expect(podOf({ pods: two('stop_grace_period: 0s', 'stop_grace_period: 0s') }).terminationGracePeriodSeconds).toBe(
      1,
    );
    expect(podOf({ pods: two('', '') })).not.toHaveProperty('terminationGracePeriodSeconds');
  });

  it.each([
    ['stop_signal: SIGINT', /stop_signal: Kubernetes stops containers with the signal of their image/],
    ['restart: "no"', /restart: no: Kubernetes restarts a container of a Deployment whenever it ends/],
    ['restart: on-failure:3', /restart: on-failure:3/],
    ['init: true', /init: Kubernetes starts no init process/],
  ])('warns about %j, which Kubernetes does not have', (keys, message) => {
    expect(findingsOf(keys).warnings).toEqual([expect.stringMatching(message)]);
  });

  it.each([
    'stop_signal: SIGTERM',
    'restart: always',
    'restart: unless-stopped',
    'init: false',
    'restart: "no"\nlabels: { laconic.init-container: true }',
  ])('does not warn about %j', (keys) => {
    expect(findingsOf(keys).warnings).toEqual([]);
  });

  it('does not warn about restart in a job', () => {
    expect(workloads({ jobs: { seed: oneService('restart: on-failure') } }).warnings).toEqual([]);
  });
});

describe('the program of a container', () => {
  it.each([
    ['command: serve --port 80 "a b"', undefined, ['serve', '--port', '80', 'a b']],
    ['entrypoint: /run.sh\ncommand: [ x ]', ['/run.sh'], ['x']],
    ['entrypoint: [ a, b ]', ['a', 'b'], undefined],
    ['entrypoint: []\ncommand: [ sh, -c, x ]', ['sh', '-c', 'x'], undefined],
    ['command: []', undefined, undefined],
    ['', undefined, undefined],
  ])('%j', (keys, command, args) => {
    const container = containerOf(keys);
    expect([container.command, container.args]).toEqual([command, args]);
  });

  it('is refused when the entrypoint is removed and nothing replaces it', () => {
    expect(findingsOf('entrypoint: []').errors).toEqual([
      expect.stringContaining('services.web.entrypoint: is empty, and there is no command'),
    ]);
  });

  it('keeps the working directory, the terminal, each port once, and the pull policy', () => {
    expect(
      containerOf(
        'working_dir: /app\ntty: true\nstdin_open: true\nports: [ "80", "8080:80", "53:53/udp", "9000-9001:9000-9001", 127.0.0.1:5:5 ]\npull_policy: never',
      ),
    ).toMatchObject({
      workingDir: '/app',
      tty: true,
      stdin: true,
      imagePullPolicy: 'Never',
      ports: [
        { containerPort: 80, protocol: 'TCP' },
        { containerPort: 53, protocol: 'UDP' },
        { containerPort: 9000, protocol: 'TCP' },
        { containerPort: 9001, protocol: 'TCP' },
        { containerPort: 5, protocol: 'TCP' },
      ],
    });
  });

  it('is refused when two services of a pod use one port, unless one ends before the other starts', () => {
    expect(workloads({ pods: two('ports: [ "80" ]', 'ports: [ "8080:80" ]') }).errors).toEqual([
      expect.stringMatching(/^docker-compose-web\.yml:3 services\.b\.ports\[0\]: a listens on 80\/tcp too/),
    ]);
    expect(
      workloads({ pods: two('ports: [ "80" ], labels: { laconic.init-container: true }', 'ports: [ "80" ]') }).errors,
    ).toEqual([]);
  });
});
