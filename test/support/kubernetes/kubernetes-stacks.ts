import fc from 'fast-check';
import type { StackText } from './kubernetes-objects.js';

/** Texts as people and programs write them into compose files, with doubled `$`. */
const text = fc
  .oneof(
    fc.string({ maxLength: 12 }),
    fc.constantFrom(
      '',
      '$HOME',
      '$(X)',
      'a b',
      '"',
      "it's",
      'two\nlines',
      'ü😀',
      'true',
      '0x1',
      '--flag=1',
      'tcp://db:5432/x',
    ),
  )
  .map((value) => value.replaceAll('\0', '').replaceAll('$', '$$$$'));

const serviceName = fc.constantFrom(
  'web',
  'db',
  'Web',
  'my_cache',
  'x.y',
  '2nd',
  'a--b',
  'a'.repeat(63),
  'b'.repeat(80),
  'c-',
);
const volumeName = fc.constantFrom('data', 'my_data', 'Logs', 'v.1', 'd'.repeat(70));
const variable = fc.constantFrom('A', 'lower', 'a.b', 'x-y', 'WITH_1', '_', 'PATH');

const port = fc.oneof(
  fc.constantFrom('80', '8080:80', '53/udp', '127.0.0.1:9000:9000', '7000-7002', '0.0.0.0:31000:99/sctp'),
  fc.record({ target: fc.integer({ min: 1, max: 65535 }), protocol: fc.constantFrom('tcp', 'udp') }),
);

const mount = fc.oneof(
  volumeName.map((name) => `${name}:/${name}`),
  volumeName.map((name) => `${name}:/ro/${name}:ro`),
  fc.constantFrom('../config/app:/etc/app:ro', '../config/app/run.sh:/run.sh', './a_b.C:/x', '/anonymous'),
  fc.constant({ type: 'tmpfs', target: '/tmp/t', tmpfs: { size: 1024 } }),
);

const list = <T>(item: fc.Arbitrary<T>, maxLength = 3): fc.Arbitrary<T[]> => fc.array(item, { maxLength });

const optionalKeys = [
  'command',
  'entrypoint',
  'environment',
  'ports',
  'expose',
  'volumes',
  'tmpfs',
  'healthcheck',
  'user',
  'cap_add',
  'cap_drop',
  'security_opt',
  'privileged',
  'read_only',
  'tty',
  'stdin_open',
  'shm_size',
  'working_dir',
  'hostname',
  'extra_hosts',
  'stop_grace_period',
  'sysctls',
  'dns',
  'dns_search',
  'group_add',
  'network_mode',
  'pid',
  'secrets',
  'configs',
  'labels',
  'deploy',
  'pull_policy',
];

const allKeys = fc.record({
  image: fc.constantFrom('busybox', 'cerc/x:local', 'ghcr.io/o/t/app:v1', `a@sha256:${'0'.repeat(64)}`),
  command: fc.oneof(list(text), fc.constantFrom('sh -c "echo 1"', 'serve --port 80')),
  entrypoint: list(text),
  environment: fc.dictionary(variable, fc.oneof(text, fc.integer(), fc.boolean()), { noNullPrototype: true }),
  ports: list(port),
  expose: list(fc.constantFrom('80', '81/udp', '90-91')),
  volumes: list(mount),
  tmpfs: fc.constantFrom('/run', ['/run:size=1m', '/t']),
  healthcheck: fc.constantFrom(
    { test: 'true' },
    { test: ['CMD', 'a', '$$(b)'], interval: '1s', timeout: '500ms', retries: 0, start_period: '1h' },
    { disable: true },
  ),
  user: fc.constantFrom('0', '1000:1000', 'root'),
  cap_add: list(fc.constantFrom('NET_ADMIN', 'cap_sys_ptrace', 'ALL'), 2),
  cap_drop: list(fc.constantFrom('ALL', 'CHOWN'), 2),
  security_opt: fc.constantFrom(['no-new-privileges:true'], ['seccomp:unconfined'], []),
  privileged: fc.boolean(),
  read_only: fc.boolean(),
  tty: fc.boolean(),
  stdin_open: fc.boolean(),
  shm_size: fc.constantFrom('64m', 1),
  working_dir: fc.constantFrom('/x', '/'),
  hostname: fc.constantFrom('box', 'Box', 'a.b'),
  extra_hosts: fc.constantFrom(['host:10.0.0.1', 'other:10.0.0.1', 'six:::1'], { a: '10.0.0.2' }),
  stop_grace_period: fc.constantFrom('1s', '90s', '0s', '1m30s'),
  sysctls: fc.constantFrom({ 'net.ipv4.ip_unprivileged_port_start': 0 }, []),
  dns: fc.constantFrom('1.1.1.1', ['8.8.8.8', '::1']),
  dns_search: fc.constantFrom('example.org', ['.']),
  group_add: fc.constantFrom([10, '20'], []),
  network_mode: fc.constantFrom('host', 'bridge'),
  pid: fc.constant('host'),
  secrets: fc.constantFrom(['key'], [{ source: 'key', target: '/k/e/y', mode: 0o400 }], ['theirs']),
  configs: fc.constantFrom(['conf'], [{ source: 'conf', target: '/etc/conf' }]),
  labels: fc.constantFrom({ 'laconic.init-container': 'true' }, [
    'laconic.liveness-probe=yes',
    'laconic.startup-probe=1',
  ]),
  deploy: fc.constantFrom(
    { resources: { limits: { cpus: '0.5', memory: '256M' }, reservations: { cpus: 0.1, memory: '0.1g' } } },
    { replicas: 2 },
    { replicas: 0 },
  ),
  pull_policy: fc.constantFrom('always', 'missing'),
});

/** A service with a few of the keys, since hardly any service with all of them would be valid. */
const service = fc
  .tuple(allKeys, fc.subarray(optionalKeys, { maxLength: 6 }))
  .map(([all, keys]) =>
    Object.fromEntries(Object.entries(all).filter(([key]) => key === 'image' || keys.includes(key))),
  );

const composeFile: fc.Arbitrary<string> = fc
  .tuple(fc.dictionary(serviceName, service, { minKeys: 1, maxKeys: 3, noNullPrototype: true }), fc.boolean())
  .map(([services, ordered]) => {
    const [first, second] = Object.keys(services);
    const depends = ordered && first !== undefined && second !== undefined;
    return JSON.stringify({
      services: depends ? { ...services, [second]: { ...services[second], depends_on: [first] } } : services,
      volumes: Object.fromEntries(['data', 'my_data', 'Logs', 'v.1', 'd'.repeat(70)].map((name) => [name, null])),
      secrets: { key: { file: './key.pem' }, theirs: { external: true, name: 'their-secret' } },
      configs: { conf: { content: 'x = $$y\n' } },
    });
  });

const quantity = fc.constantFrom('512M', '1Gi', '1.5GiB', '100m', '2000000000');
const spec = fc
  .record(
    {
      volumes: fc.dictionary(volumeName, fc.constantFrom('/srv/x', null), { noNullPrototype: true }),
      replicas: fc.constantFrom(0, 1),
      annotations: fc.constantFrom({ 'example.org/a': 'x y' }, { plain: '1' }),
      labels: fc.constantFrom({ team: 'blue' }, { plain: 'on' }),
      'node-affinities': fc.constant([{ label: 'kind', value: 'a' }]),
      'node-tolerations': fc.subarray([
        { key: 'k', value: 'v' },
        { key: 'k', operator: 'Exists', effect: 'NoExecute', tolerationSeconds: 30 },
        { key: 'example.org/k', operator: 'Equal', value: '', effect: 'PreferNoSchedule' },
        { operator: 'Exists' },
      ]),
      'image-pull-policy': fc.constantFrom('Never', 'Always'),
      security: fc.record({ privileged: fc.boolean(), capabilities: fc.constantFrom(['IPC_LOCK'], []) }),
      resources: fc.record({
        containers: fc.record({ limits: fc.record({ cpus: fc.constantFrom(1, '250m', '0.3333'), memory: quantity }) }),
        volumes: fc.record({ reservations: fc.record({ storage: quantity }) }),
      }),
      secrets: fc.constantFrom({ 'my-secret': ['A'] }, []),
      'image-pull-secret': fc.constant({ server: 'ghcr.io', username: 'me', 'token-env': 'T' }),
    },
    { requiredKeys: [] },
  )
  .map((keys) =>
    Object.entries(keys)
      .map(([key, value]) => `${key}: ${JSON.stringify(value)}\n`)
      .join(''),
  );

/** Hosts and node ports for the services of these compose files. */
function network(pods: Record<string, string>): string {
  const services = Object.values(pods).flatMap((file) =>
    Object.keys((JSON.parse(file) as { services: Record<string, unknown> }).services),
  );
  const hosts = services.map((name, index) => ({
    'host-name': index === 0 ? '*.example.org' : `h${index}.example.org`,
    routes: [{ path: '/', 'proxy-to': `${name}:80` }],
    ...(index === 1 ? { 'tls-secret': 'mine' } : {}),
  }));
  return `network: ${JSON.stringify({ 'http-proxy': hosts })}\n`;
}

/** Stacks with everything that compose files and specs may contain; some cannot run on Kubernetes and are refused. */
export const anyStack: fc.Arbitrary<StackText> = fc
  .record({
    pods: fc.oneof(
      composeFile.map((web): Record<string, string> => ({ web })),
      fc.tuple(composeFile, composeFile).map(([front, back]): Record<string, string> => ({ front, Back_end: back })),
    ),
    jobs: fc.oneof(
      fc.constant<Record<string, string>>({}),
      composeFile.map((seed): Record<string, string> => ({ seed_db: seed })),
    ),
    spec,
    routed: fc.boolean(),
    config: fc.constantFrom<Record<string, string>>({}, { MODE: 'a', 'odd.name': 'x' }),
    generated: fc.constantFrom<Record<string, string>>({}, { TOKEN: 'abc' }),
    environment: fc.constantFrom<'mentioned' | 'all'>('mentioned', 'all'),
    target: fc.constantFrom<'k8s-kind' | 'k8s'>('k8s-kind', 'k8s'),
  })
  .map(({ routed, ...made }) => ({
    ...made,
    spec: `${made.spec}${routed ? network(made.pods) : ''}`,
    registryToken: 'tok',
    imageIds: { 'cerc/x:local': 'sha256:1' },
    configmaps: { data: { 'a.conf': 'a' } },
    files: {
      '../config/app': { a: '1', '.b': '' },
      '../config/app/run.sh': '#!/bin/sh\n',
      './a_b.C': '',
      './key.pem': 'pem',
    },
  }));
